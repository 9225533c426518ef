import numpy as np
import pytest
from click.testing import CliRunner

from sdk.data import Motion
from sdk.errors import ConfigError
from talkstyle_lab.commands.pretrain import pretrain
from talkstyle_lab.corpus.basis import BASIS_CHANNELS, displace
from talkstyle_lab.pretraining.people import COLUMNS, measure_people, mouth_figures


def motion(**channels):
    """Lips that open and close, by channels of the articulation at their widest."""
    course = np.abs(np.sin(np.arange(240) / 60 * 5))
    columns = np.stack([course * channels.get(name, 0.0) for name in BASIS_CHANNELS], axis=1)
    moved = displace(columns, seal=np.zeros(240), tuck=np.zeros(240))
    return Motion(moved.astype(np.float32), np.zeros((240, 6), np.float32))


def test_a_jaw_opens_the_lips_evenly_and_lifts_little():
    found = mouth_figures(motion(jaw=1.0))
    assert found["lip shape"] == pytest.approx(0.965, abs=0.02)
    assert found["upper lip"] < 0.25 < mouth_figures(motion(jaw=1.0, raise_upper=1.0))["upper lip"]
    assert found["widest"] > found["opening"] + found["spread"] > found["spread"] > 0


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_however_wide_lips_part_as_evenly_as_peoples(strength):
    found = mouth_figures(motion(jaw=strength, raise_upper=strength, lower_lower=strength))
    assert 0.94 <= found["lip shape"] <= 0.99


def test_a_wedge_is_seen():
    opened = motion(jaw=1.0)
    opened.expression.flags.writeable = True
    opened.expression[:, [67, 65], 1] *= 0.7
    assert mouth_figures(opened)["lip shape"] < 0.85


def test_faster_is_faster_and_wider_is_wider():
    slow, fast = motion(jaw=1.0), Motion(motion(jaw=1.0).expression[::2], np.zeros((120, 6), np.float32))
    assert mouth_figures(fast)["speed"] == pytest.approx(2 * mouth_figures(slow)["speed"], rel=0.1)
    assert mouth_figures(motion(jaw=1.0, wide=1.0))["wide open"] > 1.1 > mouth_figures(slow)["wide open"]


def test_jitter_is_told_from_speech():
    calm = motion(jaw=1.0)
    shaken = Motion(calm.expression.copy(), calm.pose)
    shaken.expression.flags.writeable = True
    shaken.expression[::2, 66, 1] += 0.02  # at 30 Hz
    assert mouth_figures(calm)["jitter"] < 1 < 3 < mouth_figures(shaken)["jitter"]
    assert mouth_figures(shaken)["rate"] > 1.5 * mouth_figures(calm)["rate"]


def test_the_chins_part_is_measured_against_the_opening():
    lips, jaw = mouth_figures(motion(lower_lower=1.0)), mouth_figures(motion(jaw=1.0))
    assert 0 <= lips["chin"] < 0.2 < jaw["chin"]


def test_brows_that_rise_are_measured_and_a_mouth_moves_none():
    assert (
        mouth_figures(motion(brow_inner=1.0, brow_outer=1.0))["brows"] > 0.02 > mouth_figures(motion(jaw=1.0))["brows"]
    )


def test_without_a_clip_there_is_nothing_to_measure():
    with pytest.raises(ConfigError, match="no clip"):
        measure_people([])
    assert CliRunner().invoke(pretrain, ["people"]).exit_code == 2
    assert CliRunner().invoke(pretrain, ["people", "there-is-none.mp4"]).exit_code == 2


def test_the_columns_are_the_figures():
    assert set(mouth_figures(motion(jaw=1.0))) == set(COLUMNS[1:])
