"""The transfer loss, its parts each in one place."""

from sdk.losses.composition import LOSS_SCALE, compose, to_loss_units, velocity
from sdk.losses.style import gradient_penalty, moment_gap, spread_gap, style_gap
from sdk.losses.timing import amplitude_gap, closure_gap, reconstruction, timing
from sdk.losses.transfer import Critic, Sees, StyleTarget, TransferLoss, TransferTerms

__all__ = [
    "LOSS_SCALE",
    "Critic",
    "Sees",
    "StyleTarget",
    "TransferLoss",
    "TransferTerms",
    "amplitude_gap",
    "closure_gap",
    "compose",
    "gradient_penalty",
    "moment_gap",
    "reconstruction",
    "spread_gap",
    "style_gap",
    "timing",
    "to_loss_units",
    "velocity",
]
