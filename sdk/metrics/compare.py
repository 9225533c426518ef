"""A generated motion compared with a real one, in the figures of packs and tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray, Motion
from sdk.geometry import canonical_face, mouth_opening, mouth_width
from sdk.metrics.correlation import correlate
from sdk.metrics.distances import (
    jaw_lip_distance,
    jaw_lip_velocity_distance,
    landmark_distance,
    mouth_area_distance,
    pose_distance,
    speed,
    style_distance,
    style_landmark_distance,
)
from sdk.metrics.liveliness import head_spread


@dataclass(frozen=True, kw_only=True)
class MotionScores:
    """How a generated motion compares with a real one.

    Attributes:
        opening_r: Correlation of the mouth's opening at the best lag within 100 ms; None where the two share no clock.
        opening_null: Its 95th percentile for unrelated timing.
        width_r: Correlation of the mouth's width, likewise.
        width_null: Its 95th percentile for unrelated timing.
        lmd: Mouth landmark distance, in % of the eye distance; None where the two share no clock.
        dl: Jaw and lip landmark distance, likewise.
        dv: Jaw and lip velocity distance, in % of the eye distance a second, likewise.
        da: Open mouth area difference, in % of the largest real one, likewise.
        pose: Distance of head rotations, in degrees; None where the two share no clock.
        opening_ratio: Spread of the mouth's opening over the real spread.
        speed_ratio: Mean speed of the mouth over the real one; None where the reference has no order in time.
        head_ratio: Spread of the head's turning over the real spread.
        sld: Style-aware landmark distance, in % of the jaw's width; None where the reference has no order.
        slv: Style-aware landmark velocity difference, likewise.
        smd: Style-aware mouth distance, likewise.
        style: Root mean square gap of the style descriptors, in % of the eye distance.
        dynamics: The same with the means left out.
    """

    opening_r: float | None
    opening_null: float | None
    width_r: float | None
    width_null: float | None
    lmd: float | None
    dl: float | None
    dv: float | None
    da: float | None
    pose: float | None
    opening_ratio: float
    speed_ratio: float | None
    head_ratio: float
    sld: float | None
    slv: float | None
    smd: float | None
    style: float
    dynamics: float

    def as_dict(self) -> dict[str, float | None]:
        """The figures by name, rounded for files."""
        return {name: None if value is None else round(float(value), 6) for name, value in asdict(self).items()}


def compare(
    generated: Motion,
    real: Motion,
    *,
    paired: bool = True,
    ordered: bool = True,
    valid: NDArray[np.bool_] | None = None,
    neutral: FloatArray | None = None,
) -> MotionScores:
    """Compare motions.

    Args:
        generated: At 60 Hz.
        real: At 60 Hz where ``ordered``.
        paired: Whether they share a clock, frame by frame.
        ordered: Whether ``real``'s frames follow each other in time.
        valid: Which frames of ``real`` count, bool ``[T]``; all by default.
        neutral: The real person's neutral face ``[68, 3]``, which SLD is measured on.
    """
    face = canonical_face()
    mine, theirs = mouth_opening(face + generated.expression), mouth_opening(face + real.expression)
    shown = real if valid is None else real[valid]
    made = generated if valid is None or not paired else generated[valid]  # the same frames, where there are such
    opening = width = None
    if paired:
        opening = correlate(mine, theirs, valid=valid)
        width = correlate(mouth_width(face + generated.expression), mouth_width(face + real.expression), valid=valid)
    spread = float(np.std(theirs if valid is None else theirs[valid]))
    return MotionScores(
        opening_r=opening.r if opening else None,
        opening_null=opening.null if opening else None,
        width_r=width.r if width else None,
        width_null=width.null if width else None,
        lmd=landmark_distance(generated, real, valid) if paired else None,
        dl=jaw_lip_distance(generated, real, valid) if paired else None,
        dv=jaw_lip_velocity_distance(generated, real, valid) if paired else None,
        da=mouth_area_distance(generated, real, valid) if paired else None,
        pose=pose_distance(generated, real, valid) if paired else None,
        opening_ratio=float(np.std(mouth_opening(face + made.expression))) / max(spread, 1e-6),
        speed_ratio=speed(made) / max(speed(shown), 1e-6) if ordered else None,
        head_ratio=head_spread(made) / max(head_spread(shown), 1e-6),
        sld=style_landmark_distance(made, shown, neutral=neutral) if ordered else None,
        slv=style_landmark_distance(made, shown, neutral=neutral, order=1) if ordered else None,
        smd=style_landmark_distance(made, shown, neutral=neutral, mouth=True) if ordered else None,
        style=style_distance(made, shown, ordered=ordered),
        dynamics=style_distance(made, shown, mean=False, ordered=ordered),
    )
