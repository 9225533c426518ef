import numpy as np
import pytest

from sdk.media.resampling import SoundResampler


def tone(rate, seconds=1.0, hertz=300):
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), [(24_000, 16_000), (44_100, 16_000), (8_000, 24_000), (16_000, 16_000)])
def test_cuts_change_nothing_and_the_length_is_exact(source, target):
    sound, found = tone(source, 1.234), []
    for sizes in ([len(sound)], [1] * 40 + [5, 977] * 1000):
        resampler, pieces, at = SoundResampler(source, target), [], 0
        for size in sizes:
            pieces.append(resampler.push(sound[at : at + size]))
            at += size
        held = round(at * target / source) - sum(map(len, pieces)) if len(sizes) == 1 else 0
        assert held < 0.005 * target
        pieces.append(resampler.finish())
        found.append(np.concatenate(pieces))
        assert len(found[-1]) == round(len(sound) * target / source)
    np.testing.assert_array_equal(*found)
    middle = slice(target // 10, target)
    np.testing.assert_allclose(found[0][middle], tone(target, 1.234)[middle], atol=0.01)


def test_nothing_in_nothing_out():
    resampler = SoundResampler(24_000, 16_000)
    assert len(resampler.push(np.zeros(0, np.float32))) == len(resampler.finish()) == 0
