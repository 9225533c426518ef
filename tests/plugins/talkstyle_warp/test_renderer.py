from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from sdk.data import Landmarks, Motion, Portrait
from sdk.drawing import drawn_face
from sdk.errors import ConfigError, DeviceError, FaceUnreliable
from sdk.geometry import mouth_opening
from talkstyle_warp.renderer import WarpRenderer
from talkstyle_warp.retarget import ROTATION_LIMIT

from .conftest import crop, determinant, face, motion

TURNED = motion(opening=0.15, blink=0.8, pose=(0.1, -0.15, 0.1, 0.05, 0.03, 0.0))


def only(renderer: WarpRenderer, portrait: Portrait, moved) -> np.ndarray:
    (frame,) = renderer.render(renderer.prepare(portrait), [moved])
    return frame


@pytest.mark.parametrize("cubic", [False, True])
def test_a_closed_mouth_at_rest_is_the_portrait_bit_for_bit(cubic):
    portrait = face()
    assert np.array_equal(only(WarpRenderer("cpu", cubic=cubic), portrait, motion()), portrait.pixels)


@pytest.mark.parametrize(("left", "top", "width", "height"), [(3, 5, 237, 249), (60, 40, 151, 199), (40, 0, 177, 256)])
def test_any_size_even_where_the_face_is_cut_by_the_border(renderer, left, top, width, height):
    portrait = crop(face(), left, top, width, height)
    assert np.array_equal(only(renderer, portrait, motion()), portrait.pixels)
    frame = only(renderer, portrait, TURNED)
    assert frame.shape == (height, width, 3)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.array_equal(frame[edge], portrait.pixels[edge])


def test_a_large_picture_changes_only_around_the_face(renderer):
    small = face()
    pixels = np.full((900, 1100, 3), 90, np.uint8)
    pixels[300:556, 400:656] = small.pixels
    portrait = Portrait(pixels, Landmarks(small.landmarks.points + np.array([400, 300, 0], np.float32)))
    frame = only(renderer, portrait, TURNED)
    changed = np.argwhere((frame != pixels).any(-1))
    assert len(changed)
    assert (changed.min(0) > 100).all()
    assert (changed.max(0) < (860, 960)).all()
    left, top, right, bottom = renderer.region(renderer.prepare(portrait))
    assert (left, top) <= tuple(changed.min(0)[::-1])
    assert tuple(changed.max(0)[::-1]) < (right, bottom)
    assert (right - left) * (bottom - top) < pixels[..., 0].size / 3


def test_the_same_input_gives_the_same_bits_whatever_the_chunk(renderer):
    portrait, moved = face(), motion(5, opening=0.2, blink=0.3, pose=(0.1, 0.1, 0.05, 0.02, 0.0, 0.0))
    first = list(renderer.render(renderer.prepare(portrait), [moved]))
    second = list(WarpRenderer("cpu").render(renderer.prepare(portrait), [moved[:2], moved[2:]]))
    assert len(first) == len(second) == 5
    for a, b in zip(first, second, strict=True):
        assert int(np.abs(a.astype(int) - b).max()) <= 1
    again = list(renderer.render(renderer.prepare(portrait), [moved]))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_alpha_is_kept_and_travels_with_the_head(renderer):
    portrait = face(alpha=True)
    still = only(renderer, portrait, motion())
    assert np.array_equal(still[..., :3], portrait.pixels)
    assert np.array_equal(still[..., 3], portrait.alpha)
    turned = only(renderer, portrait, motion(pose=(0, 0, 0.15, 0.1, 0, 0)))
    assert (turned[..., 3] != portrait.alpha).any()
    opened = only(renderer, portrait, motion(opening=0.2))
    x, y = np.mean(portrait.landmarks.points[[62, 66], :2], axis=0).astype(int)
    assert opened[y + 4, x, 3] == 255


def test_landmarks_without_depth_serve_too(renderer):
    portrait = face()
    flat = Landmarks(portrait.landmarks.points * np.array([1, 1, 0], np.float32), depth=False)
    flat_portrait = Portrait(portrait.pixels, flat)
    assert np.array_equal(only(renderer, flat_portrait, motion()), portrait.pixels)
    with_depth, without = (only(renderer, p, TURNED).astype(int) for p in (portrait, flat_portrait))
    assert np.abs(with_depth - without).mean() < 6


def test_an_open_mouth_is_closed_at_rest_or_left_open(renderer):
    portrait = face(opening=0.2)
    prepared = renderer.prepare(portrait)
    closed = renderer.landmarks(prepared, motion())[0]
    assert mouth_opening(portrait.landmarks.points) > 0.15
    assert mouth_opening(closed) < 0.02
    frame = only(renderer, portrait, motion())
    middle = np.mean(portrait.landmarks.points[[62, 66], :2], axis=0).astype(int)
    changed = np.abs(frame.astype(int) - portrait.pixels).sum(-1)
    assert changed[middle[1] - 2 : middle[1] + 3, middle[0]].max() > 30
    brow = int(portrait.landmarks.points[17:27, 1].max())
    assert np.array_equal(frame[:brow], portrait.pixels[:brow])
    kept = only(WarpRenderer("cpu", rest="portrait"), portrait, motion())
    assert np.array_equal(kept, portrait.pixels)


@pytest.mark.parametrize("opening", [0.0, 0.1])
def test_nothing_shows_behind_the_lips_beyond_the_corners_of_a_mouth(renderer, monkeypatch, opening):
    def green(self, driving, skull, *rest):
        return torch.tensor([0.0, 255.0, 0.0]).view(1, 3, 1, 1).expand(len(skull), -1, *skull.shape[2:])

    monkeypatch.setattr("talkstyle_warp.patches.MouthPatch._interior", green)
    portrait = face(384, opening=0.3)
    prepared = renderer.prepare(portrait)
    (frame,) = renderer.render(prepared, [motion(opening=opening)])
    first, last = renderer.landmarks(prepared, motion(opening=opening))[0, [60, 64], 0]
    shown = np.argwhere(frame[..., 1].astype(int) - frame[..., ::2].max(axis=-1) > 20)[:, 1]
    assert not ((shown < first - 2) | (shown > last + 2)).any()
    assert len(shown) > 50 or opening == 0.0


@pytest.mark.parametrize("point", [8, 33, 19, 57])
def test_what_is_painted_on_a_landmark_goes_where_the_landmark_is_meant_to_go(renderer, point):
    source = face(384)
    pixels = np.full_like(source.pixels, 128)
    x, y = (round(float(v)) for v in source.landmarks.points[point, :2])
    pixels[y - 2 : y + 3, x - 2 : x + 3] = 255
    portrait = Portrait(pixels, source.landmarks)
    moved = motion(opening=0.15, pose=(0.08, 0.1, -0.1, 0.05, 0.02, 0.0))
    prepared = renderer.prepare(portrait)
    (frame,) = renderer.render(prepared, [moved])
    weight = np.clip(frame[..., 1].astype(float) - 150, 0, None)
    ys, xs = np.mgrid[: frame.shape[0], : frame.shape[1]]
    found = np.array([(xs * weight).sum(), (ys * weight).sum()]) / weight.sum()
    meant = renderer.landmarks(prepared, moved)[0, point, :2]
    assert np.linalg.norm(found - meant) < 0.012 * portrait.landmarks.width
    assert np.linalg.norm(meant - (x, y)) > 0.02 * portrait.landmarks.width


def test_a_blink_covers_the_eyes_with_lid_and_moves_nothing_else(renderer):
    portrait = face()
    frame = only(renderer, portrait, motion(blink=1.0))
    points = portrait.landmarks.points
    for eye in (slice(36, 42), slice(42, 48)):
        x, y = points[eye, :2].mean(0).round().astype(int)
        skin = portrait.pixels[int(points[29, 1]), int(points[29, 0])].astype(int)
        before, after = (np.abs(p[y, x].astype(int) - skin).sum() for p in (portrait.pixels, frame))
        assert after < before
    below = int(points[33, 1])
    assert np.array_equal(frame[below:], portrait.pixels[below:])
    brows = np.rint(points[17:27, :2]).astype(int)
    for x, y in brows:
        near = np.s_[y - 8 : y + 3, x - 3 : x + 4]
        # The window of an eye is blended in, which rounds.
        assert int(np.abs(frame[near].astype(int) - portrait.pixels[near]).max()) <= 1


def test_a_wink_closes_one_eye(renderer):
    portrait = face()
    winking = motion(blink=1.0).expression.copy()
    winking[:, 36:42] = 0.0
    frame = only(renderer, portrait, Motion(winking, np.zeros((1, 6), np.float32), motion().rate))
    middle = int(portrait.landmarks.points[27, 0])
    assert np.array_equal(frame[:, :middle], portrait.pixels[:, :middle])
    assert np.array_equal(frame[:, middle:], only(renderer, portrait, motion(blink=1.0))[:, middle:])


def test_an_open_mouth_shows_what_is_behind_the_lips(renderer):
    portrait = face(384)
    frame = only(renderer, portrait, motion(opening=0.3))
    points = portrait.landmarks.points
    x, y = points[[62, 66], :2].mean(0)
    column = frame[int(y) : int(y + 0.25 * np.linalg.norm(points[45] - points[36])), int(x)].astype(float).sum(-1)
    skin = float(portrait.pixels[int(points[33, 1]) + 4, int(points[33, 0])].astype(float).sum())
    assert column.min() < 0.45 * skin


def folds(renderer, portrait, rotations) -> list[tuple[float, ...]]:
    """The rotations (degrees) at which the field of a talking face folds."""
    prepared = renderer.prepare(portrait)
    angles = np.deg2rad(np.array(list(rotations), dtype=np.float64))
    # The limit on the head is undone, so that it really turns that far.
    asked = ROTATION_LIMIT * np.arctanh(np.clip(angles / ROTATION_LIMIT, -0.999999, 0.999999))
    poses = [motion(opening=0.2, pose=(*rotation, 0.0, 0.0, 0.0)) for rotation in asked]
    moved = Motion(
        np.concatenate([m.expression for m in poses]), np.concatenate([m.pose for m in poses]), poses[0].rate
    )
    driving = renderer.drive(prepared, moved)
    np.testing.assert_allclose(prepared.retargeter.pose(moved.pose)[:, :3], angles, atol=1e-3)
    least = determinant(prepared.field.displacements(driving)[:, 0]).amin((1, 2))
    return [tuple(np.rad2deg(a).round()) for a, value in zip(angles, least.tolist(), strict=True) if value <= 0.0]


TWELVE = list(product((-12, 0, 12), repeat=3))
TWENTY = [tuple(sign * 20 * row) for row in np.eye(3) for sign in (-1, 1)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_folds_within_twelve_degrees_about_all_axes_nor_at_twenty_about_any(renderer, seed):
    assert folds(renderer, drawn_face(256, seed=seed), TWELVE + TWENTY) == []


@pytest.mark.parametrize(("left", "top", "width", "height"), [(60, 40, 151, 199), (40, 0, 177, 256)])
def test_nothing_folds_at_the_border_of_a_tightly_cut_portrait(renderer, left, top, width, height):
    assert folds(renderer, crop(face(), left, top, width, height), TWELVE + TWENTY) == []


def test_every_landmarks_pixels_go_where_the_landmark_is_meant_to_go(renderer):
    portrait = face(384)
    prepared = renderer.prepare(portrait)
    rig, points = prepared.rig, prepared.rig.face.points[:, :2]
    moved = motion(opening=0.2, pose=(0.15, -0.2, 0.1, 0.03, 0.02, 0.0))
    driving, places = renderer.drive(prepared, moved), rig.places(points)
    inputs, turn = driving.inputs[0].numpy(), driving.turn[0].numpy()
    upper, lower, joined = (points_field @ inputs for points_field in rig.skin(points))
    lips, chin = [49, 50, 51, 52, 53, 61, 62, 63], [55, 56, 57, 58, 59, 65, 66, 67, *range(6, 11)]
    joined[lips], joined[chin] = upper[lips], lower[chin]
    head = rig.head(places)[:, None] * ((places + joined) @ turn.T + driving.travel.numpy())
    chin_way = rig.torso(places)[:, None] * driving.chin.numpy()
    found = points + (joined + head + chin_way) @ rig.face.camera[:2].T
    meant = renderer.landmarks(prepared, moved)[0, :, :2]
    error = np.linalg.norm(found - meant, axis=1) / portrait.landmarks.width
    assert error.mean() < 0.002
    assert error.max() < 0.015
    assert np.linalg.norm(meant - points, axis=1).mean() > 0.05 * portrait.landmarks.width


def test_frames_come_one_by_one_from_endless_motion(renderer):
    def endless():
        while True:
            yield motion(4, opening=0.1)

    frames = renderer.render(renderer.prepare(face()), endless())
    first, second = next(frames), next(frames)
    assert first is not second
    assert np.array_equal(first, second)


def test_cubic_resampling_is_no_softer():
    portrait, moved = face(), motion(pose=(0, 0, 0.05, 0.013, 0.007, 0))
    linear, cubic = (only(WarpRenderer("cpu", cubic=cubic), portrait, moved).astype(float) for cubic in (False, True))
    assert np.abs(np.diff(cubic, axis=0)).mean() > np.abs(np.diff(linear, axis=0)).mean()


def test_landmarks_that_make_no_face_are_refused(renderer):
    line = np.zeros((68, 3), np.float32)
    line[:, 0] = np.arange(68)
    for points in (line, np.full((68, 3), 50, np.float32)):
        with pytest.raises(FaceUnreliable, match="no face"):
            renderer.prepare(Portrait(face().pixels, Landmarks(points)))


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(ConfigError, match="rest="):
        WarpRenderer("cpu", rest="ajar")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="chunk="):
        WarpRenderer("cpu", chunk=0)
    with pytest.raises(DeviceError):
        WarpRenderer("abacus")


def test_rendering_leaves_the_callers_settings_alone(renderer):
    torch.set_num_threads(3)
    frames = renderer.render(renderer.prepare(face()), [motion(2)])
    next(frames)
    assert torch.get_num_threads() == 3
    assert torch.is_grad_enabled()
