"""Windows and timestamps, through networks whose right answers are known."""

import math

import numpy as np
import pytest

from talkstyle_transformers.windows import Plan, WindowStream

RATE = 16_000
PLAN = Plan(rate=RATE, stride=320, field=400, chunk=10, context=3)


def middles(samples):
    """The feature of a stretch is the mean of its samples; of a ramp, that is the time of its middle."""
    count = PLAN.features(len(samples))
    return np.stack([samples[320 * k : 320 * k + 400].mean(keepdims=True) for k in range(count)])


def joined(samples, sizes, listen=middles, plan=PLAN):
    stream, start, parts = WindowStream(plan, listen, 1), 0, []
    while start < len(samples):
        size = sizes[len(parts) % len(sizes)]
        parts.append(stream.push(samples[start : start + size]))
        start += size
    return np.concatenate([*parts, stream.finish()])


def ramp(count):
    return (np.arange(count) / RATE).astype(np.float32)


@pytest.mark.parametrize("count", [400, 719, 720, 1601, 16_000, 40_123])
def test_frames_stand_at_their_times(count):
    frames = joined(ramp(count), [count])
    times = np.arange(math.ceil(count * 60 / RATE)) / 60
    first, last = 199.5 / RATE, (320 * (PLAN.features(count) - 1) + 199.5) / RATE
    assert frames.shape == (len(times), 1)
    # A sample's own time is its beginning, a stretch's middle lies half a sample later.
    np.testing.assert_allclose(frames[:, 0], np.clip(times - 0.5 / RATE, first, last), atol=2e-6)


@pytest.mark.parametrize("count", [0, 1, 100, 399])
def test_short_sounds_have_their_frames(count):
    frames = joined(np.ones(count, np.float32), [50])
    assert frames.shape == (math.ceil(count * 60 / RATE), 1)


@pytest.mark.parametrize("sizes", [[1], [100], [719, 1], [5000, 33], [16_000]])
def test_pieces_make_no_difference(sizes):
    sound = np.random.default_rng(0).standard_normal(3000 if sizes == [1] else 41_000).astype(np.float32)
    np.testing.assert_array_equal(joined(sound, sizes), joined(sound, [len(sound)]))


def test_windows_are_bounded_and_the_same_for_streams():
    heard = []

    def note(samples):
        heard.append(len(samples))
        return middles(samples)

    joined(np.zeros(200_000, np.float32), [1000], note)
    longest = 320 * (PLAN.chunk + 2 * PLAN.context - 1) + 400
    assert max(heard) == longest
    assert heard.count(longest) >= len(heard) - 3


def test_memory_does_not_grow():
    stream = WindowStream(PLAN, middles, 1)
    for _ in range(200):
        stream.push(np.zeros(4000, np.float32))
        assert len(stream._samples) < 320 * (PLAN.chunk + 2 * PLAN.context) + 400 + 4000
        assert len(stream._features) < 3 * PLAN.chunk + 10


def test_context_is_heard_and_thrown_away():
    # A network that tells how far a stretch lies from its window's ends: no kept feature may lie at an inner end.
    def ends(samples):
        count = PLAN.features(len(samples))
        return np.minimum(np.arange(count), np.arange(count)[::-1])[:, None].astype(np.float32)

    whole = joined(np.zeros(64_000, np.float32), [64_000], ends)
    inside = whole[10:-10]
    assert inside.min() >= PLAN.context
    assert whole[0, 0] == 0


@pytest.mark.parametrize("plan", [PLAN, Plan(rate=RATE, stride=320, field=400, chunk=1, context=0)])
def test_the_lookahead_is_enough_and_hardly_too_much(plan):
    sound = np.random.default_rng(1).standard_normal(32_000).astype(np.float32)

    def mixes(samples):
        count = plan.features(len(samples))
        return np.full((count, 1), samples[: 320 * (count - 1) + 400].sum(), np.float32)

    whole = joined(sound, [32_000], mixes, plan)
    for frame in range(60):
        stream = WindowStream(plan, mixes, 1)
        certain = stream.push(sound[: math.ceil((frame / 60 + plan.lookahead) * RATE)])
        assert len(certain) > frame
        np.testing.assert_array_equal(certain, whole[: len(certain)])
    late = [
        len(WindowStream(plan, mixes, 1).push(sound[: math.ceil((frame / 60 + plan.lookahead - 0.04) * RATE)])) <= frame
        for frame in range(60)
    ]
    assert any(late)
