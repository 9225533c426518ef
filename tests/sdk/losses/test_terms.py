import numpy as np
import pytest
import torch

from sdk import face
from sdk.losses import (
    LOSS_SCALE,
    amplitude_gap,
    compose,
    gradient_penalty,
    moment_gap,
    style_gap,
    timing,
    to_loss_units,
)
from sdk.losses.style import Moments
from sdk.losses.timing import reconstruction
from tests.sdk.fakes import TinyNet, talking


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def no_graph(request):
    """Terms are looked at here, not followed; L_r alone needs a graph inside."""
    with torch.set_grad_enabled("penalty" in request.node.name or "gradient" in request.node.name):
        yield


def phi(frames=200, **style):
    expression, pose = talking(frames, **style)
    return to_loss_units(compose(torch.tensor(expression)[None], torch.tensor(pose)[None]))


def test_composing_tensors_is_composing_arrays():
    expression, pose = talking(30)
    pose = pose + np.float32(0.2)
    expected = face.compose(expression, pose).reshape(30, 204)
    np.testing.assert_allclose(
        compose(torch.tensor(expression)[None], torch.tensor(pose)[None])[0], expected, atol=1e-5
    )


def test_the_gradient_is_finite_at_a_head_at_rest():
    pose = torch.zeros(1, 2, 6, requires_grad=True)
    compose(torch.zeros(1, 2, 68, 3), pose).square().sum().backward()
    assert torch.isfinite(pose.grad).all()
    assert pose.grad.abs().sum() > 0


def test_style_gap_is_zero_for_the_same_frames_in_another_order():
    net, frames = TinyNet(), phi()
    assert float(style_gap(net, frames, frames.flip(1))) == pytest.approx(0, abs=1e-9)
    assert float(style_gap(net, frames, phi(opening=0.3))) > 1e-4


def test_gradient_penalty_is_zero_where_the_jacobian_has_norm_one():
    """For f = A x the penalty is (||A||_F - 1)^2, as far as one probe can tell."""

    class Linear(torch.nn.Module):
        def __init__(self, weight):
            super().__init__()
            self.weight = weight

        def forward(self, x):
            return x @ self.weight.T

    weight = torch.randn(256, 204, generator=rng())
    frames = phi()
    one = gradient_penalty(Linear(weight / weight.norm()), frames, frames, rng=rng())
    none = gradient_penalty(Linear(torch.zeros(256, 204)), frames, frames, rng=rng())
    three = gradient_penalty(Linear(3 * weight / weight.norm()), frames, frames, rng=rng())
    assert float(one.detach()) < 0.02
    assert float(none.detach()) == pytest.approx(1, abs=1e-3)
    assert float(three.detach()) == pytest.approx(4, rel=0.1)


def test_moments_see_level_and_spread_and_not_order():
    frames = phi()
    assert float(moment_gap(frames, frames.flip(1))) == pytest.approx(0, abs=1e-8)
    assert float(moment_gap(frames + 1, frames)) == pytest.approx(1, rel=1e-3)
    centred = frames - frames.mean((0, 1))
    wide = moment_gap(3 * centred, centred)
    narrow = moment_gap(2 * centred, centred)
    assert float(wide) == pytest.approx(4 * float(narrow), rel=0.01)


def test_moments_may_be_given_and_their_gradient_is_that_of_the_variance():
    frames = phi().requires_grad_()
    given, taken = moment_gap(frames, Moments.of(frames + 1)), moment_gap(frames, frames + 1)
    assert float(given.detach()) == float(taken.detach())
    weight = torch.arange(204.0)
    (mine,) = torch.autograd.grad((Moments.of(frames).variance * weight).sum(), frames)
    (theirs,) = torch.autograd.grad((frames.flatten(0, 1).var(0, unbiased=False) * weight).sum(), frames)
    assert torch.allclose(mine, theirs, atol=1e-4)
    assert theirs.abs().max() > 0.1


def test_reconstruction_leaves_unseen_frames_out():
    frames = phi()
    wrong = frames.clone()
    wrong[:, 50:] += 5
    weight = torch.ones(1, 200)
    assert float(reconstruction(wrong, frames, weight)) > 1
    weight[:, 50:] = 0
    assert float(reconstruction(wrong, frames, weight)) == 0


def test_timing_frees_level_and_amplitude_but_not_the_course():
    frames = phi()
    assert float(timing(2 * frames + 1, frames)) == pytest.approx(0, abs=1e-3)
    assert float(timing(frames.roll(40, 1), frames)) > 0.05


def test_timing_holds_coordinates_that_the_base_leaves_still():
    """Left free, a still coordinate is where a style loss cheats."""
    frames = phi()
    still = int(frames.std((0, 1)).argmin())
    cheat = frames.clone()
    cheat[..., still] += 3 * torch.sin(torch.arange(200.0))
    assert float(timing(cheat, frames)) > float(timing(frames, frames)) + 1e-3


def test_amplitude_weighs_half_like_double():
    course = torch.sin(torch.arange(300.0))[None, :, None] * LOSS_SCALE
    assert float(amplitude_gap(course / 2, course)) == pytest.approx(float(amplitude_gap(course * 2, course)), rel=1e-3)
