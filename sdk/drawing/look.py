"""The drawn persons: proportions and colours, by seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.geometry import BROWS, JAW, MOUTH, NOSE, canonical_face

Colour: TypeAlias = tuple[int, int, int]

# In light, in shadow, lips.
_SKINS: Final = (
    ((250, 216, 192), (190, 126, 102), (190, 84, 84)),
    ((234, 188, 152), (160, 100, 74), (172, 82, 76)),
    ((192, 138, 100), (108, 66, 46), (140, 70, 62)),
    ((142, 94, 68), (72, 44, 34), (116, 58, 56)),
)
# In shadow, in light.
_HAIRS: Final = (
    ((52, 30, 26), (140, 90, 62)),
    ((26, 22, 28), (88, 78, 90)),
    ((112, 70, 38), (214, 164, 104)),
    ((84, 36, 24), (182, 96, 58)),
)
_IRISES: Final = ((78, 116, 108), (72, 104, 140), (104, 70, 42), (64, 44, 32))
_CLOTHS: Final = ((46, 78, 104), (118, 62, 70), (62, 92, 80), (88, 80, 104))
# In light, in shadow.
_BACKDROPS: Final = (
    ((236, 224, 206), (176, 160, 146)),
    ((212, 224, 228), (134, 154, 164)),
    ((232, 214, 202), (166, 140, 128)),
    ((214, 220, 206), (140, 152, 134)),
)


@dataclass(frozen=True)
class Look:
    """How a drawn person looks.

    ``face`` is the neutral face, ``[68, 3]`` in the face frame. ``light`` and ``shadow`` are colours of the skin;
    ``hair`` is in shadow and in light, ``backdrop`` in light and in shadow.
    """

    face: NDArray[np.float64]
    light: Colour
    shadow: Colour
    lips: Colour
    hair: tuple[Colour, Colour]
    iris: Colour
    cloth: Colour
    backdrop: tuple[Colour, Colour]
    long_hair: bool
    seed: int


@cache
def look(seed: int) -> Look:
    """The person of a seed; the first four differ in every colour."""
    rng = np.random.default_rng(seed)
    picks = [seed % 4] * 5 if seed < 4 else [int(n) for n in rng.integers(0, 4, size=5)]
    skin, hair, iris, cloth, backdrop = picks
    return Look(
        _proportions(rng if seed else None),
        *_SKINS[skin],
        _HAIRS[hair],
        _IRISES[iris],
        _CLOTHS[cloth],
        _BACKDROPS[backdrop],
        long_hair=seed % 2 == 0,
        seed=seed,
    )


def _proportions(rng: np.random.Generator | None) -> NDArray[np.float64]:
    """The canonical face, its parts a little wider, longer, higher or lower."""
    face = np.array(canonical_face(), dtype=np.float64)
    if rng is None:
        return face
    for part, spread in ((JAW, 0.03), (NOSE, 0.06), (MOUTH, 0.05)):
        face[part, 0] *= rng.uniform(1 - spread, 1 + spread)
    face[:, 1] = np.where(face[:, 1] > 0, face[:, 1] * rng.uniform(0.97, 1.03), face[:, 1])
    face[BROWS, 1] += rng.uniform(-0.02, 0.02)
    return face
