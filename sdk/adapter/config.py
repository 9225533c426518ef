"""What can be set about a fit."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from sdk.losses.transfer import TransferTerms

__all__ = ["FitConfig"]


class FitConfig(BaseModel):
    """Settings of a fit; the defaults are what measured best.

    Attributes:
        steps: Steps of Adam.
        learning_rate: Of the motion generator.
        critic_learning_rate: Of f, where it is adversarial.
        critic_warmup: Steps that an adversarial f gets before the generator moves.
        batch: Windows in a step.
        window: Frames (60 Hz) in a window.
        warmup: Frames at a window's start that the loss leaves out, while the generator finds its state.
        check_every: Steps between looks at the frames kept for choosing.
        checkpoint_every: Steps between checkpoints, where one is asked for.
        held_out: The share of the reference, at its end, that the report is measured on and nothing else.
        chosen_on: The share before that, on which the best step is chosen; none under 20 s.
        max_offset: The largest lead or lag of lips against sound that is looked for, in seconds; 0 takes the clip as
            it is.
        smoothing: Frames on either side over which a clip's landmarks are smoothed; 0 leaves them as they were found.
        terms: The weights of the loss.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(default=80, ge=1, le=100_000)
    learning_rate: float = Field(default=3e-4, gt=0, le=1)
    critic_learning_rate: float = Field(default=1e-3, gt=0, le=1)
    critic_warmup: int = Field(default=15, ge=0)
    batch: int = Field(default=4, ge=1)
    window: int = Field(default=240, ge=60)
    warmup: int = Field(default=24, ge=0, lt=60)
    check_every: int = Field(default=10, ge=1)
    checkpoint_every: int = Field(default=10, ge=1)
    held_out: float = Field(default=0.2, gt=0, lt=0.6)
    chosen_on: float = Field(default=0.15, ge=0, lt=0.4)
    max_offset: float = Field(default=0.3, ge=0, le=1)
    smoothing: int = Field(default=0, ge=0, le=10)
    terms: TransferTerms = Field(default_factory=TransferTerms)
