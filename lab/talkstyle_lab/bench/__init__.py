"""What ``talkstyle bench`` measures: speed of a fit, the motion and the pictures; memory; what a renderer shows."""

from talkstyle_lab.bench.measure import Bench, run
from talkstyle_lab.bench.memory import MemoryBench, run_memory
from talkstyle_lab.bench.render import RenderBench, RenderRow, RenderSpeed, run_render

__all__ = ["Bench", "MemoryBench", "RenderBench", "RenderRow", "RenderSpeed", "run", "run_memory", "run_render"]
