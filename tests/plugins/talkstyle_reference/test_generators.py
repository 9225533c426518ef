"""Both generators: shapes, seeds, streams equal to whole files, causality, frozen statistics."""

import numpy as np
import pytest
import torch

from sdk.generation import MotionStream, aligned, generate
from talkstyle_reference.generators import LstmGenerator, TcnGenerator

BOTH = pytest.mark.parametrize("kind", [LstmGenerator, TcnGenerator])
CPU = torch.device("cpu")


def sound(frames, *, seed=0):
    return np.random.default_rng(seed).standard_normal((frames, 160)).astype(np.float32)


@BOTH
def test_it_keeps_the_contract(kind):
    generator = kind()
    assert (generator.features, generator.encoder, generator.lookahead) == (160, "mel", 18)
    expression, pose, _ = generator(torch.zeros(2, 5, 160))
    assert expression.shape == (2, 5, 68, 3)
    assert pose.shape == (2, 5, 6)
    assert not generator.training


@BOTH
@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_a_stream_equals_the_whole(kind, chunk):
    generator, features = kind(), sound(150)
    whole = generate(generator, features, device=CPU)
    stream = MotionStream(generator, device=CPU)
    pieces = [stream.push(features[at : at + chunk]) for at in range(0, len(features), chunk)] + [stream.finish()]
    np.testing.assert_allclose(np.concatenate([p.expression for p in pieces]), whole.expression, atol=2e-5)
    np.testing.assert_allclose(np.concatenate([p.pose for p in pieces]), whole.pose, atol=2e-5)


@BOTH
def test_what_flickers_from_frame_to_frame_is_damped(kind):
    generator = kind(None)
    flicker = torch.zeros(1, 200, 210)
    flicker[:, ::2] = 1.0
    made, _, _ = generator._motion(flicker, None)
    assert made[:, 5:].std() < 1e-6
    raw = [generator._motion(torch.full((1, 9, 210), v), None)[0] for v in (1.0, 2.0)]
    torch.testing.assert_close(raw[1], 2 * raw[0])  # what does not flicker stays


@BOTH
def test_it_depends_on_its_lookahead_and_nothing_later(kind):
    generator = kind(None)
    features = torch.zeros(1, 120, 160)
    changed = features.clone()
    changed[:, 60] = 3.0
    before, after = (aligned(generator, f)[0] for f in (features, changed))
    moved = (before - after).abs().amax(dim=(0, 2, 3)) > 1e-7
    assert int(moved.nonzero()[0]) == 60 - generator.lookahead


@BOTH
def test_seeds_make_the_weights_and_leave_the_global_ones_alone(kind):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    a, b, c = (kind(None, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.rand(1), expected)
    same = [torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True)]
    other = [torch.equal(x, y) for x, y in zip(a.parameters(), c.parameters(), strict=True)]
    assert all(same)
    assert not all(other)


@BOTH
def test_every_parameter_can_be_fitted(kind):
    generator = kind()
    expression, pose = aligned(generator, torch.from_numpy(sound(150))[None])
    (expression.square().mean() + pose.square().mean()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in generator.parameters())


def test_the_lstms_statistics_stay_frozen_in_a_fit():
    generator = LstmGenerator().train()
    before = {name: value.clone() for name, value in generator.named_buffers()}
    generator(torch.from_numpy(sound(30))[None] * 9)
    assert generator.training
    assert all(torch.equal(value, before[name]) for name, value in generator.named_buffers())
