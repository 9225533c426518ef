from dataclasses import asdict

import numpy as np

from talkstyle_lab.corpus.style import PRESETS, RANGES, ArticulationStyle


def test_samples_stay_in_range_and_differ():
    rng = np.random.default_rng(0)
    styles = [ArticulationStyle.sample(rng) for _ in range(100)]
    assert all(RANGES[k][0] <= v <= RANGES[k][1] for s in styles for k, v in asdict(s).items())
    assert len(set(styles)) == 100
    assert np.stack([s.vector() for s in styles]).std(axis=0).min() > 0.1


def test_presets_lie_in_the_space():
    assert set(PRESETS) == {"neutral", "lively", "calm", "mumbling", "emphatic", "rap", "ballad", "opera"}
    for style in PRESETS.values():
        assert (style.vector() >= 0).all()
        assert (style.vector() <= 1).all()
