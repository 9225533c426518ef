from __future__ import annotations

import numpy as np
import pytest

from sdk.geometry import (
    MIRROR,
    axis_angle,
    canonical_face,
    eye_opening,
    lip_closing,
    lip_gap,
    mouth_opening,
    mouth_width,
    rotation_matrix,
)


def parted(opening: float) -> np.ndarray:
    face = canonical_face().astype(np.float64)
    face[[55, 56, 57, 58, 59, 65, 66, 67], 1] += opening
    face[5:12, 1] += opening * np.array([0.3, 0.6, 0.7, 0.8, 0.7, 0.6, 0.3])
    return face


def test_the_canonical_face_is_symmetric_upright_and_closed():
    canonical = canonical_face()
    np.testing.assert_allclose(canonical[list(MIRROR)] * [-1, 1, 1], canonical, atol=1e-6)
    np.testing.assert_allclose(canonical[45] - canonical[36], [1, 0, 0], atol=1e-6)
    assert abs(canonical[62, 1] - canonical[66, 1]) < 1e-6
    assert not canonical.flags.writeable


def test_mirror_is_an_involution_over_all_points():
    order = np.array(MIRROR)
    assert sorted(order) == list(range(68))
    np.testing.assert_array_equal(order[order], np.arange(68))


def test_rotations_survive_the_way_to_matrices_and_back():
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(0, 0.8, (50, 3)), np.zeros((1, 3)), [[1e-9, 0, 0]]])
    matrices = rotation_matrix(vectors)
    np.testing.assert_allclose(
        matrices @ matrices.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (52, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(axis_angle(matrices), vectors, atol=1e-9)


def test_openings_and_widths_are_shares_of_the_eye_distance():
    points = canonical_face().copy()
    points[66, 1] += 0.2
    assert mouth_opening(points * 37) == pytest.approx(0.2, abs=1e-3)
    assert mouth_width(points * 37) == pytest.approx(0.58, abs=1e-3)
    assert 0.2 < eye_opening(points) < 0.45


def test_the_gap_is_the_widest_and_none_where_lips_touch_or_overlap():
    face = parted(0.1)
    face[65, 1] += 0.05
    assert lip_gap(face) == pytest.approx(0.15, abs=1e-3)
    assert lip_gap(parted(-0.01)) == 0.0
    assert not lip_closing(parted(-0.01))[:, 1].any()


def test_parted_lips_meet_and_the_jaw_follows():
    face = parted(0.2)
    move = lip_closing(face)
    moved = face + move
    np.testing.assert_allclose(moved[[61, 62, 63], 1], moved[[67, 66, 65], 1], atol=1e-6)
    assert moved[8, 1] < face[8, 1] - 0.08
    assert not move[17:48].any()


def test_a_gap_in_depth_closes_too():
    face = parted(0.1)
    face[[65, 66, 67], 2] += 0.05
    assert mouth_opening(face) > 0.11
    assert mouth_opening(face + lip_closing(face)) < 1e-6
