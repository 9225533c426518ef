"""Lock files: the commit and the bytes of each style that an app uses."""

import hashlib
import json

import pytest
import safetensors.torch

from sdk.errors import ConfigError, PackInvalid, SdkError, StyleNotFound
from sdk.packs import Lock, StylePack

# The client's own way of uploading is one that its HTTP library has come to discourage.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def app(tmp_path, monkeypatch, make_pack):
    """An app's folder with a style of its own."""
    monkeypatch.chdir(tmp_path)
    make_pack(seed=5).save("calm")
    return tmp_path


def test_a_branch_that_moves_on_leaves_the_app_where_it_was(hub, app, make_pack):
    first = make_pack(seed=1).push("ann/rap")
    lock = Lock.make(["ann/rap", "./calm"])
    path = lock.write("talkstyle.lock")
    make_pack(seed=2).push("ann/rap")
    lock = Lock.read(path)
    assert [style.ref for style in lock.styles] == ["ann/rap", "./calm"]
    assert lock.styles[0].commit == first.revision
    hub.requests.clear()
    assert lock.load("ann/rap") == make_pack(seed=1)
    assert lock.load("./calm") == make_pack(seed=5)
    assert hub.requests == []


def test_what_changed_is_noticed(hub, app, make_pack):
    make_pack(seed=1).push("ann/rap")
    lock = Lock.make(["ann/rap", "./calm"])
    make_pack(seed=5, summary="other words").save("calm")
    with pytest.raises(PackInvalid, match=r"config\.json is not the one that was locked"):
        lock.load("./calm")
    other = lock.styles[0].model_copy(update={"delta_sha256": "0" * 64})
    with pytest.raises(PackInvalid, match=r"delta\.safetensors is not"):
        Lock(styles=(other,)).load("ann/rap")
    gone = lock.styles[0].model_copy(update={"commit": "0" * 40})
    with pytest.raises(StyleNotFound, match="revision"):
        Lock(styles=(gone,)).load("ann/rap")
    with pytest.raises(StyleNotFound, match="does not hold"):
        lock.load("ann/other")


def test_what_another_program_wrote_is_locked_by_its_own_bytes(app):
    folder = app / "calm"
    data = safetensors.torch.save(dict(StylePack.load("./calm").delta.tensors), {"format": "pt"})
    (folder / "delta.safetensors").write_bytes(data)
    fields = json.loads((folder / "config.json").read_text())
    sha256 = hashlib.sha256(data).hexdigest()
    fields["delta"] |= {"sha256": sha256, "bytes": len(data)}
    (folder / "config.json").write_text(json.dumps(fields))
    lock = Lock.make(["./calm"])
    assert lock.styles[0].delta_sha256 == sha256
    pack = lock.load("./calm")
    assert pack == StylePack.load("./calm")
    pack.verify()


def test_what_cannot_be_locked(app):
    for refs in ([], ["./calm", "./calm"], [str(app / "calm")], ["~/calm"]):
        with pytest.raises(ConfigError):
            Lock.make(refs)
    with pytest.raises(StyleNotFound):
        Lock.make(["./none"])


def test_a_lock_that_is_none(app):
    whole = json.loads(Lock.make(["./calm"]).model_dump_json())
    broken = ["", "[]", "{}", "\0", '{"styles": 1}', json.dumps(whole | {"format_version": 2})]
    broken.append(json.dumps(whole | {"styles": [whole["styles"][0] | {"commit": "../../x"}]}))
    broken.append(json.dumps(whole | {"styles": [whole["styles"][0] | {"delta_sha256": "x"}]}))
    for text in broken:
        (app / "lock").write_text(text)
        with pytest.raises(PackInvalid, match="not a lock file"):
            Lock.read("lock")
    (app / "lock").write_text(json.dumps(whole | {"styles": [whole["styles"][0] | {"ref": "a b"}]}))
    with pytest.raises(SdkError):
        Lock.read("lock").load("a b")
    with pytest.raises(StyleNotFound):
        Lock.read("none")
