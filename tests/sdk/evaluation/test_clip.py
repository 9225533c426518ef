"""A clip prepared for evaluation, and what is measured on it: a real detector, small networks of our own."""

import numpy as np
import pytest
import torch

from sdk.evaluation import COLUMNS, EvaluationClip
from sdk.metrics import read_phonemes
from sdk.progress import Reporter
from sdk.registry import load
from tests.sdk.evaluation.drawn_people import drawn_person
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator

pytestmark = pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    video, phonemes = drawn_person(tmp_path_factory.mktemp("clip"), "lively", opening=0.24, smile=0.03, pace=4)
    return EvaluationClip.prepare(
        video,
        None,
        generator=TinyGenerator().eval(),
        encoder=LoudnessEncoder(),
        detector=load("landmark-detector", "mediapipe"),
        device=torch.device("cpu"),
        phonemes=read_phonemes(phonemes),
        max_offset=0,
        report=Reporter(),
    )


def test_baselines_know_the_first_part_and_the_person_is_the_ceiling(clip):
    assert clip.train.stop == clip.test.start
    assert clip.test.stop == len(clip.data.features)
    figures = clip.score(clip.baselines())
    assert figures["base"].sld_share == pytest.approx(0)
    assert figures["real"].sld_share == pytest.approx(1)
    assert figures["real"].scores.lmd == 0
    assert figures["real"].closure < 0.5
    assert figures["static mean"].scores.opening_ratio == pytest.approx(0, abs=1e-4)
    # The mouth follows the loudness here, so a line through it does as well as can be.
    assert figures["loudness"].scores.opening_r > 0.8
    assert figures["ridge"].scores.opening_r > 0.8
    assert figures["ridge"].scores.lmd < figures["static mean"].scores.lmd
    assert figures["real before"].closure is None
    assert {"closure", "sld_share", "width_null"} <= figures["ridge"].as_dict().keys()


def test_each_column_is_a_figure_of_its_own(clip):
    keys = [column.key for column in COLUMNS]
    assert len({column.heading for column in COLUMNS}) == len(set(keys)) == len(keys)
    assert set(keys) <= clip.score({})["base"].as_dict().keys()


def test_the_level_lies_on_the_datas_frames(clip):
    assert len(clip.level) == len(clip.data.features) == len(clip.data.base)
    assert np.corrcoef(clip.level, clip.data.features[:, 0])[0, 1] > 0.7
