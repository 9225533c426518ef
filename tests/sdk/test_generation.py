import numpy as np
import pytest
import torch

from sdk.errors import ComponentBroken
from sdk.generation import MotionStream, generate
from tests.sdk.fakes import TinyGenerator

CPU = torch.device("cpu")


@pytest.fixture
def features():
    return np.random.default_rng(1).normal(size=(97, 8)).astype(np.float32)


@pytest.mark.parametrize("chunks", [[97], [1] * 97, [5, 0, 60, 32], [3, 94]])
def test_a_stream_gives_what_the_whole_gives(features, chunks):
    generator = TinyGenerator().eval()
    whole = generate(generator, features, device=CPU)
    stream = MotionStream(generator, device=CPU)
    pieces = [stream.push(part) for part in np.split(features, np.cumsum(chunks)[:-1])] + [stream.finish()]
    assert len(whole) == 97
    np.testing.assert_allclose(np.concatenate([p.expression for p in pieces]), whole.expression, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([p.pose for p in pieces]), whole.pose, atol=1e-6)


def test_late_answers_are_put_in_their_place(features):
    generator = TinyGenerator(lookahead=4).eval()
    whole = generate(generator, features, device=CPU)
    with torch.no_grad():
        raw, _, _ = generator(torch.tensor(features)[None])
    np.testing.assert_allclose(whole.expression[:90], raw[0, 4:94], atol=1e-6)


def test_nothing_in_nothing_out():
    generator = TinyGenerator().eval()
    assert len(generate(generator, np.zeros((0, 8), np.float32), device=CPU)) == 0
    assert len(MotionStream(generator, device=CPU).finish()) == 0


def test_numbers_that_are_not_finite_are_an_error(features):
    generator = TinyGenerator().eval()
    with torch.no_grad():
        generator.out.bias.fill_(float("inf"))
    with pytest.raises(ComponentBroken, match="not finite"):
        generate(generator, features, device=CPU)
