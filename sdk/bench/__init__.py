"""What ``talkstyle bench`` measures: how fast a fit, the motion and the pictures are, as ratios from one run."""

from sdk.bench.measure import Bench, run

__all__ = ["Bench", "run"]
