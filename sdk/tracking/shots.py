"""The shots of a clip: where it is cut, cross-faded or flashed.

Found by how much the picture changes from one frame to the next, against how much it changes around that moment: a head
that is thrown about changes it as much, but for longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.tracking.appearance import Thumbnail, difference, pattern_difference
from sdk.tracking.detection import Detection

AROUND_FRAMES: Final = 8
"""Frames on either side that say how much a picture usually changes."""
HARD_CHANGE: Final = 10.0
"""Change in levels from which a cut needs no other sign ..."""
HARD_RATIO: Final = 4.0
"""... if it is so many times the third largest change around it: two may be cuts themselves."""
JUMP_CHANGE: Final = 1.0
"""The least change where somebody jumps within the same picture ..."""
JUMP_RATIO: Final = 3.0
"""... if it is so many times the largest change around it, ..."""
JUMP_STEP_RATIO: Final = 2.0
"""... and the face's movement is so many times the largest around it."""
STILL_FACE_CHANGE: Final = 6.0
"""Change of a face under which it goes on while something else in the picture changes: slides beside a speaker."""
STILL_FACE_STEP: Final = 0.03
"""The same of its movement, in widths."""
REPEAT_CHANGE: Final = 0.2
"""Change up to which a frame repeats the one before, but for what the codec adds."""
FADE_FRAMES: Final = (8, 16, 32, 48)
"""Lengths at which cross-fades are looked for."""
FADE_CHANGE: Final = 12.0
"""Change over a cross-fade, in levels, at least."""
FADE_MISFIT: Final = 0.12
"""How far pictures within a cross-fade are from a mixture of its ends, as a share of the change, at most."""
SAME_FACE_DIFFERENCE: Final = 12.0
"""Difference of a face's pattern before and after, in levels, under which there was no cross-fade."""
FLASH_FRAMES: Final = 8
"""Frames of a flash, at most: the picture is afterwards as it was before."""
FLASH_SHARE: Final = 0.35
"""Change over a flash, as a share of the change at its beginning, at most."""

BLOCK_FRAMES: Final = 4096


@dataclass(frozen=True)
class Shots:
    """How a clip is cut.

    Attributes:
        spans: The first frame of each shot, and the frame after its last; frames of cross-fades are in none.
        flashes: Frames of flashes, which are in a shot, but show no face that can be used.
    """

    spans: tuple[tuple[int, int], ...]
    flashes: frozenset[int] = frozenset()


def find_shots(pictures: Sequence[Thumbnail], faces: Sequence[Sequence[Detection]]) -> Shots:
    """Find the shots of a clip from its pictures and the faces in them, frame by frame.

    Frames that repeat the one before are left out of the comparison, so that a clip whose frames were doubled does not
    seem to be cut at every other one.
    """
    small = np.stack(pictures)
    change = _change(small, 1)
    step = np.array([movement(before, after) for before, after in pairwise(faces)])
    moving = np.flatnonzero(change > REPEAT_CHANGE)
    cuts = [int(moving[k]) + 1 for k in _jumps(change[moving], step[moving])]
    cuts = [cut for cut in cuts if not _goes_on(faces[cut - 1], faces[cut])]
    cuts, flashes = _without_flashes(cuts, small)
    fades = [(a, b) for a, b in _fades(small) if not _is_same_face(faces[max(a - 1, 0)], faces[min(b, len(faces) - 1)])]
    edges = sorted([(cut, cut) for cut in cuts if not any(a <= cut <= b for a, b in fades)] + fades)
    starts, ends = [0, *(b for _, b in edges)], [*(a for a, _ in edges), len(small)]
    return Shots(tuple((a, b) for a, b in zip(starts, ends, strict=True) if a < b), frozenset(flashes))


def movement(before: Sequence[Detection], after: Sequence[Detection]) -> float:
    """How far a face moved from one frame to another: its points' mean way in widths; the least of all pairs.

    NaN where there is no face in one of them.
    """
    ways = [_way(one, other) for one in before for other in after]
    return min(ways, default=float("nan"))


def _change(small: NDArray[Any], lag: int) -> NDArray[np.float64]:
    """How much each picture differs from the one ``lag`` frames later, in blocks: a long clip's would be large."""
    count = max(0, len(small) - lag)
    before, after = small[:count], small[lag:]
    blocks = [slice(start, start + BLOCK_FRAMES) for start in range(0, count, BLOCK_FRAMES)]
    return np.concatenate([np.zeros(0), *(difference(before[block], after[block]) for block in blocks)])


def _way(one: Detection, other: Detection) -> float:
    return float(np.linalg.norm(one.points[:, :2] - other.points[:, :2], axis=1).mean()) / max(one.width, other.width)


def _jumps(change: NDArray[np.float64], step: NDArray[np.float64]) -> list[int]:
    """Where the picture, or picture and face, change far more than around that moment."""
    found = []
    for k in np.flatnonzero(change > JUMP_CHANGE):
        around = np.r_[max(0, k - AROUND_FRAMES) : k, k + 1 : min(len(change), k + 1 + AROUND_FRAMES)]
        usual = np.sort(change[around])[::-1]
        if change[k] > HARD_CHANGE and (len(usual) < 3 or change[k] > HARD_RATIO * usual[2]):
            found.append(int(k))
        elif len(around) >= AROUND_FRAMES and np.isfinite(step[k]) and change[k] > JUMP_RATIO * usual[0]:
            steps = step[around][np.isfinite(step[around])]
            if len(steps) and step[k] > JUMP_STEP_RATIO * steps.max():
                found.append(int(k))
    return found


def _goes_on(before: Sequence[Detection], after: Sequence[Detection]) -> bool:
    """Whether a face is the same before and after, while the rest of the picture changes."""
    return any(
        difference(one.look, other.look) < STILL_FACE_CHANGE and _way(one, other) < STILL_FACE_STEP
        for one in before
        for other in after
    )


def _is_same_face(before: Sequence[Detection], after: Sequence[Detection]) -> bool:
    """Whether a face is the same before and after, while the picture pans, or the light changes."""
    return any(pattern_difference(one.look, other.look) < SAME_FACE_DIFFERENCE for one in before for other in after)


def _without_flashes(cuts: Sequence[int], small: Thumbnail) -> tuple[list[int], set[int]]:
    """Tell flashes from cuts: the cuts that remain, and the frames of flashes."""
    remaining: list[int] = []
    flashes: set[int] = set()
    for cut in cuts:
        for start in remaining:
            brief = cut - start <= FLASH_FRAMES
            over, first = difference(small[start - 1], small[cut]), difference(small[start - 1], small[start])
            if brief and over < FLASH_SHARE * first:
                flashes.update(range(start, cut))
                remaining = [one for one in remaining if one < start]
                break
        else:
            remaining.append(cut)
    return remaining, flashes


def _fades(small: NDArray[Any]) -> list[tuple[int, int]]:
    """Find cross-fades, and fades from and to a colour: the picture goes straight from one to another.

    More than its mean colour must change: other light is no fade.
    """
    pattern = (small - small.mean(axis=(1, 2), keepdims=True)).astype(np.int16)
    faded = np.zeros(len(small), dtype=bool)
    for length in FADE_FRAMES:
        change = _change(small, length)
        for start in np.flatnonzero((change >= FADE_CHANGE) & (_change(pattern, length) >= FADE_CHANGE / 2)):
            first, last = small[start].astype(float), small[start + length].astype(float)
            shares = np.array([1, 2, 3]) / 4
            mixed = first + shares[:, None, None, None] * (last - first)
            within = small[start + length * np.array([1, 2, 3]) // 4]
            if np.abs(within - mixed).mean(axis=(1, 2, 3)).max() < FADE_MISFIT * change[start]:
                faded[start + 1 : start + length] = True
    if len(faded) > 2:
        faded[0], faded[-1] = faded[1], faded[-2]
    edges = np.flatnonzero(np.diff(np.r_[False, faded, False]))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
