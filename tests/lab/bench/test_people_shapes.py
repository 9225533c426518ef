"""What people's brows do in blinks is measured against their open eyes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sdk.data import Motion
from sdk.geometry import canonical_face
from talkstyle_lab.bench.openings import LID_PAIRS, eye_gap
from talkstyle_lab.bench.people_shapes import person_blink, widest_frames


def blinking(sunk: float) -> Motion:
    """Two blinks in sixty frames, the brows sinking with the lids."""
    face, expression = canonical_face(), np.zeros((60, 68, 3), np.float32)
    for middle in (15, 40):
        for frame, share in ((middle - 1, 0.7), (middle, 0.9), (middle + 1, 0.6)):
            for upper, lower in LID_PAIRS:
                expression[frame, upper] = share * (face[lower] - face[upper])
            expression[frame, 17:27, 1] = sunk * share
    return Motion(expression, np.zeros((60, 6), np.float32), Fraction(25))


def test_brows_are_followed_from_open_eyes_to_shut_ones():
    still, sinking = person_blink(blinking(0.0)), person_blink(blinking(0.02))
    assert still.brows < 1e-3
    assert sinking.brows == pytest.approx(100 * 0.9 * 0.02 / eye_gap(canonical_face()), rel=0.02)
    assert still.left_open == pytest.approx(0.1, abs=0.02)
    assert person_blink(blinking(0.0)[:10]) is None


def test_the_widest_mouths_are_found_the_widest_last():
    motion = blinking(0.0)
    expression = motion.expression.copy()
    expression[:, 66, 1] = np.arange(60)[::-1] / 60
    assert widest_frames(Motion(expression, motion.pose, motion.rate)).tolist() == [*range(8, -1, -1)]
