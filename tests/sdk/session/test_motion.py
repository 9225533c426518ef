"""Endless motion: like that of the whole sound, and without a jump where style or course change."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from sdk.data import Controls, Motion
from sdk.errors import ComponentBroken
from sdk.generation import MotionStream
from sdk.session.motion import FADE_FRAMES, LiveMotion, StyleStream
from tests.sdk.animation.fakes import RATE, Encoder, Generator
from tests.sdk.fakes import TinyGenerator
from tests.sdk.session.sessions import speech

CPU, FPS = torch.device("cpu"), Fraction(25)


def features(frames, seed=0):
    return np.random.default_rng(seed).standard_normal((frames, 8)).astype(np.float32)


def of(generator, heard):
    return MotionStream(generator, device=CPU).push(heard)


def pushed(stream, heard, sizes=(3, 2, 2, 7)):
    pieces, at = [Motion.empty()], 0
    while at < len(heard):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream.push(heard[at : at + size]))
        at += size
    return Motion.concat(pieces)


def test_without_a_change_it_is_the_generators_motion():
    generator, heard = TinyGenerator().eval(), features(400)
    np.testing.assert_allclose(
        pushed(StyleStream(generator, device=CPU), heard).expression, of(generator, heard).expression, atol=1e-6
    )


@pytest.mark.parametrize("young", [2, 10, 400])
def test_a_change_passes_evenly_from_one_to_the_other(young):
    old, new = TinyGenerator(seed=0).eval(), TinyGenerator(seed=1).eval()
    heard = features(young + 200)
    stream = StyleStream(old, device=CPU)
    before = pushed(stream, heard[:young])
    stream.change(new)
    after = pushed(stream, heard[young:])
    whole = Motion.concat([before, after]).expression
    own, other = of(old, heard).expression, of(new, heard).expression
    assert len(whole) == len(own)
    end = len(before) + FADE_FRAMES
    np.testing.assert_allclose(whole[: len(before)], own[: len(before)], atol=1e-6)
    np.testing.assert_allclose(whole[end:], other[end:], atol=1e-4)
    share = (1 + np.arange(FADE_FRAMES)[:, None, None]) / FADE_FRAMES
    between = own + 0
    between[len(before) : end] += share * (other - own)[len(before) : end]
    np.testing.assert_allclose(whole[len(before) : end], between[len(before) : end], atol=1e-4)


def test_a_change_during_a_change_waits_for_its_end_and_the_last_one_counts():
    styles = [TinyGenerator(seed=seed).eval() for seed in range(3)]
    heard = features(500)
    stream = StyleStream(styles[0], device=CPU)
    pieces = [pushed(stream, heard[:200])]
    for style in (styles[1], styles[2], styles[1], styles[2]):
        stream.change(style)
        pieces.append(pushed(stream, heard[200 + 3 * len(pieces) - 3 : 200 + 3 * len(pieces)]))
    pieces.append(pushed(stream, heard[212:]))
    whole = Motion.concat(pieces).expression
    np.testing.assert_allclose(whole[300:], of(styles[2], heard).expression[300:], atol=1e-4)
    own = [of(style, heard).expression for style in styles]
    most = max(np.abs(np.diff(one, axis=0)).max() for one in own)
    apart = max(np.abs(one - own[0]).max() for one in own) + np.abs(own[1] - own[2]).max()
    assert np.abs(np.diff(whole, axis=0)).max() < most + apart / FADE_FRAMES


def test_pieces_change_nothing():
    sound, taken = speech(2), []
    for size in (len(sound), 267, 1600):
        motion = LiveMotion(Encoder(), Generator(), device=CPU, controls=Controls(), seed=0, rate=RATE, fps=FPS)
        for at in range(0, len(sound), size):
            motion.push(sound[at : at + size])
        frames = []
        while (frame := motion.take()) is not None:
            frames.append(frame)
        taken.append(Motion.concat(frames))
    for other in taken[1:]:
        assert len(other) == len(taken[0])
        np.testing.assert_allclose(other.expression, taken[0].expression, atol=1e-6)
        np.testing.assert_allclose(other.pose, taken[0].pose, atol=1e-6)


def test_an_encoder_that_miscounts_is_told_before_memory_runs_out():
    class Fast(Encoder):
        def stream(self):
            inner = super().stream()

            class Twice:
                def push(self, samples):
                    return np.repeat(inner.push(samples), 2, axis=0)

                finish = inner.finish

            return Twice()

    motion = LiveMotion(Fast(), Generator(), device=CPU, controls=Controls(), seed=0, rate=RATE, fps=FPS)
    for _ in range(10):
        motion.push(speech(0.5))
    with pytest.raises(ComponentBroken, match="60 frames a second"):
        motion.push(speech(20))
