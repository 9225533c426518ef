"""Training the factors of a low-rank style further, to regain what truncation lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from torch import Tensor, nn
from torch.func import functional_call

from sdk.adapter.fit_data import FitData
from sdk.adapter.loop import Setup, run
from sdk.interfaces import GeneratorState
from sdk.packs import Delta, reweighted, styled


class LowRankGenerator(nn.Module):
    """A generator with a style, of which only the style's own tensors are trained; ``base`` stays as it is."""

    def __init__(self, base: Any, delta: Delta) -> None:
        super().__init__()
        self.name, self.version, self.encoder = base.name, base.version, base.encoder
        self.features, self.lookahead = base.features, base.lookahead
        self.base = cast("nn.Module", styled(base)).requires_grad_(False)
        # No dots in the names of a ParameterDict.
        self.style = nn.ParameterDict({key.replace(".", "/"): t.float() for key, t in delta.tensors.items()})

    def forward(self, features: Tensor, state: GeneratorState | None = None) -> tuple[Tensor, Tensor, GeneratorState]:
        """As the generator."""
        delta = {key.replace("/", "."): tensor for key, tensor in self.style.items()}
        weights = reweighted(dict(self.base.named_parameters()), delta)
        return functional_call(self.base, weights, (features, state))  # type: ignore[no-any-return]


def refine(delta: Delta, data: FitData, setup: Setup) -> Delta:
    """Train the tensors of a style further, in the form that they have, on the data that it was fitted to."""
    trained = run(data, replace(setup, generator=LowRankGenerator(setup.generator, delta).to(setup.device)))
    learned = {name.removeprefix("style."): t for name, t in trained.parameters.items() if name.startswith("style.")}
    return Delta({name.replace("/", "."): tensor.cpu() for name, tensor in learned.items()})
