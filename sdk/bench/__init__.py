"""What ``talkstyle bench`` measures: how fast a fit, the motion and the pictures are, and how memory stays."""

from sdk.bench.measure import Bench, run
from sdk.bench.memory import MemoryBench, run_memory

__all__ = ["Bench", "MemoryBench", "run", "run_memory"]
