import json
from pathlib import Path

import pytest

from sdk.batch.jobs import Job, read_jobs
from sdk.data import Controls
from sdk.errors import ConfigError, MediaNotFound


def test_csv(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text(
        "portrait,audio,output,strength,face,mouth\na.png,x.wav,one.mp4,0.5,1,1.5\n"
        + f"{tmp_path / 'b.png'},y.wav,,,,\n",
        encoding="utf-8-sig",
    )
    first, second = read_jobs(path, common={"seed": 3, "mouth": 0.5, "style": {"./a": 0.5}})
    assert (first.portrait, first.audio, first.output) == (tmp_path / "a.png", tmp_path / "x.wav", "one.mp4")
    assert (first.strength, first.face, first.seed, first.style) == (0.5, 1, 3, {"./a": 0.5})
    assert first.controls == Controls(mouth=1.5)
    assert (second.portrait, second.output, second.strength, second.mouth) == (tmp_path / "b.png", None, 1.0, 0.5)


def test_json(tmp_path):
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps([{"portrait": "a.png", "audio": "x.wav", "fps": "30000/1001", "face": "1,2,3,4.5"}]))
    (job,) = read_jobs(path)
    assert job == Job(portrait=tmp_path / "a.png", audio=tmp_path / "x.wav", fps="30000/1001", face=(1, 2, 3, 4.5))


@pytest.mark.parametrize(
    ("files", "pairs"),
    [
        ("a.png b.JPG a.wav b.mp3", "a.png+a.wav b.JPG+b.mp3"),
        ("me.png x.wav y.flac .hidden.wav notes.txt", "me.png+x.wav me.png+y.flac"),
        ("a.png b.png x.wav", "a.png+x.wav b.png+x.wav"),
    ],
)
def test_folders(tmp_path, files, pairs):
    for name in files.split():
        (tmp_path / name).touch()
    assert " ".join(f"{job.portrait.name}+{job.audio.name}" for job in read_jobs(tmp_path)) == pairs


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ("a.png b.png a.wav c.wav", "nothing belongs to b, c"),
        ("a.png", "no sound"),
        ("a.wav", "no portrait"),
        ("a.png a.jpg a.wav", "two files are called 'a'"),
    ],
)
def test_folders_that_leave_open_what_is_meant(tmp_path, files, match):
    for name in files.split():
        (tmp_path / name).touch()
    with pytest.raises(ConfigError, match=match):
        read_jobs(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("j.csv", "portrait\na.png\n", "job 1"),
        ("j.csv", "portrait,audio\na,b\nc,d,e\n", "row 3"),
        ("j.csv", "portrait,audio,mouth\na,b,loud\n", "mouth"),
        ("j.csv", "portrait,audio,sead\na,b,1\n", "sead"),
        ("j.csv", "", "no job"),
        ("j.json", "{", "not JSON"),
        ("j.json", '{"portrait": "a"}', "list of objects"),
        ("j.json", '[{"portrait": "a", "audio": "b", "mouth": 3}]', "mouth"),
        ("j.txt", "a b", "not read from '.txt'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, text, match):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=match):
        read_jobs(tmp_path / name)


@pytest.mark.parametrize(
    "output", ["../x.mp4", "/x.mp4", "a/../../x.mp4", "C:\\x.mp4", "..\\x.mp4", "\\\\host\\x.mp4", "."]
)
def test_no_list_writes_outside_the_folder(tmp_path, output):
    (tmp_path / "j.json").write_text(json.dumps([{"portrait": "a", "audio": "b", "output": output}]))
    with pytest.raises(ConfigError, match="inside the output folder"):
        read_jobs(tmp_path / "j.json")
    assert Job(portrait=Path("a"), audio=Path("b"), output="deep/x.mp4").output == "deep/x.mp4"


def test_a_missing_list(tmp_path):
    with pytest.raises(MediaNotFound):
        read_jobs(tmp_path / "none.csv")


def test_the_home_in_a_list_is_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "jobs.json").write_text('[{"portrait": "~/me.png", "audio": "hello.wav"}]')
    (job,) = read_jobs(tmp_path / "jobs.json")
    assert job.portrait == tmp_path / "home" / "me.png"
    assert job.audio == tmp_path / "hello.wav"
