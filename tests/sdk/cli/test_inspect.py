"""``talkstyle inspect`` on a drawn face."""

import pytest

from sdk.media import read_image


def test_the_document_and_the_picture(clip, talkstyle_json, tmp_path):
    code, document = talkstyle_json("inspect", clip, "--picture", tmp_path / "a.png", "--each", 1, "--device", "cpu")
    assert code == 0
    assert document["usable"] == pytest.approx(3, abs=0.2)
    assert {one["template"] for one in document["picks"]} <= {"none", "M", "R", "O"}
    assert read_image(tmp_path / "a.png").pixels.shape[1] == 1200


def test_the_text(clip, talkstyle):
    code, out, err = talkstyle("inspect", clip, "--device", "cpu")
    assert code == 0
    assert "key motion" in out
    assert "blinks a minute" in out
    assert "warning: only 3.0 s to learn from" in err


def test_errors_come_before_the_work(clip, talkstyle_json, tmp_path):
    code, document = talkstyle_json("inspect", clip, "--picture", tmp_path / "a.doc")
    assert (code, document["error"]["code"]) == (1, "output")
    code, document = talkstyle_json("inspect", tmp_path / "none.mp4")
    assert (code, document["error"]["code"]) == (1, "media-not-found")
