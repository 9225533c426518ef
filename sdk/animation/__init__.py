"""Portrait and sound in, a talking video out: ``animate``, and the ``Animation`` that it makes."""

from sdk.animation.animator import Animator, Sitter, Speaker, StyleInput, animate, load_style
from sdk.animation.result import Animation

__all__ = ["Animation", "Animator", "Sitter", "Speaker", "StyleInput", "animate", "load_style"]
