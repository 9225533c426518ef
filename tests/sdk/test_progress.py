import pytest

from sdk.errors import Cancelled
from sdk.progress import CancelToken, Reporter


def test_progress_says_stage_fraction_and_time_left():
    seen = []
    report = Reporter(seen.append)
    report("fit", 0.0)
    report("fit", 0.5, "loss 1.0")
    report("render")
    assert [(p.stage, p.fraction, p.message) for p in seen] == [
        ("fit", 0.0, ""),
        ("fit", 0.5, "loss 1.0"),
        ("render", None, ""),
    ]
    assert seen[0].seconds_left is None
    assert seen[1].seconds_left >= 0


def test_a_cancelled_token_stops_the_next_step_and_names_the_stage():
    token = CancelToken()
    report = Reporter(None, token)
    report("fit", 0.1)
    token.cancel()
    with pytest.raises(Cancelled, match="fit"):
        report("fit", 0.2)


def test_what_a_callback_raises_reaches_the_caller():
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Reporter(stop)("fit")
