from __future__ import annotations

import json
import logging
from fractions import Fraction

import pytest

from sdk.cli import main
from tests.distributions import site

__all__ = ["clip", "site", "talkstyle", "talkstyle_json", "words"]


@pytest.fixture
def talkstyle(capsys):
    """Run the command line in this process: exit code, stdout, stderr."""
    level = logging.getLogger("sdk").level

    def run(*words):
        with pytest.raises(SystemExit) as caught:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    yield run
    logging.getLogger("sdk").setLevel(level)


@pytest.fixture
def talkstyle_json(talkstyle):
    """Run a command with --json: exit code and the one document that stdout is."""

    def run(*words):
        code, out, _ = talkstyle(*words, "--json")
        return code, json.loads(out)

    return run


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A drawn face that speaks for three seconds, with its sound."""
    from sdk.demo.assets import at_frame_rate, load_assets
    from sdk.drawing import drawn_clip
    from sdk.media import open_audio, write_video

    stuff = load_assets(seconds=3)
    path = tmp_path_factory.mktemp("clips") / "drawn.mp4"
    motion = at_frame_rate(stuff.motion, stuff.speech.duration, Fraction(25))
    write_video(path, drawn_clip(motion, size=224, seed=1), rate=25, audio=open_audio(stuff.speech))
    return path


@pytest.fixture
def words():
    """Real speech in a file: a sentence that the SDK brings along."""
    from sdk.demo.assets import FOLDER

    return FOLDER / "sentence.flac"
