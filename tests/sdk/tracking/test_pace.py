from fractions import Fraction

import numpy as np
import pytest

from sdk.data import Landmarks
from sdk.geometry import canonical_face
from sdk.tracking.detection import Detection
from sdk.tracking.pace import measure_pace


def frames(numbers):
    """Pictures that differ where their numbers do, at 25 a second, with a face that moves along."""
    random = np.random.default_rng(0)
    looks = {n: random.integers(0, 255, (16, 16, 3), dtype=np.uint8) for n in set(numbers)}
    faces = {}
    for k, n in enumerate(numbers):
        points = (canonical_face() * 80 + np.array([n, 0, 0])).astype(np.float32)
        faces[k] = Detection(points, (0, 0, 120, 120), 120.0, 1.0, Landmarks(points), looks[n][:12, :12])
    return [Fraction(k, 25) for k in range(len(numbers))], [looks[n] for n in numbers], faces


@pytest.mark.parametrize("frozen", [40, 85, 400])
def test_a_picture_that_stands_still_is_a_pause_however_much_of_the_clip_it_fills(frozen):
    pace = measure_pace(*frames([*range(70), *[69] * frozen]))
    assert pace.rate == pytest.approx(25, rel=0.02)
    assert pace.still == frozenset(range(69, 70 + frozen))


def test_repeated_frames_do_not_count():
    assert measure_pace(*frames([k // 3 for k in range(90)])).rate == pytest.approx(25 / 3, rel=0.02)
