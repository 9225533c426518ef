import numpy as np
import pytest
import torch

from sdk.animation.stages.bounds import Bounds
from sdk.data import Motion
from talkstyle_warp import folding
from tests.plugins.talkstyle_warp.conftest import determinant, face, motion


def wild(frames=24, size=0.4):
    """Motion of no face, within what ``animate`` lets through."""
    random = np.random.default_rng(3)
    expression, pose = random.normal(size=(frames, 68, 3)), random.normal(size=(frames, 6))
    return Bounds().push(Motion(size * expression, size * pose))


def smallest(renderer, prepared, moved):
    """The smallest determinant of each frame, of skin and mouth."""
    driving = renderer.drive(prepared, moved)
    fields = [prepared.field.displacements(driving), prepared.mouth.field.displacements(driving)]
    return torch.stack([determinant(f.flatten(0, 1)).view(len(moved), -1).amin(dim=1) for f in fields]).amin(dim=0)


@pytest.mark.parametrize("seed_of", [lambda: face(), lambda: face(opening=0.15)], ids=["closed", "parted"])
def test_whatever_the_motion_nothing_folds(renderer, seed_of, monkeypatch):
    prepared, moved = renderer.prepare(seed_of()), wild()
    assert smallest(renderer, prepared, moved).min() > 0
    monkeypatch.setattr(folding, "PASSES", ())
    assert smallest(renderer, prepared, moved).min() < 0


def test_ordinary_motion_is_left_as_it_is_and_growing_motion_is_held_softly(renderer):
    prepared = renderer.prepare(face())
    openings = np.linspace(0, 1.2, 61)
    chins = np.array([renderer.landmarks(prepared, motion(opening=x))[0, 8, 1] for x in openings])
    steps = np.diff(chins)
    free = steps[openings[1:] < 0.3]
    np.testing.assert_allclose(free, free[0], rtol=1e-4)
    assert (steps > -1e-3 * free[0]).all()
    assert steps[-1] < 0.5 * free[0]


def test_frames_are_held_one_by_one(renderer):
    prepared, moved = renderer.prepare(face()), wild(6)
    together = renderer.drive(prepared, moved).inputs
    alone = torch.cat([renderer.drive(prepared, moved[k : k + 1]).inputs for k in range(6)])
    torch.testing.assert_close(together, alone)
    joined = Motion.concat([motion(opening=0.1), Motion(moved.expression, moved.pose, motion().rate)])
    torch.testing.assert_close(
        renderer.drive(prepared, joined).inputs[0], renderer.drive(prepared, motion(opening=0.1)).inputs[0]
    )
