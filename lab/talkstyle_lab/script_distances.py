"""SLD, SLV and SMD as the script of the method's authors computes them, which is not their articles' formula.

Kept apart, for comparison with published tables only. Where the articles take the nearest window of the generated
motion, the script takes the least of the *running* means over its windows, so the first windows weigh most; it counts
in pixels of a 512 x 512 picture at 30 frames a second; and it averages over every window from 10 to 100 frames and
every stride from 1 to 19.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray, Motion
from sdk.geometry import MOUTH, compose

WINDOW_FRAMES: Final = range(10, 101)
STRIDES: Final = range(1, 20)

EYE_PIXELS: Final = 128
"""Between the outer eye corners, as in a head-and-shoulders picture of 512 x 512: a motion has no pixels."""

MOTION_FRAMES: Final = 2  # at 60 Hz to one frame of the script's videos (29.97 Hz there, 30 here)


@dataclass(frozen=True, kw_only=True)
class ScriptDistances:
    """The script's figures."""

    sld: float  # all points, each frame from its own minimum, in % of that frame's own face width
    slv: float  # steps of all points from frame to frame, in pixels
    smd: float  # the mouth's points about their own middle, in pixels

    def as_dict(self) -> dict[str, float]:
        """The figures under names that cannot be taken for the articles'."""
        return {f"script_{name}": round(value, 6) for name, value in asdict(self).items()}


def script_distances(generated: Motion, reference: Motion, *, neutral: FloatArray) -> ScriptDistances:
    """Compare motions as the script does.

    Both have at least 20 frames at 60 Hz, and are shown on the face ``neutral``, ``[68, 3]``.
    """
    made, real = (_pixels(motion, neutral) for motion in (generated, reference))
    corner = [points - points.min(1, keepdims=True) for points in (made, real)]
    scaled = [points / np.ptp(points[..., :1], axis=1, keepdims=True) for points in corner]
    steps = [np.diff(points, axis=0) for points in corner]
    mouths = [points[:, MOUTH] - points[:, MOUTH].mean(1, keepdims=True) for points in (made, real)]
    return ScriptDistances(
        sld=100 * _mean_over_windows(_gaps(*scaled)),
        slv=_mean_over_windows(_gaps(*steps), shorter=1),
        smd=_mean_over_windows(_gaps(*mouths)),
    )


def measure(motion: Motion, real: Motion, neutral: FloatArray) -> dict[str, float]:
    """The script's figures for ``sdk.evaluation``, which finds this through the entry points ``talkstyle.figures``."""
    return script_distances(motion, real, neutral=neutral).as_dict()


def _pixels(motion: Motion, neutral: FloatArray) -> NDArray[np.float64]:
    return EYE_PIXELS * compose(motion.expression, motion.pose, neutral)[::MOTION_FRAMES, :, :2].astype(np.float64)


def _gaps(made: NDArray[np.float64], real: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean distance of points, each frame of the reference (rows) against each generated one (columns)."""
    return np.stack([np.linalg.norm(made - frame, axis=-1).mean(-1) for frame in real])


def _mean_over_windows(gaps: NDArray[np.float64], *, shorter: int = 0) -> float:
    """The mean, over window lengths and strides, of the script's figure for one of each, from gaps of frames.

    ``shorter`` is by how many frames steps are fewer than positions.
    """
    # Sums along diagonals: the gap of two windows is the difference of two of them.
    sums = np.zeros((gaps.shape[0] + 1, gaps.shape[1] + 1))
    for row, gap in enumerate(gaps):
        sums[row + 1, 1:] = sums[row, :-1] + gap
    figures = []
    for window in WINDOW_FRAMES:
        length = window - shorter
        if length > min(gaps.shape):
            break
        apart = (sums[length:, length:] - sums[:-length, :-length]) / length
        for stride in STRIDES:
            some = apart[::stride, ::stride]
            running = np.cumsum(some, axis=1) / np.arange(1, some.shape[1] + 1)
            figures.append(float(running.min(1).mean()))
    return float(np.mean(figures))
