"""The paper's generator: MLP, three LSTM layers of 256, MLP."""

from __future__ import annotations

from torch import Tensor, nn

from talkstyle_reference.generator import OUTPUTS, Generator

__all__ = ["LstmGenerator", "LstmState"]

LstmState = tuple[Tensor, Tensor]
"""The LSTM's hidden and cell states, ``[3, B, 256]`` each."""


class LstmGenerator(Generator):
    """Linear, batch normalisation, leaky ReLU, linear, LSTM, then 512, 512, out, as in the authors' repository.

    There it moved the mouth; here all 68 points and the head. The normalisation's statistics are buffers and stay
    frozen whatever ``train()`` says, so that a style, which carries parameters only, means the same later; training a
    base thaws ``norm`` itself.
    """

    name = kind = "lstm"

    def _build(self) -> None:
        self.enter = nn.Linear(self.features, 512)
        self.norm = nn.BatchNorm1d(512)
        self.mix = nn.Linear(512, 512)
        self.lstm = nn.LSTM(512, 256, num_layers=3, batch_first=True)
        self.leave = nn.Sequential(
            nn.Linear(256, 512), nn.LeakyReLU(), nn.Linear(512, 512), nn.LeakyReLU(), nn.Linear(512, OUTPUTS)
        )

    def train(self, mode: bool = True) -> LstmGenerator:
        """Set the mode of all but the normalisation, which stays frozen."""
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, features: Tensor, state: LstmState | None = None) -> tuple[Tensor, Tensor, LstmState]:
        """Generate motion; shapes as in ``sdk.interfaces.MotionGenerator``."""
        x = self.enter(self._scaled(features))
        x = self.norm(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        x = self.mix(nn.functional.leaky_relu(x))
        x, state = self.lstm(x, state)
        expression, pose = self._motion(self.leave(x))
        return expression, pose, state
