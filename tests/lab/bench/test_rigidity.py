from __future__ import annotations

import numpy as np

from sdk.drawing import drawn_face
from talkstyle_lab.bench.rigidity import around, change


def test_the_ring_is_wall_and_no_face():
    person = drawn_face(256, seed=1, alpha=True)
    ring = around(person.pixels.shape[:2], person.landmarks.points)
    assert ring.sum() > 2000
    assert (person.alpha[ring] == 0).mean() > 0.9
    x, y = person.landmarks.points[30, :2].astype(int)
    assert not ring[y, x]


def test_it_turns_with_the_head():
    upright, slanted = (
        drawn_face(256, seed=1, pose=np.array([0, 0, angle, 0, 0, 0])).landmarks.points for angle in (0.0, 0.4)
    )
    assert around((256, 256), upright).sum() > 2000
    assert not np.array_equal(around((256, 256), upright), around((256, 256), slanted))


def test_change_is_that_of_the_ring_alone():
    person = drawn_face(128, seed=1)
    ring = around((128, 128), person.landmarks.points)
    moved = person.pixels.copy()
    moved[~ring] = 0
    assert change(person.pixels, moved, ring) == 0.0
    moved[ring, 1] ^= 1
    assert change(person.pixels, moved, ring) == 1.0
    assert change(person.pixels, moved, np.zeros_like(ring)) == 0.0
