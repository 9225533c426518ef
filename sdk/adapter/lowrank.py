"""Making up for what a low rank loses: the factors go on learning from the reference that the style came from."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sdk.adapter.config import FitConfig
from sdk.adapter.fit_data import FitData
from sdk.adapter.loop import run
from sdk.interfaces import GeneratorState, MotionGenerator, StyleTransferNet
from sdk.packs import Delta, reweighted, styled
from sdk.progress import Reporter


class LowRankGenerator(nn.Module):
    """A generator under a style, of which only the style's own tensors learn.

    Args:
        base: The generator; it stays as it is.
        delta: The style, in whatever form.
    """

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


def refine(
    delta: Delta,
    data: FitData,
    *,
    generator: MotionGenerator,
    net: StyleTransferNet,
    config: FitConfig,
    seed: int,
    device: torch.device,
    report: Reporter,
) -> Delta:
    """Let the tensors of a style learn on, in the form that they have.

    Args:
        delta: The style, which knows what it is to become.
        data: What it was fitted to; paired, for an unpaired fit is also held to what the base says.
        generator: The base.
        net: f.
        config: As of the fit.
        seed: As of the fit.
        device: Where both networks are.
        report: Progress.

    Returns:
        The style of the step that is best on the frames kept for choosing.
    """
    model = LowRankGenerator(generator, delta).to(device)
    result = run(data, model, net, config=config, seed=seed, device=device, report=report)
    learned = {name.removeprefix("style."): t for name, t in result.parameters.items() if name.startswith("style.")}
    return Delta({name.replace("/", "."): tensor.cpu() for name, tensor in learned.items()})
