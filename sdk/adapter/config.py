"""What can be set about a fit."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from sdk.arguments import shown
from sdk.errors import ConfigError
from sdk.losses import TransferTerms
from sdk.settings import Settings


class FitConfig(Settings):
    """Settings of a fit; the defaults are what measured best.

    Attributes:
        steps: Steps of Adam, where the fit is not ``solved``.
        learning_rate: Of the motion generator.
        critic_learning_rate: Of f, where it is adversarial.
        critic_warmup: Steps that an adversarial f gets before the generator moves.
        batch: Windows in a step.
        noise: Standard deviation of the noise that each step adds to the features, in their own units: sounds heard
            only once are not memorised.
        window: Frames (60 Hz) in a window.
        warmup: Frames at a window's start that the loss leaves out, while the generator finds its state.
        checkpoint_every: Steps between checkpoints, where one is asked for.
        prior_seconds: The base weighs as much as so many seconds of reference: of what the steps change,
            ``seconds / (seconds + prior_seconds)`` is kept; 0 keeps all.
        solved: Whether a paired fit solves for the generator's last layer in closed form, in place of ``steps``. A
            generator that does not name its last layer is trained.
        solved_prior_seconds: The same as ``prior_seconds``, of the closed form.
        manner_steps: Further steps of a paired fit, which hold the timing as it then is and learn how the person moves:
            how far, how fast, in what shapes, with what head. All of what they change is kept. With none, a solved fit
            matches spreads in closed form.
        held_out: The share of the reference that a fit which measures the gain does not know; 0 measures none.
        folds: Such fits where the reference is shorter than 30 s; one measures longer ones.
        max_offset: The largest lead or lag of lips against sound that is looked for, in seconds; 0 takes the clip as
            it is.
        smoothing: Frames on either side over which a clip's landmarks are smoothed; 0 leaves them as they were found.
        terms: The weights of the loss.
    """

    steps: int = Field(default=40, ge=1, le=100_000)
    learning_rate: float = Field(default=3e-4, gt=0, le=1)
    critic_learning_rate: float = Field(default=1e-3, gt=0, le=1)
    critic_warmup: int = Field(default=15, ge=0)
    batch: int = Field(default=4, ge=1)
    noise: float = Field(default=0.6, ge=0, le=2)
    window: int = Field(default=240, ge=60)
    warmup: int = Field(default=24, ge=0, lt=60)
    checkpoint_every: int = Field(default=10, ge=1)
    prior_seconds: float = Field(default=8.0, ge=0)
    solved: bool = True
    solved_prior_seconds: float = Field(default=96.0, gt=0)
    manner_steps: int = Field(default=0, ge=0, le=100_000)
    held_out: float = Field(default=0.2, ge=0, lt=0.6)
    folds: int = Field(default=3, ge=1, le=10)
    max_offset: float = Field(default=0.3, ge=0, le=1)
    smoothing: int = Field(default=0, ge=0, le=10)
    terms: TransferTerms = Field(default_factory=TransferTerms)

    @classmethod
    def recipe(cls, name: str) -> FitConfig:
        """Settings by name; ``docs/method.md`` compares them.

        Args:
            name: ``"default"``; ``"manner"``, the default with 15 steps after the closed form, which f takes part in;
                ``"paper"``, L_mg + L_sc + L_r and nothing else, f in the stable form;
                ``"literal"``, the same with f minimised too, as the formula reads, which makes f collapse;
                ``"without-f"``, the default of stills less L_sc and L_r; ``"frozen-f"``, the same with an f that stays
                as it is, which is what a pre-trained net is for.

        Raises:
            ConfigError: There is no such recipe.
        """
        if not isinstance(name, str) or name not in RECIPES:
            hint = f"One of: {', '.join(RECIPES)}."
            raise ConfigError(f"there is no recipe {shown(name)}", where="recipe", hint=hint)
        return RECIPES[name]


_STEPS_ALONE: Final = FitConfig(
    noise=0.0,
    prior_seconds=0.0,
    solved=False,
    manner_steps=0,
    terms=TransferTerms(
        mg=1.0, timing=1.0, sc=1.0, r=10.0, moments=0.0, head=0.0, amplitude=0.0, closure=0.0, sees="composed"
    ),
)

RECIPES: Final = {
    "default": FitConfig(),
    "manner": FitConfig(manner_steps=15, critic_warmup=6),
    "paper": _STEPS_ALONE,
    "literal": _STEPS_ALONE.model_copy(
        update={"terms": _STEPS_ALONE.terms.model_copy(update={"critic": "joint", "r": 1.0})}
    ),
    "without-f": FitConfig(terms=TransferTerms(sc=0.0)),
    "frozen-f": FitConfig(terms=TransferTerms(critic="frozen")),
}
"""Settings by name."""
