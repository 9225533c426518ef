"""A style at once: in the generator's own basis, found from a reference without a step of training.

The generator's motion on the reference's sound is taken as linear in the basis's coefficients, and the fit's own loss,
less f, is minimised over these few numbers. They have mean 0 and spread 1 among the styles that the basis was learned
from, so a Gaussian prior on them says how far the reference's evidence is to be believed: two seconds move them less
than twenty do.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from torch import Tensor
from torch.func import functional_call

from sdk.adapter.fit_data import FitData
from sdk.adapter.loop import Setup, Tensors
from sdk.errors import ConfigError
from sdk.generation import aligned
from sdk.losses import TransferLoss

if TYPE_CHECKING:
    from sdk.interfaces import MotionGenerator

EVIDENCE: Final = 1.0
"""What a second of reference weighs against the prior, in units of the loss."""

_FRAMES: Final = 900  # at most so many, from the end of what may be learned from: the cost grows with them
_STEP: Final = 1.0  # spreads by which a coefficient is moved to see what it does
_ROUNDS: Final = 2  # times that the motion is made linear: about the base, then about what was found
_ITERATIONS: Final = 25


def style_basis(generator: Any) -> Any:
    """The generator's basis of styles.

    Raises:
        ConfigError: It has none.
    """
    basis = getattr(generator, "style_basis", None)
    if basis is None:
        raise ConfigError(
            f"the generator {generator.name!r} has no basis of styles, so none can be had at once",
            where="instant",
            hint="Leave instant= out, or use a generator that has one.",
        )
    return basis


def predict(data: FitData, setup: Setup) -> dict[str, Tensor]:
    """The parameters of the generator with the style that a reference has in its basis, by name.

    Raises:
        ConfigError: The generator has no basis of styles.
    """
    basis = style_basis(setup.generator)
    with torch.no_grad():
        parameters = dict(setup.generator.named_parameters())
    delta = basis.delta(parameters, _coefficients(data, setup, basis))
    return {name: (value + delta[name] if name in delta else value).detach() for name, value in parameters.items()}


def _coefficients(data: FitData, setup: Setup, basis: Any) -> Tensor:
    """The coefficients of least loss, float32 ``[size]``."""
    tensors = Tensors.of(data, setup.device)
    loss = TransferLoss(setup.net, setup.config.terms, tensors.target)
    rows = torch.arange(min(len(data.features), _FRAMES), device=setup.device)[None]
    found = torch.zeros(basis.size, device=setup.device)
    for _ in range(_ROUNDS):
        motion, slopes = _linearised(setup.generator, basis, tensors.features[rows], found)

        def cost(coefficients: Tensor, about: Tensor = found, at: Any = motion, slope: Any = slopes) -> Tensor:
            expression, pose = (
                one + torch.tensordot(coefficients - about, change, 1)[None]
                for one, change in zip(at, slope, strict=True)
            )
            parts = tensors.sound_terms(loss, expression, rows) | loss.style(expression, pose)
            return EVIDENCE * data.seconds * loss.total(parts) + coefficients.square().sum() / 2

        found = _minimised(cost, found)
    return found


def _minimised(cost: Any, start: Tensor) -> Tensor:
    coefficients = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([coefficients], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value: Tensor = cost(coefficients)
        torch.autograd.backward(value)
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return coefficients.detach()


@torch.no_grad()
def _linearised(
    generator: Any, basis: Any, features: Tensor, about: Tensor
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Motion at some coefficients, ``[1, T, ...]`` of face and head, and how each changes it, ``[size, T, ...]``."""
    parameters = dict(generator.named_parameters())
    own = copy.deepcopy(generator)  # a call with other parameters changes a module for as long as it lasts

    def motion(coefficients: Tensor) -> tuple[Tensor, Tensor]:
        delta = basis.delta(parameters, coefficients)
        changed = {name: value + delta[name] if name in delta else value for name, value in parameters.items()}
        return aligned(cast("MotionGenerator", _Styled(own, changed)), features)

    start = motion(about)
    moved = [motion(about + _STEP * unit) for unit in torch.eye(len(about), device=about.device)]
    slopes = tuple(torch.cat([one[part] - start[part] for one in moved]) / _STEP for part in (0, 1))
    return start, (slopes[0], slopes[1])


class _Styled:
    """A generator called with other parameters."""

    def __init__(self, generator: Any, parameters: dict[str, Tensor]) -> None:
        self.lookahead = generator.lookahead
        self._generator, self._parameters = generator, parameters

    def __call__(self, features: Tensor, state: Any = None) -> Any:
        return functional_call(self._generator, self._parameters, (features, state))
