"""``talkstyle bench leaks``, of two calls."""

import pytest

from sdk.errors import Cancelled, ConfigError, SdkError
from sdk.progress import CancelToken
from talkstyle_lab.bench import footprint
from talkstyle_lab.bench.leaks import LeakRow, run_leaks


def test_a_verb_is_called_in_a_process_of_its_own():
    here = footprint.footprint()
    (row,) = run_leaks(calls=(2, 1), verbs=["animate"])
    assert (row.verb, row.calls, len(row.held)) == ("animate", (1, 2), 2)
    for held in row.held:
        assert held.threads >= 1
        assert held.resident > 50
        assert held.unique is None or 0 < held.unique <= held.resident
    assert here.threads >= 1


def test_growth_is_the_difference_of_the_last_and_the_first():
    held = [
        footprint.Footprint(100.0, 50.0, 3),
        footprint.Footprint(120.0, 55.0, 9),
        footprint.Footprint(110.0, 60.0, 4),
    ]
    assert LeakRow("inspect", (1, 2, 3), tuple(held)).growth == footprint.Footprint(10.0, 10.0, 1)


@pytest.mark.parametrize("calls", [(), (5,), (5, 5), (0, 5)])
def test_there_are_calls_to_compare(calls):
    with pytest.raises(ConfigError, match="compares nothing"):
        run_leaks(calls=calls)


def test_a_verb_has_a_name():
    with pytest.raises(ConfigError, match="no verb 'sing'"):
        run_leaks(verbs=["sing"])


def test_what_failed_in_the_process_is_told(tmp_path):
    missing = tmp_path / "missing.png"
    with pytest.raises(SdkError, match=r"there is no such file.*missing\.png"):
        run_leaks(calls=(1, 2), verbs=["animate"], portrait=missing)


def test_the_process_ends_when_the_work_is_cancelled():
    token = CancelToken()
    with pytest.raises(Cancelled):
        run_leaks(calls=(1, 10_000), verbs=["animate"], on_progress=lambda _: token.cancel(), cancel=token)
