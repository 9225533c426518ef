"""What ``talkstyle demo`` does: the whole way from a clip to a talking portrait, with nothing to download.

from sdk import demo

made = demo.run("talkstyle-demo")
print(made.styled)
"""

from sdk.demo.material import Material, load_material
from sdk.demo.portrait import astronaut
from sdk.demo.steps import QUICK, Demo, run

__all__ = ["QUICK", "Demo", "Material", "astronaut", "load_material", "run"]
