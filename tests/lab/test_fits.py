"""Fits of drawn clips: a real detector, small networks of our own."""

from fractions import Fraction

import numpy as np
import pytest

from sdk.adapter import FitConfig
from sdk.data import Audio, Motion
from sdk.drawing import drawn_clip
from sdk.errors import Cancelled, ConfigError, InputError, ReferenceTooShort
from sdk.media import open_audio, write_video
from sdk.progress import CancelToken
from sdk.registry import load, register
from talkstyle_lab.fits import FitClip, FitTable, _CachingDetector, _names, evaluate_fits
from tests.sdk.evaluation.drawn_people import FPS, drawn_person
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet

CONFIG = FitConfig(steps=10, learning_rate=3e-3, batch=1, window=90, critic_warmup=1, max_offset=0)

pytestmark = pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")


def clip(folder, name, **how):
    video, phonemes = drawn_person(folder, name, **how)
    return FitClip(video=video, phonemes=phonemes)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [
        clip(folder, "lively", opening=0.24, smile=0.03, pace=4),
        clip(folder, "calm", opening=0.10, smile=0.0, pace=3),
    ]


@pytest.fixture(scope="module")
def detector():
    return _CachingDetector(load("landmark-detector", "mediapipe"))


@pytest.fixture
def parts():
    with register("motion-generator", "tiny", TinyGenerator), register("audio-encoder", "loudness", LoudnessEncoder):
        yield


def fits(clips, detector, **options):
    return evaluate_fits(
        clips, seeds=(0, 1), generator="tiny", net=TinyNet(), detector=detector, device="cpu", config=CONFIG, **options
    )


def test_it_can_be_cancelled(clips, detector, parts):
    token = CancelToken()
    with pytest.raises(Cancelled):
        fits(clips, detector, on_progress=lambda progress: token.cancel(), cancel=token)


def test_a_table_of_paired_fits(clips, detector, parts):
    table = fits(clips, detector)
    assert table.clips == ("lively", "calm")
    rows = {"base", "style", "wrong speaker", "static mean", "mean shift", "mean and spread", "ridge", "loudness"}
    assert set(table.values) == {*rows, "real", "real before"}
    assert table.values["style"]["lmd"].shape == (2, 2)
    assert not np.isnan(table.values["style"]["lmd"]).any()
    assert {"script_sld", "closure", "sld_share", "width_null"} <= table.values["ridge"].keys()
    base, style = table.mean("base", "style"), table.mean("style", "style")
    assert base[1] == 0
    assert style[1] > 0, "two seeds gave the same fit"
    assert style[0] < base[0]
    assert table.mean("real", "shape_id")[0] == 1
    assert 0 <= table.mean("style", "dynamics_id")[0] <= 1
    document = table.as_dict()
    assert document["clips"]["calm"]["style"]["lmd"]["mean"] == pytest.approx(
        table.values["style"]["lmd"][1].mean(), abs=1e-4
    )


def test_unpaired_fits_know_stills_alone(clips, detector, parts):
    table = fits(clips, detector, paired=False)
    assert "ridge" not in table.values
    assert {"static mean", "mean shift", "mean and spread", "wrong speaker", "style"} <= set(table.values)
    assert table.mean("style", "lmd") is not None
    with pytest.raises(ConfigError, match="another clip"):
        fits(clips[:1], detector, paired=False)


def test_too_little_is_refused(clips, detector, parts, tmp_path):
    with pytest.raises(ConfigError, match="nothing to fit"):
        fits([], detector)
    missing = FitClip(video=clips[0].video, phonemes=tmp_path / "none.json")
    with pytest.raises(InputError, match="labels"):
        fits([missing], detector)
    short = tmp_path / "short.mp4"
    pose = np.zeros((32, 6))
    pose[:, 1] = 0.1 * np.sin(np.arange(32) / 3)
    silent = Motion(np.zeros((32, 68, 3)), pose, Fraction(FPS))
    voice = Audio(np.random.default_rng(0).normal(size=34000) * 0.1, 16000)
    write_video(short, drawn_clip(silent, size=192), rate=FPS, audio=open_audio(voice))
    with pytest.raises(ReferenceTooShort):
        fits([FitClip(video=short)], detector)


def test_means_are_over_clips_and_spreads_over_seeds():
    values = np.array([[1.0, 3.0], [5.0, 7.0]])
    holes = np.array([[np.nan, np.nan], [5.0, 7.0]])
    table = FitTable(("a", "b"), (0, 1), True, {"style": {"x": values, "y": holes, "z": holes[:1].repeat(2, 0)}})
    assert table.mean("style", "x") == pytest.approx((4, np.sqrt(2)))
    assert table.mean("style", "x", "a") == pytest.approx((2, np.sqrt(2)))
    assert table.mean("style", "y") == pytest.approx((6, np.sqrt(2)))
    assert table.mean("style", "z") is None


def test_a_share_of_the_way_is_that_of_the_means():
    """One clip's way is a tenth of the other's, and must not count ten times as much."""
    rows = {"base": [[2.0, 2.0], [1.1, 1.1]], "style": [[1.5, 1.0], [1.1, 1.2]], "real": [[1.0, 1.0], [1.0, 1.0]]}
    values = {row: {"sld_known": np.array(of)} for row, of in rows.items()}
    table = FitTable(("a", "b"), (0, 1), True, values)
    assert table.mean("base", "sld_share")[0] == 0
    assert table.mean("real", "sld_share")[0] == pytest.approx(1)
    assert table.mean("style", "sld_share")[0] == pytest.approx((0.25 + 0.45) / 2 / 0.55)
    assert table.mean("style", "sld_share_held_out") is None
    assert table.mean("style", "nothing") is None


def test_clips_of_one_name_are_told_apart(tmp_path):
    assert _names([FitClip(video=tmp_path / "a" / "x.mp4"), FitClip(video=tmp_path / "b" / "x.mp4")]) == ["x 0", "x 1"]


def test_no_picture_is_looked_at_twice():
    class Counting:
        name, depth, seen = "counting", True, 0

        def detect(self, images):
            self.seen += len(images)
            return [[] for _ in images]

    counting = Counting()
    detector = _CachingDetector(counting)
    one, two = np.zeros((8, 8, 3), np.uint8), np.ones((8, 8, 3), np.uint8)
    assert detector.detect([one, two]) == detector.detect([two, one]) == [[], []]
    assert detector.detect([np.zeros((4, 16, 3), np.uint8)]) == [[]]
    assert counting.seen == 3
