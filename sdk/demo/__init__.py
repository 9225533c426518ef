"""What ``talkstyle demo`` does: the whole way from a clip to a talking portrait, with nothing to download.

from sdk import demo

made = demo.run("talkstyle-demo")
print(made.styled)
"""

from sdk.demo.assets import DemoAssets, astronaut, at_frame_rate, load_assets
from sdk.demo.steps import QUICK, Demo, run

__all__ = ["QUICK", "Demo", "DemoAssets", "astronaut", "at_frame_rate", "load_assets", "run"]
