"""Portrait and sound in, a talking video out: ``animate``, and the ``Animation`` that it makes."""

from sdk.animation.pipeline import StyleInput, animate
from sdk.animation.result import Animation

__all__ = ["Animation", "StyleInput", "animate"]
