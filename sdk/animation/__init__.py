"""Portrait and sound in, a talking video out: ``animate`` and the ``Animation`` that it returns."""

from sdk.animation.pipeline import animate
from sdk.animation.result import Animation

__all__ = ["Animation", "animate"]
