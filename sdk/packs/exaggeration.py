"""Strengths outside 0 to 1: the motion is carried on, not the weights.

Between the base and a style the weights are interpolated. Beyond, a network with ``base + 2 * delta`` is one that
nothing was ever trained to be: heads turn away, lips cross. There the difference that the style makes to the
*motion* is multiplied instead: at strength 2 every movement is as far from the base's again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from torch import Tensor, nn

from sdk.arguments import number, shown
from sdk.errors import ConfigError

if TYPE_CHECKING:
    from sdk.interfaces import GeneratorState, MotionGenerator
    from sdk.packs.pack import StylePack

MAX_STRENGTH: Final = 10.0
"""Beyond it, either way, a strength means nothing: everything would stand at the limits of a face."""

WARN_ABOVE: Final = 1.5

LARGE_DELTA: Final = 0.5
"""Of the base's parameters, by their norms. What ships has 0.10 to 0.13."""


def read_strength(strength: Any) -> float:
    """Take a strength; ``ConfigError`` unless it is a finite number within ``MAX_STRENGTH``."""
    try:
        return number(strength, "strength", low=-MAX_STRENGTH, high=MAX_STRENGTH)
    except ConfigError as error:
        hint = f"0 is the base, 1 the style as it was made: a finite number, at most {MAX_STRENGTH:g} either way."
        raise ConfigError(f"strength={shown(strength)} is no strength", where="strength", hint=hint) from error


def excess(pack: StylePack) -> float:
    """By how much a mix's weights exceed a whole, so that a mix of ``{"rap": 2}`` is "rap" at strength 2; or 1."""
    return max(1.0, round(sum(abs(part.weight) for part in pack.config.mix or ()), 6))


def whole_strength(pack: StylePack | None, strength: float) -> float:
    """A strength with the excess of a mix; 1 without a pack, which leaves nothing to exaggerate.

    Raises:
        ConfigError: Together they are beyond ``MAX_STRENGTH``.
    """
    whole = 1.0 if pack is None else strength * excess(pack)
    if abs(whole) > MAX_STRENGTH:
        hint = f"The mix's weights count too: let all together be at most {MAX_STRENGTH:g} either way."
        raise ConfigError(f"a mix of strength {whole:g} in all is beyond what a face can do", hint=hint)
    return whole


def is_exaggerated(whole: float) -> bool:
    """Whether a whole strength is beyond the base or the style."""
    return not 0 <= whole <= 1


def strength_warnings(base: MotionGenerator, pack: StylePack | None, strength: float) -> tuple[str, ...]:
    """What is worth saying about a strength, the weights of a mix, and the size of what a style adds to its base."""
    if pack is None:
        return ()
    warnings: tuple[str, ...] = ()
    whole = whole_strength(pack, strength)
    if abs(whole) > WARN_ABOVE:
        what = f"strength {strength:g}" if excess(pack) == 1 else f"a mix of strength {whole:g} in all"
        warnings += (f"{what} exaggerates beyond {WARN_ABOVE:g}: motion is held back where no face could follow",)
    size = sum(float(parameter.detach().square().sum()) for _, parameter in base.named_parameters()) ** 0.5
    share = pack.delta.norm / (size * excess(pack)) if size else 0.0
    if share > LARGE_DELTA:
        what = f"the style {pack.name!r} adds {share:.1f} times its base's own size to it, where about 0.1 is usual"
        warnings += (f"{what}: it may be damaged, and motion is held back where no face could follow",)
    return warnings


class Exaggerated(nn.Module):
    """A motion generator that carries on the difference between two: ``base + strength * (styled - base)``."""

    def __init__(self, base: MotionGenerator, styled: MotionGenerator, strength: float) -> None:
        super().__init__()
        self.name, self.version, self.encoder = base.name, base.version, base.encoder
        self.features, self.lookahead = base.features, base.lookahead
        self.encoder_sha256 = getattr(base, "encoder_sha256", None)
        self.base: Any = base
        self.styled: Any = styled
        self.strength = strength

    def forward(self, features: Tensor, state: GeneratorState | None = None) -> tuple[Tensor, Tensor, GeneratorState]:
        """Generate motion, as ``MotionGenerator``."""
        before, after = (None, None) if state is None else state
        expression, pose, before = self.base(features, before)
        styled_expression, styled_pose, after = self.styled(features, after)
        expression = expression.lerp(styled_expression, self.strength)
        return expression, pose.lerp(styled_pose, self.strength), (before, after)
