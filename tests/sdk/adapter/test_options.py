import numpy as np
import pytest

from sdk.adapter import FitOptions, StyleAdapter, adapt
from sdk.adapter.options import ranks, start
from sdk.errors import CheckpointError, ConfigError, OutputError


def test_options_are_declared_once_and_shown_everywhere():
    for function in (adapt, StyleAdapter.fit, StyleAdapter.fit_motion):
        assert all(f"    {option}: " in function.__doc__ for option in FitOptions.__annotations__)


def test_options_are_checked_before_the_work(hub, tmp_path):
    with pytest.raises(TypeError, match="'naem'"):
        start({"naem": "x"})
    for wrong in ({"seed": -1}, {"rank": ()}, {"rank": 0}, {"rank": (8, -1)}, {"push_to": "ann/rap"}):
        with pytest.raises(ConfigError):
            start(wrong)
    for wrong in ({"name": "a/b"}, {"summary": "x" * 2000}, {"license": "a/b"}, {"consent": "\u202e"}):
        (key,) = wrong
        with pytest.raises(ConfigError, match=f"this {key}.*another {key}="):
            start(wrong)
    with pytest.raises(OutputError, match="cannot write"):
        start({"checkpoint": tmp_path / "none" / "c"})
    (tmp_path / "c").write_text("none")
    for wrong in (tmp_path / "c", tmp_path / "none"):
        with pytest.raises(CheckpointError):
            start({"resume": wrong})
    start({"seed": 3, "rank": (8, 16), "push_to": "ann/rap", "license": "mit", "consent": "nobody: made up"})


def test_one_rank_of_numpys_is_one_rank():
    assert ranks({"rank": np.int64(8)}) == ranks({"rank": 8}) == ranks({"rank": [8]}) == (8,)
    assert ranks({}) is ranks({"rank": None}) is None
