import numpy as np
import pytest

from sdk.adapter.config import FitConfig
from sdk.adapter.folds import folds
from tests.sdk.adapter.fit_data import material


def masks(frames, **kind):
    config = FitConfig(**{key: kind.pop(key) for key in ("held_out", "folds") if key in kind})
    return folds(material(frames, hidden=0, **kind), config)


def test_a_short_reference_is_measured_by_several_fits_that_share_no_frame():
    found = masks(600)
    assert [int(mask.sum()) for mask in found] == [120, 120, 120]
    assert (np.sum(found, axis=0) <= 1).all()
    for mask in found:  # in two windows each, far apart
        assert (np.diff(mask.astype(int)) == 1).sum() == 2
        assert np.ptp(np.flatnonzero(mask)) > 300


def test_a_long_one_and_stills_are_measured_by_one_fit():
    assert [int(mask.sum()) for mask in masks(1800)] == [360]
    assert len(masks(24, paired=False, ordered=False)) == 1


@pytest.mark.parametrize(("frames", "kind"), [(4, {}), (600, {"held_out": 0.0})])
def test_where_little_or_nothing_is_held_out_there_is_none(frames, kind):
    assert masks(frames, paired=False, ordered=False, **kind) == []


def test_more_fits_than_fit_into_a_reference_are_not_made():
    assert len(masks(600, held_out=0.4, folds=10)) == 2
