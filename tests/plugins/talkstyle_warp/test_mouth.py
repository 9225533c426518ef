from __future__ import annotations

import numpy as np

from talkstyle_warp.fitted_face import fit_face
from talkstyle_warp.mouth import lip_tone, paint_interior, tooth_tone
from talkstyle_warp.rig import FaceRig

from .conftest import face


def layers():
    portrait = face()
    rig = FaceRig(fit_face(portrait.landmarks), portrait.pixels)
    places = np.stack(np.meshgrid(np.arange(256.0), np.arange(256.0)), axis=-1)
    return rig, places, paint_interior(portrait.pixels, rig.face, rig.mouth, places)


def test_teeth_are_bright_the_dark_is_dark_and_lips_have_their_colour():
    portrait = face()
    tooth, lip = (tone(portrait.pixels, portrait.landmarks.points) for tone in (tooth_tone, lip_tone))
    assert tooth.min() > 90
    assert tooth.max() - tooth.min() < 90
    assert lip[0] > lip[1]
    assert layers()[2].cavity.max() < 60


def test_a_dark_portrait_has_darker_teeth():
    portrait = face()
    points = portrait.landmarks.points
    assert tooth_tone(portrait.pixels // 3, points).mean() < 0.6 * tooth_tone(portrait.pixels, points).mean()


def test_upper_teeth_stand_above_the_seam_and_lower_teeth_below():
    rig, places, interior = layers()
    across = rig.mouth.coordinates(places)[..., 1] / rig.face.unit
    upper, lower = (layer[..., 3] > 0.5 for layer in (interior.upper, interior.lower))
    assert upper.any()
    assert across[upper].max() < 0.06
    assert across[upper].min() < -0.05
    assert across[lower].max() > 0.05


def test_lower_teeth_reach_just_above_the_lip_in_front_of_them():
    rig, places, interior = layers()
    local = rig.mouth.coordinates(places) / rig.face.unit
    middle = np.abs(local[..., 0]) < 0.05
    across = local[..., 1] - rig.mouth.edge(1, rig.mouth.coordinates(places)[..., 0]) / rig.face.unit
    whole, edge, tongue = (
        interior.lower[middle & (np.abs(across - place) < 0.007)].mean(axis=0) for place in (0.02, -0.006, -0.06)
    )
    # Teeth are less red than the tongue behind them.
    assert whole[1] / whole[0] > 0.8
    assert edge[1] / edge[0] > tongue[1] / tongue[0] + 0.1


def test_eyes_outside_the_picture_do_no_harm():
    portrait = face()
    points = portrait.landmarks.points + np.array([0, -400, 0], np.float32)
    assert np.isfinite(tooth_tone(portrait.pixels, points)).all()
