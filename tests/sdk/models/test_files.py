import socket
import subprocess
import sys
import threading

import pytest

from sdk.errors import Cancelled, ModelFileMissing
from sdk.models import cache_folder, files, model_file
from sdk.models.download import TRIES

NAME = "net.bin"


def get(server, sha256, **options):
    return model_file(NAME, url=f"{server.url}/published/{NAME}", sha256=sha256, **options)


def part():
    return cache_folder() / f"{NAME}.part"


def test_downloaded_once_then_cached(server, sha256):
    seen = []
    path = get(server, sha256, on_progress=seen.append)
    assert path == cache_folder() / NAME
    assert path.read_bytes() == server.content
    assert not part().exists()
    assert [step.stage for step in seen] == ["download"] * len(seen)
    assert [step.fraction for step in seen] == sorted(step.fraction for step in seen)
    assert seen[-1].fraction == 1.0
    assert get(server, sha256) == path
    assert server.requests == [(f"/published/{NAME}", None)]


def test_a_cut_download_goes_on(server, sha256):
    server.cut_after = [1000, 300_000]
    assert get(server, sha256).read_bytes() == server.content
    assert [wanted for _, wanted in server.requests] == [None, "bytes=1000-", "bytes=301000-"]


def test_a_later_call_goes_on_where_the_last_gave_up(server, sha256):
    server.cut_after = [1000, 0, 0, 0]
    with pytest.raises(ModelFileMissing, match="cut after 1000 of 1048576 bytes"):
        get(server, sha256)
    assert part().stat().st_size == 1000
    server.requests.clear()
    assert get(server, sha256).read_bytes() == server.content
    assert server.requests == [(f"/published/{NAME}", "bytes=1000-")]


def test_a_server_without_ranges_sends_the_whole_again(server, sha256):
    server.ranges = False
    server.cut_after = [500_000]
    assert get(server, sha256).read_bytes() == server.content


@pytest.mark.parametrize("beginning", [b"of another file", b"x" * (2 << 20)])
def test_a_part_of_another_file_is_started_over(server, sha256, beginning):
    part().parent.mkdir(parents=True)
    part().write_bytes(beginning)
    assert get(server, sha256).read_bytes() == server.content
    assert server.requests[-1] == (f"/published/{NAME}", None)


def test_another_file_is_deleted_and_reported(server, sha256):
    server.content = b"an error page"
    with pytest.raises(ModelFileMissing, match="sent another file") as caught:
        get(server, sha256)
    assert not part().exists()
    assert not (cache_folder() / NAME).exists()
    for needed in (NAME, sha256, f"{server.url}/published/{NAME}", "TALKSTYLE_MODELS"):
        assert needed in str(caught.value)


def test_not_there_is_not_asked_again(server, sha256):
    server.errors = [404]
    with pytest.raises(ModelFileMissing, match="HTTP 404"):
        get(server, sha256)
    assert len(server.requests) == 1


def test_a_server_error_passes(server, sha256):
    server.errors = [503, 500]
    assert get(server, sha256).read_bytes() == server.content


def test_a_server_error_that_stays(server, sha256):
    server.errors = [503] * 9
    with pytest.raises(ModelFileMissing, match="HTTP 503"):
        get(server, sha256)
    assert len(server.requests) == TRIES


def test_offline(server, sha256):
    server.close()
    with pytest.raises(ModelFileMissing, match="refused") as caught:
        get(server, sha256)
    assert caught.value.where == str(cache_folder() / NAME)
    assert sha256 in caught.value.hint


def test_an_unknown_host_is_not_asked_again(sha256, monkeypatch):
    asked = []

    def unknown(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ModelFileMissing, match="Name or service not known"):
        model_file(NAME, url="http://nowhere.invalid/x", sha256=sha256)
    assert asked == ["nowhere.invalid"]


def test_a_mirror(server, sha256, monkeypatch):
    monkeypatch.setenv("TALKSTYLE_MODELS_URL", f"{server.url}/mirror/")
    assert model_file(NAME, url="https://nowhere.invalid/x", sha256=sha256).read_bytes() == server.content
    assert server.requests == [(f"/mirror/{NAME}", None)]


def test_the_environments_proxy(server, sha256, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    model_file(NAME, url="http://nowhere.invalid/x", sha256=sha256)
    assert server.requests == [("http://nowhere.invalid/x", None)]


def test_no_file_of_this_machine_is_an_address(server, sha256, tmp_path):
    with pytest.raises(ModelFileMissing, match="not a web address"):
        model_file(NAME, url=tmp_path.as_uri(), sha256=sha256)


def test_a_damaged_file_in_the_cache_is_fetched_again(server, sha256, caplog):
    cached = cache_folder() / NAME
    cached.parent.mkdir(parents=True)
    cached.write_bytes(server.content[:-1])
    assert get(server, sha256).read_bytes() == server.content
    assert "damaged" in caplog.text


def test_a_cache_of_the_callers(server, sha256, tmp_path):
    assert get(server, sha256, cache=tmp_path / "hub") == tmp_path / "hub" / NAME


def test_a_cache_that_cannot_be_written(server, sha256, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelFileMissing, match="could not be downloaded"):
        get(server, sha256, cache=tmp_path / "file" / "hub")


def test_without_a_cache_it_is_downloaded_for_the_process(server, sha256, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("TALKSTYLE_CACHE", str(tmp_path / "file" / "cache"))
    path = get(server, sha256)
    assert path.read_bytes() == server.content
    assert get(server, sha256) == path
    assert len(server.requests) == 1


def test_without_a_home_there_is_a_cache_too(server, sha256, monkeypatch):
    for name in ("TALKSTYLE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("USERPROFILE", "")
    assert get(server, sha256).is_absolute()


@pytest.mark.skipif(sys.platform == "win32", reason="another error there")
def test_a_file_that_cannot_be_read(sha256, tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(ModelFileMissing, match="cannot be read"):
        model_file(NAME, url="https://nowhere.invalid", sha256=sha256, given=tmp_path)


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_given_file_or_folder(server, sha256, tmp_path, as_folder):
    (tmp_path / NAME).write_bytes(server.content)
    assert get(server, sha256[:10], given=tmp_path if as_folder else tmp_path / NAME) == tmp_path / NAME
    assert server.requests == []


def test_a_given_file_that_is_damaged_is_left_alone(server, sha256, tmp_path):
    (tmp_path / NAME).write_bytes(b"half")
    with pytest.raises(ModelFileMissing, match="damaged or another one"):
        get(server, sha256, given=tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"half"


def test_a_given_folder_without_it_is_not_made_up_for(server, sha256, tmp_path):
    with pytest.raises(ModelFileMissing, match="no such"):
        get(server, sha256, given=tmp_path)
    assert server.requests == []


def test_the_folder_of_the_environment(server, sha256, tmp_path, monkeypatch):
    monkeypatch.setenv("TALKSTYLE_MODELS", str(tmp_path))
    assert get(server, sha256) == cache_folder() / NAME  # not there
    (tmp_path / NAME).write_bytes(server.content)
    assert get(server, sha256) == tmp_path / NAME
    (tmp_path / NAME).write_bytes(b"half")
    with pytest.raises(ModelFileMissing, match="damaged"):
        get(server, sha256)


def test_threads_wait_for_the_first(server, sha256):
    found = []
    threads = [threading.Thread(target=lambda: found.append(get(server, sha256))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [cache_folder() / NAME] * 4
    assert len(server.requests) == 1


def test_a_callback_that_raises_stops_it(server, sha256):
    def stop(_):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        get(server, sha256, on_progress=stop)
    assert 0 < part().stat().st_size < len(server.content)
    assert get(server, sha256).read_bytes() == server.content


@pytest.mark.parametrize(
    ("platform", "variable", "rest"),
    [("linux", "XDG_CACHE_HOME", ()), ("darwin", "HOME", ("Library", "Caches")), ("win32", "LOCALAPPDATA", ())],
)
def test_the_platforms_cache(platform, variable, rest, monkeypatch, tmp_path):
    monkeypatch.delenv("TALKSTYLE_CACHE")
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(files.Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path.joinpath(*rest, "talkstyle", "models")


def test_importing_it_is_light():
    code = "import sdk.models, sys; print({'torch', 'numpy', 'huggingface_hub'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
