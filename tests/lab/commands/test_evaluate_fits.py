"""``talkstyle evaluate-fits``: how clips are named, and its table."""

import click
import pytest

from sdk.adapter import FitConfig
from talkstyle_lab.commands.evaluate_fits import _changed, _clip


def test_a_clip_is_named_with_its_sound_and_labels():
    given = _clip("a.mp4,a.wav,a.phonemes.json")
    assert (given.video.name, given.sound.name, given.phonemes.name) == ("a.mp4", "a.wav", "a.phonemes.json")
    given = _clip("a.mp4,a.JSON")
    assert (given.audio, given.phonemes.name, given.sound.name) == (None, "a.JSON", "a.mp4")
    with pytest.raises(click.BadParameter):
        _clip("a.mp4,b.wav,c.wav")


@pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")
def test_the_table_and_the_document(clip, talkstyle, talkstyle_json):
    words = ("evaluate-fits", clip, "--seeds", 1, "--steps", 2, "--device", "cpu")
    code, document = talkstyle_json(*words)
    assert code == 0
    assert document["paired"] is True
    assert document["mean"]["real"]["sld_share"]["mean"] in (1, None)
    assert {"base", "style", "ridge", "loudness", "real before"} <= set(document["clips"]["drawn"])
    assert document["mean"]["style"]["opening_null"]["mean"] is not None
    code, out, _ = talkstyle(*words)
    assert code == 0
    assert all(heading in out for heading in ("opening r", "of held out", "within 50 ms", "dynamics ID"))


def test_one_clip_is_not_enough_for_unpaired_fits(clip, talkstyle_json):
    code, document = talkstyle_json("evaluate-fits", clip, "--unpaired")
    assert (code, document["error"]["code"]) == (1, "config")


def test_settings_are_changed_by_name_and_checked():
    changed = _changed(FitConfig(), ("noise=0", "terms.closure=0.5", "terms.sees=composed"))
    assert (changed.noise, changed.terms.closure, changed.terms.sees) == (0, 0.5, "composed")
    assert changed.terms.mg == FitConfig().terms.mg
    for wrong in ("noise", "nonsense=1", "terms.nonsense=1", "noise=-1", "terms.critic=friendly", "noise.x=1"):
        with pytest.raises(click.BadParameter):
            _changed(FitConfig(), (wrong,))
