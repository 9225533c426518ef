"""Every form in which a portrait and a sound may come."""

import io

import numpy as np
import PIL.Image
import pytest

from sdk.animation import animate
from sdk.data import Audio
from tests.sdk.animation import fakes

PIXELS = np.random.default_rng(0).integers(0, 255, (241, 321, 4), dtype=np.uint8)
"""Of odd width and height, with alpha; the fake detector finds a small face in it."""

pytestmark = pytest.mark.filterwarnings("ignore:the face is")


def run(portrait, audio):
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": fakes.Renderer()}
    return animate(portrait, audio, detector=fakes.Detector(), device="cpu", **parts)


@pytest.mark.parametrize("form", ["path", "string", "bytes", "file", "array", "pillow"])
def test_portraits(form, tmp_path):
    path = tmp_path / "Ein Bild (größer).png"
    PIL.Image.fromarray(PIXELS).save(path)
    forms = {
        "path": lambda: path,
        "string": lambda: str(path),
        "bytes": path.read_bytes,
        "file": lambda: io.BytesIO(path.read_bytes()),
        "array": lambda: PIXELS,
        "pillow": lambda: PIL.Image.fromarray(PIXELS),
    }
    animation = run(forms[form](), fakes.sound((0.2, 1)))
    frames = list(animation)
    assert animation.size == (321, 241)
    np.testing.assert_array_equal(frames[0][1:], PIXELS[1:, :, :3])


@pytest.mark.parametrize("form", ["path", "bytes", "file", "audio", "stereo", "int16", "video"])
def test_sounds(form, tmp_path):
    sound = fakes.sound((1, 0), (1, 1))
    first = run(PIXELS, sound)
    path = first.save(tmp_path / "spoken.mp4")  # the sound of a video, decoded from AAC
    slow = Audio(np.repeat(sound.samples, 3), 48000)
    forms = {
        "path": lambda: path,
        "video": lambda: str(path),
        "bytes": path.read_bytes,
        "file": lambda: io.BytesIO(path.read_bytes()),
        "audio": lambda: slow,
        "stereo": lambda: (np.stack([sound.samples, sound.samples], axis=1), 16000),
        "int16": lambda: ((sound.samples * 32767).astype(np.int16), 16000),
    }
    animation = run(PIXELS, forms[form]())
    assert len(animation) == len(first) == 50
    opening, expected = (each.motion.expression[:, 66, 1] for each in (animation, first))
    assert np.abs(opening[:19]).max() < 1e-3
    assert opening[30:48].mean() == pytest.approx(expected[30:48].mean(), rel=0.25)
