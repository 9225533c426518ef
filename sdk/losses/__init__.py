"""The transfer loss and its terms."""

from sdk.losses.composition import LOSS_SCALE, compose, to_loss_units, velocity
from sdk.losses.style import amplitude_gap, gradient_penalty, moment_gap, spread_gap, style_gap
from sdk.losses.timing import closure_gap, reconstruction, timing
from sdk.losses.transfer import CriticTraining, FacePose, StyleTarget, TransferLoss, TransferTerms

__all__ = [
    "LOSS_SCALE",
    "CriticTraining",
    "FacePose",
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
