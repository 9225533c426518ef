"""The styles that ship, each learned from synthesised speech, song or rap in one of the corpus's presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.adapter import FitConfig, StyleAdapter
from sdk.data import Audio, Motion
from sdk.losses import TransferTerms
from sdk.packs import StylePack
from sdk.progress import ProgressCallback, Reporter
from talkstyle_lab.corpus.delivery import deliver
from talkstyle_lab.corpus.motion import animate_utterance
from talkstyle_lab.corpus.speech import RATE, Utterance
from talkstyle_lab.corpus.style import PRESETS

Delivery = Literal["speech", "song", "rap"]


@dataclass(frozen=True)
class Recipe:
    """What a style that ships is made of: a summary for people, and the deliveries of its corpus, by turns."""

    summary: str
    deliveries: tuple[Delivery, ...] = ("speech",)


RECIPES: Final[Mapping[str, Recipe]] = {
    "neutral": Recipe("Plain speech: everything in its middle."),
    "lively": Recipe("Bright and quick: wide lips, a smile, a head that nods and brows that go along."),
    "calm": Recipe("Quiet speech: small soft movements, and a head that hardly turns."),
    "mumbling": Recipe("Jaw and lips barely move, and sounds run into each other."),
    "emphatic": Recipe("A speaker's voice: large clear movements, firm lips, a nod on every accent."),
    "rap": Recipe("Hard and fast: sharp lips, a low brow, and a head that beats time.", ("rap", "speech")),
    "ballad": Recipe(
        "Soft singing: long open vowels, and a head that sways from phrase to phrase.", ("song", "speech")
    ),
    "opera": Recipe("Grand singing: the jaw far down, rounded lips, brows up.", ("song", "speech")),
}
"""The styles by name, which are also the presets that they are learned from."""

CONFIG: Final = FitConfig(
    steps=60,
    learning_rate=1e-3,
    noise=0.0,
    solved_prior_seconds=2.0,
    manner_steps=60,
    critic_warmup=6,
    terms=TransferTerms(mg=1.0, moments=1.0, head=0.0, amplitude=0.3, closure=0.0, sc=0.003, sees="composed"),
)
"""Of the fits: data are plenty, and how much a style moves, head and all, counts more than single lip shapes."""

RANKS: Final = (8, 16)  # tried in turn; at 16 a pack has 250 KB

_VOICES: Final = (
    ("slt", "en-us"), ("m3", "en-us"), ("rms", "en-us"), ("f2", "de"),
    ("awb", "en-us"), ("f4", "fr"), ("kal16", "en-us"), ("m7", "es"),
)  # fmt: skip
"""Voice and language, in turn: a style belongs to no voice and no language."""

_GRID: Final = 3 * RATE // 60  # samples in three frames of motion, the shortest sound that is a whole number of both


class Spoken(NamedTuple):
    """Utterances in one style, joined: sound at 16 kHz, and motion at 60 Hz, exactly as long."""

    audio: Audio
    motion: Motion


def spoken(name: str, *, minutes: float, seed: int = 0, only: Delivery | None = None) -> Spoken:
    """Synthesise at least ``minutes`` of a style; the same arguments give the same corpus.

    ``only`` leaves out other deliveries.

    Raises:
        ComponentUnavailable: flite or espeak-ng is missing.
    """
    sounds: list[NDArray[np.int16]] = []
    moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    samples = turn = 0
    deliveries = RECIPES[name].deliveries
    while samples < 60 * minutes * RATE:
        rng = np.random.default_rng((seed, 4, list(PRESETS).index(name), turn))
        voice, language = _VOICES[turn % len(_VOICES)]
        # Voices and deliveries are out of step, so that each voice has each delivery.
        delivery = deliveries[(turn + turn // len(_VOICES)) % len(deliveries)]
        level = float(rng.uniform(0.3, 0.7))
        made, _ = deliver(rng, voice, language=language, delivery=delivery, tempo=1.0, level=level)
        whole = _on_grid(made)
        if only in (None, delivery):
            sounds.append(whole.audio)
            moves.append(animate_utterance(whole, PRESETS[name], rng))
        samples += len(whole.audio)
        turn += 1
    expression, pose = (np.concatenate(parts).astype(np.float32) for parts in zip(*moves, strict=True))
    return Spoken(Audio((np.concatenate(sounds) / 32768).astype(np.float32), RATE), Motion(expression, pose))


def _on_grid(made: Utterance) -> Utterance:
    """The utterance with silence at its end, up to a whole number of frames."""
    audio = np.pad(made.audio, (0, -len(made.audio) % _GRID))
    label, start, _ = made.phones[-1]
    return Utterance(audio, (*made.phones[:-1], (label, start, len(audio) / RATE)), made.voice, made.language)


def fit_style(
    name: str, *, adapter: StyleAdapter, minutes: float, seed: int = 0, on_progress: ProgressCallback | None = None
) -> StylePack:
    """Learn one of the styles that ship from ``minutes`` of synthesised speech.

    The adapter has ``CONFIG`` and runs on the CPU, so that every machine gives nearly the same pack.
    """
    Reporter(on_progress)("speak")
    return adapter.fit_motion(
        *spoken(name, minutes=minutes, seed=seed),
        name=name,
        summary=RECIPES[name].summary,
        license="Apache-2.0",
        consent="Nobody's: voices and motion are synthesised.",
        seed=seed,
        rank=RANKS,
        on_progress=on_progress,
    )
