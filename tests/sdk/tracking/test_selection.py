import numpy as np
import pytest

from sdk.data import MOTION_RATE
from sdk.errors import ConfigError
from sdk.geometry import canonical_face, mouth_opening, mouth_width
from sdk.tracking import pick, templates
from sdk.tracking.selection import MIN_SECONDS_BETWEEN


def clip_of(*order, hold=60, amount=1.0, seed=0):
    """A mouth that goes from one key motion to the next, and holds each; a little noise."""
    shapes = templates()
    steps = [shapes[name] * amount for name in order]
    course = np.concatenate(
        [np.linspace(a, b, hold, endpoint=False) for a, b in zip(steps, [*steps[1:], steps[-1]], strict=True)]
    )
    return course + np.random.default_rng(seed).normal(size=course.shape) * 0.001


def test_the_templates_are_what_they_are_called():
    faces = {name: canonical_face() + shape for name, shape in templates().items()}
    opening = {name: float(mouth_opening(face)) for name, face in faces.items()}
    width = {name: float(mouth_width(face)) for name, face in faces.items()}
    lips = {name: float(face[57, 1] - face[51, 1]) for name, face in faces.items()}
    assert set(faces) == {"none", "M", "R", "O"}
    assert opening["none"] == pytest.approx(opening["M"], abs=1e-3)
    assert lips["M"] < 0.7 * lips["none"]
    assert 0.05 < opening["R"] < 0.5 * opening["O"]
    assert width["R"] < 0.8 * width["none"]
    assert faces["R"][51, 2] < faces["none"][51, 2]
    with pytest.raises(ValueError, match="read-only"):
        templates()["O"][0] = 1


@pytest.mark.parametrize("amount", [0.5, 1.0, 1.6])
def test_each_key_motion_is_found_where_it_is_shown(amount):
    """People differ in how far they open their mouth; the shape is what is looked for."""
    order = ("none", "O", "M", "R", "none", "O")
    picks = pick(clip_of(*order, amount=amount), np.ones(60 * len(order)), each=1)
    assert [one.template for one in picks] == ["none", "M", "R", "O"]
    for one in picks:
        shown = [k for k, name in enumerate(order) if name == one.template]
        assert min(abs(one.frame - 60 * k) for k in shown) < 30
        assert one.similarity > 0.8
        assert one.time == pytest.approx(one.frame / 60)


def test_picks_are_distinct_moments_and_the_best_come_first():
    picks = pick(clip_of(*("none", "O") * 6), np.ones(720), each=4)
    frames = sorted(one.frame for one in picks)
    assert min(np.diff(frames)) > MIN_SECONDS_BETWEEN * MOTION_RATE
    wide = [one.similarity for one in picks if one.template == "O"]
    assert wide == sorted(wide, reverse=True)
    assert len(wide) == 4


def test_a_badly_seen_frame_gives_way_and_an_unseen_one_is_never_picked():
    mouth = np.concatenate([clip_of("none", "O", "none"), clip_of("none", "O", "none", seed=1)])
    quality = np.ones(len(mouth))
    quality[:180] = 0.2
    assert next(one for one in pick(mouth, quality, each=1) if one.template == "O").frame >= 180
    quality[:180], quality[180:] = 0, 1
    assert all(one.frame >= 180 for one in pick(mouth, quality))
    assert pick(mouth, np.zeros(len(mouth))) == ()


def test_nothing_is_made_up_for_a_key_motion_that_is_not_shown():
    assert {one.template for one in pick(clip_of("none", "O", "none", "O"), np.ones(240))} <= {"none", "O", "M"}
    with pytest.raises(ConfigError, match="each"):
        pick(clip_of("none", "O"), np.ones(120), each=0)
