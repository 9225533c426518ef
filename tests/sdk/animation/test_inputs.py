"""Every form in which a portrait and a sound may come."""

import io

import numpy as np
import PIL.Image
import pytest
import torch

from sdk.animation import animate
from sdk.data import Audio
from sdk.errors import ConfigError
from tests.sdk.animation import fakes

PIXELS = np.random.default_rng(0).integers(0, 255, (241, 321, 4), dtype=np.uint8)
"""Of odd width and height, with alpha; the fake detector finds a small face in it."""

pytestmark = pytest.mark.filterwarnings("ignore:the face is")


def run(portrait, audio, **options):
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": fakes.Renderer()}
    return animate(portrait, audio, detector=fakes.Detector(), **{"device": "cpu", **options}, **parts)


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


@pytest.mark.parametrize(
    "options",
    [
        {"strength": np.float32(1), "seed": np.int64(0), "fps": np.float64(25)},
        {"seed": 0.0, "fps": "25", "device": torch.device("cpu")},
        {"controls": {"head": np.float32(1)}, "face": np.int64(0)},
        {"face": [90, 60, 170, 140]},
        {"face": np.array([40.0, 0.0, 170.0, 200.0])},
    ],
)
def test_numbers_are_the_same_in_every_form(options):
    sound = fakes.sound((0.2, 1))
    for frame, other in zip(run(PIXELS, sound, **options), run(PIXELS, sound), strict=True):
        np.testing.assert_array_equal(frame, other)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"strength": "1.5"}, "without quotes|finite number"),
        ({"strength": None}, "finite number"),
        ({"strength": True}, "finite number"),
        ({"style": ["rap"]}, "Give a pack, a name such as rap"),
        ({"style": b"rap"}, "Give a pack, a name such as rap"),
        ({"style": {}}, "at least one style"),
        ({"style": {"rap": "0.5"}}, "the weight of 'rap'"),
        ({"style": {"rap": float("nan")}}, "the weight of 'rap'"),
        ({"fps": [25]}, "29.97"),
        ({"seed": -1}, "whole number from 0"),
        ({"seed": 1.5}, "whole number from 0"),
        ({"controls": {"nose": 1}}, "mouth, brows, blink, head"),
        ({"controls": {"head": "1"}}, "from 0 to 2"),
        ({"face": ("a", 0, 1, 1)}, "largest"),
        ({"face": (0, 0, float("nan"), 1)}, "largest"),
        ({"allow_other_base": "no"}, "True or False"),
        ({"cancel": True}, "CancelToken"),
        ({"on_progress": 5}, "takes one Progress"),
    ],
)
def test_errors_say_what_is_taken(options, said):
    with pytest.raises(ConfigError, match=said):
        run(PIXELS, fakes.sound((0.2, 1)), **options)
