"""Packs on the Hub: the real client against a server of our own on the loopback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdk.errors import ConfigError, HubError, OutputError, PackInvalid, StyleNotFound
from sdk.packs import StylePack, search

# The client's own way of uploading is one that its HTTP library has come to discourage.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def pushed(hub, pack):
    """A pack that is on the Hub, at its commit."""
    ref = pack.push("ann/rap", tag="v1")
    hub.requests.clear()
    return ref


def test_push_and_load_by_branch_tag_and_commit(hub, pack, make_pack):
    first = pack.push("ann/rap", tag="v1")
    second = make_pack(seed=2).push("ann/rap", message="better")
    assert first.revision != second.revision
    assert hub.repos["ann/rap"].refs == {"main": second.revision, "v1": first.revision}
    for ref, seed, commit in [
        ("ann/rap", 2, second),
        ("ann/rap@main", 2, second),
        ("hf://ann/rap@v1", 1, first),
        (f"ann/rap@{first.revision}", 1, first),
        (first, 1, first),
    ]:
        loaded = StylePack.load(ref)
        assert loaded == make_pack(seed=seed)
        assert loaded.source == commit


def test_what_is_there_after_a_push(hub, pack, picture):
    pack.push("ann/rap", files={"preview.webp": picture()})
    files = hub.repos["ann/rap"].commits[hub.repos["ann/rap"].refs["main"]]
    assert sorted(files) == [".gitattributes", "README.md", "config.json", "delta.safetensors", "preview.webp"]
    assert 'style="ann/rap"' in files["README.md"].decode()
    assert files["config.json"] == pack.config.to_bytes()
    pack.push("ann/rap")
    files = hub.repos["ann/rap"].commits[hub.repos["ann/rap"].refs["main"]]
    assert "preview.webp" not in files
    assert ".gitattributes" in files


def test_pushing_again_changes_nothing(hub, pack, pushed):
    commits = len(hub.repos["ann/rap"].commits)
    assert pack.push("ann/rap") == pushed
    assert len(hub.repos["ann/rap"].commits) == commits
    assert not any("/commit/" in request for request in hub.requests)


def test_a_repeated_load_is_one_request_and_by_commit_none(hub, pushed):
    StylePack.load("ann/rap")
    hub.requests.clear()
    StylePack.load("ann/rap")
    assert hub.requests == ["GET /api/models/ann/rap"]
    hub.requests.clear()
    StylePack.load(pushed)
    assert hub.requests == []


def test_private_repositories(hub, pack):
    pack.push("ann/secret", private=True)
    assert StylePack.load("ann/secret") == pack
    for token in (False, "hf_bob"):
        with pytest.raises(StyleNotFound, match="log in"):
            StylePack.load("ann/secret", token=token)
    with pytest.raises(HubError, match="token"):
        StylePack.load("ann/secret", token="hf_wrong")


def test_pull_requests(hub, pushed, make_pack):
    ref = make_pack(seed=2).push("ann/rap", create_pr=True)
    assert hub.repos["ann/rap"].refs["refs/pr/1"] == ref.revision
    assert hub.repos["ann/rap"].refs["main"] == pushed.revision
    assert StylePack.load("ann/rap@refs/pr/1") == make_pack(seed=2)


def test_licence_and_consent_are_demanded(hub, make_pack):
    silent = make_pack(license=None, consent=None)
    with pytest.raises(ConfigError, match="license and its consent"):
        silent.push("ann/rap")
    with pytest.raises(ConfigError, match="consent"):
        silent.push("ann/rap", license="mit")
    assert hub.requests == []
    silent.push("ann/rap", license="mit", consent="my own face")
    assert StylePack.load("ann/rap").config.consent == "my own face"


def test_search_finds_packs_and_nothing_else(hub, make_pack):
    make_pack(seed=1).push("ann/rap")
    make_pack(seed=2, license="MIT").push("ann/calm", private=True)
    make_pack(seed=3).push("bob/rap-slow", token="hf_bob")
    hub.repos["bob/bert"] = type(hub.repos["ann/rap"])()
    hub.repos["bob/bert"].commit({"README.md": b"---\ntags:\n- bert\n---"})
    assert {found.repo_id for found in search(token=False)} == {"ann/rap", "bob/rap-slow"}
    assert {found.repo_id for found in search("rap")} == {"ann/rap", "bob/rap-slow"}
    (mine,) = search("calm", author="ann")
    assert (mine.private, mine.license) == (True, "mit")
    assert len(search(limit=1)) == 1


def test_what_is_not_there(hub, pushed, tmp_path, monkeypatch):
    with pytest.raises(StyleNotFound, match="no such repository"):
        StylePack.load("ann/gone")
    with pytest.raises(StyleNotFound, match="revision"):
        StylePack.load("ann/rap@v9")
    with pytest.raises(StyleNotFound, match="revision"):
        StylePack.load("ann/rap@" + "0" * 40)
    (tmp_path / "ann" / "folder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StyleNotFound, match=r"write \./ann/folder"):
        StylePack.load("ann/folder")
    repo = hub.repos["ann/rap"]
    repo.commit({"README.md": b"---\n---"})
    with pytest.raises(StyleNotFound, match=r"no config\.json"):
        StylePack.load("ann/rap")


def test_a_giant_is_refused_before_it_is_fetched(hub, pushed):
    repo = hub.repos["ann/rap"]
    files = dict(repo.commits[pushed.revision])
    repo.commit({**files, "config.json": b" " * 300_000})
    hub.requests.clear()
    with pytest.raises(PackInvalid, match="over the limit"):
        StylePack.load("ann/rap")
    assert not any("GET" in request and "/resolve/" in request for request in hub.requests)


def test_a_pack_that_is_broken_on_the_hub(hub, pushed):
    repo = hub.repos["ann/rap"]
    files = dict(repo.commits[pushed.revision])
    data = bytearray(files["delta.safetensors"])
    data[-1] ^= 1
    repo.commit({**files, "delta.safetensors": bytes(data)})
    with pytest.raises(PackInvalid, match="sha256"):
        StylePack.load("ann/rap")
    # What was sound before is sound still.
    StylePack.load(pushed)


@pytest.mark.parametrize("how", ["cut", "changed", "config changed"])
def test_what_arrives_damaged_does_not_stay(hub, pack, pushed, how):
    def tamper(path, data):
        if how == "cut":
            return data[: len(data) // 2] if path.endswith(".safetensors") else data
        wanted = "config.json" if how == "config changed" else "delta.safetensors"
        return data[:-3] + b" " + data[-2:] if path == wanted else data

    hub.tamper = tamper
    with pytest.raises(HubError):
        StylePack.load("ann/rap")
    hub.tamper = lambda path, data: data
    assert StylePack.load("ann/rap") == pack


def test_a_cache_that_rotted_heals(hub, pack, pushed, tmp_path):
    StylePack.load("ann/rap")
    blob = next((tmp_path / "cache").glob("models--ann--rap/snapshots/*/delta.safetensors")).resolve()
    blob.write_bytes(blob.read_bytes()[:-4] + b"rot!")
    assert StylePack.load(pushed) == pack


def test_links_out_of_the_cache_are_refused(hub, pushed, tmp_path):
    StylePack.load("ann/rap")
    pointer = next((tmp_path / "cache").glob("models--ann--rap/snapshots/*/delta.safetensors"))
    outside = tmp_path / "outside"
    outside.write_bytes(pointer.read_bytes())
    pointer.unlink()
    pointer.symlink_to(outside)
    with pytest.raises(PackInvalid, match="leads out"):
        StylePack.load(pushed)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_hub_in_trouble(hub, pack, pushed, status):
    hub.fail = lambda request: status
    with pytest.raises(HubError, match=r"answered|reached|failed"):
        StylePack.load("ann/rap")
    with pytest.raises(HubError):
        StylePack.load("ann/rap@" + pushed.revision)
    with pytest.raises(HubError):
        pack.push("ann/rap")
    with pytest.raises(HubError):
        search()
    hub.fail = lambda request: None
    assert StylePack.load("ann/rap") == pack


def test_trouble_in_the_middle_of_a_load(hub, pack, pushed):
    hub.fail = lambda request: 500 if "GET" in request and "delta" in request else None
    with pytest.raises(HubError):
        StylePack.load("ann/rap")
    hub.fail = lambda request: None
    assert StylePack.load("ann/rap") == pack


def test_a_hub_that_is_gone(hub, pack, pushed):
    StylePack.load("ann/rap")
    hub.close()
    # What is in the cache still loads; nothing else does.
    assert StylePack.load("ann/rap") == pack
    with pytest.raises(HubError):
        StylePack.load("ann/other")
    with pytest.raises(HubError):
        pack.push("ann/rap")
    with pytest.raises(HubError):
        search()


def test_offline(hub, pack, pushed, monkeypatch):
    from huggingface_hub import constants

    StylePack.load("ann/rap")
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert StylePack.load("ann/rap") == pack
    assert StylePack.load(pushed) == pack
    with pytest.raises(HubError, match=r"cache|OFFLINE"):
        StylePack.load("ann/rap@v1")
    with pytest.raises(HubError, match=r"cache|OFFLINE"):
        StylePack.load("ann/other@" + "1" * 40)
    with pytest.raises(HubError, match="OFFLINE"):
        pack.push("ann/rap")
    assert hub.requests == []


def test_what_may_not_be_written(hub, pack, pushed):
    with pytest.raises(HubError, match="not allow"):
        pack.push("bob/rap")
    with pytest.raises(HubError):
        pack.push("ann/rap", token="hf_bob")
    with pytest.raises(HubError):
        pack.push("ann/new", token=False)
    with pytest.raises(StyleNotFound, match="no such revision"):
        pack.push("ann/rap", revision="no-such-branch")
    for name in ("../up", "a/b/c", "ann/ra p", "ann/rap@v1", "rap"):
        with pytest.raises(ConfigError):
            pack.push(name)
    with pytest.raises(OutputError, match="preview"):
        pack.push("ann/rap", files={"evil.py": b""})
    assert hub.repos["ann/rap"].refs["main"] == pushed.revision


def test_a_push_that_was_overtaken(hub, pushed, make_pack):
    repo = hub.repos["ann/rap"]

    def overtake(request):
        if "/preupload/" in request:
            repo.commit({**repo.commits[repo.refs["main"]], "notes.md": b"mine"})

    hub.fail = overtake
    with pytest.raises(HubError, match="meanwhile"):
        make_pack(seed=2).push("ann/rap")
    assert repo.commits[repo.refs["main"]]["notes.md"] == b"mine"


def test_by_the_environment_alone(hub, pushed, tmp_path):
    """As an app does it: nothing but variables, in a process of its own."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": "hf_ann",
        "HF_HUB_DISABLE_XET": "1",
        "OMP_NUM_THREADS": "1",
    }
    code = (
        "from sdk.packs import StyleLocation, hub; import sys\n"
        "print(hub.download(StyleLocation.parse('ann/rap@v1'))[0])\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(pushed), done.stderr
    assert (Path(environment["HF_HOME"]) / "hub" / "models--ann--rap").is_dir()
