"""The forms that other libraries give sound, pictures and files in."""

import io
import os
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
import torch

from sdk.errors import ConfigError, InputError, MediaError, MediaNotFound, OutputError
from sdk.media import open_audio, read_image, write_image
from sdk.media.forms import picture_list

RATE = 16000
SINE = (0.5 * np.sin(np.arange(RATE) / 10)).astype(np.float32)
STEREO = np.stack([SINE, SINE])
INT16 = (32767 * SINE).astype(np.int16)
PICTURE = np.random.default_rng(0).integers(0, 255, (6, 5, 3), dtype=np.uint8)


class Somewhere(os.PathLike):
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return os.fsencode(self.path)


class Decoder:
    """As torchcodec's."""

    def get_all_samples(self):
        return SimpleNamespace(data=torch.from_numpy(STEREO), sample_rate=RATE)


@pytest.mark.parametrize(
    "sound",
    [
        (RATE, INT16),
        (INT16, RATE),
        (np.int64(RATE), SINE.astype(np.float64)),
        (SINE, float(RATE)),
        [SINE, torch.tensor(RATE)],
        (STEREO.T, RATE),
        (STEREO, RATE),
        ((SINE * 2**31 * 0.999).astype(np.int32), RATE),
        ((SINE * 127 + 128).round().astype(np.uint8), RATE),
        (SINE.tolist(), RATE),
        (torch.from_numpy(SINE)[None].requires_grad_(), RATE),
        (RATE, torch.from_numpy(STEREO).bfloat16()),
        {"path": None, "array": SINE, "sampling_rate": RATE},
        {"raw": SINE, "sampling_rate": RATE},
        {"audio": SINE[None], "sampling_rate": RATE},
        {"waveform": torch.from_numpy(STEREO)[None], "sample_rate": RATE},
        Decoder(),
    ],
)
def test_sounds_are_the_same_in_every_form(sound):
    read = open_audio(sound).read()
    assert read.rate == RATE
    np.testing.assert_allclose(read.samples, SINE, atol=0.01)


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (SINE, "sample rate is missing"),
        ({"array": SINE}, "rate=None"),
        ((SINE, "16000"), "rate='16000'"),
        ((SINE, 44.1), "rate=44.1"),
        ((SINE, True), "rate=True"),
        ((SINE, SINE), "both are arrays"),
        ((INT16.astype(np.float32), RATE), "reach 16383"),
        ((INT16.astype(np.int32), RATE), "int16"),
        ((INT16.astype(np.int64), RATE), "full scale"),
        ((SINE.astype(complex), RATE), "complex"),
        ((np.zeros((50, 60)), RATE), "shape"),
        (([[0.1], [0.1, 0.2]], RATE), "no array can be made"),
        ((torch.zeros(9, device="meta"), RATE), "no array can be made"),
        ((None, RATE), "not sound"),
        (("speech.wav", RATE), "not sound"),
    ],
)
def test_sounds_that_cannot_be_meant(sound, said):
    with pytest.raises(InputError, match=said):
        open_audio(sound)


@pytest.mark.parametrize(
    "picture",
    [
        PICTURE,
        PICTURE.transpose(2, 0, 1),
        torch.from_numpy(PICTURE),
        torch.from_numpy(PICTURE).permute(2, 0, 1),
        PICTURE / 255,
        (torch.from_numpy(PICTURE).permute(2, 0, 1) / 255).requires_grad_(),
        PICTURE.astype(np.uint16) * 257,
        PIL.Image.fromarray(PICTURE),
        {
            "path": None,
            "bytes": (lambda f: (PIL.Image.fromarray(PICTURE).save(f, "PNG"), f.getvalue())[1])(io.BytesIO()),
        },
    ],
)
def test_pictures_are_the_same_in_every_form(picture):
    np.testing.assert_array_equal(read_image(picture).pixels, PICTURE)


MODES = (
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX"),
    *("CMYK", "YCbCr", "HSV", "LAB", "I", "I;16", "I;16B", "I;16L"),
)


@pytest.mark.parametrize("mode", MODES)
def test_pillow_images_in_any_mode(mode):
    assert read_image(PIL.Image.new(mode, (5, 6))).pixels.shape == (6, 5, 3)


def test_pictures_that_cannot_be_meant():
    closed, file = PIL.Image.new("RGB", (5, 6)), io.BytesIO()
    closed.save(file, "PNG")
    closed.close()
    lazy = PIL.Image.open(file)
    file.close()
    for picture in (closed, lazy):
        with pytest.raises(MediaError, match="closed"):
            read_image(picture)
    for picture, said in (
        (PICTURE * 1.0, "from 0 to 1"),
        (PICTURE.astype(np.int64), "uint8"),
        (PICTURE[None], "one picture of the batch"),
        (PIL.Image.new("F", (5, 6)), "floats"),
        (PIL.Image.new("RGB", (0, 0)), "no pixels"),
        (np.array(["a"]), "no real number"),
    ):
        with pytest.raises(InputError, match=said):
            read_image(picture)


def test_files_in_every_form(tmp_path, monkeypatch):
    path = tmp_path / "a picture.png"
    write_image(path, PICTURE)
    monkeypatch.setenv("HOME", str(tmp_path))
    with path.open("rb") as file:
        file.read()  # wherever it stands
        for given in (
            *(path, str(path), Somewhere(path), "~/a picture.png", path.read_bytes(), bytearray(path.read_bytes())),
            *(file, io.BytesIO(path.read_bytes()), {"path": path}, {"bytes": None, "path": str(path)}, (path, None)),
        ):
            np.testing.assert_array_equal(read_image(given).pixels, PICTURE)
    write_image("~/another.png", PICTURE)
    assert (tmp_path / "another.png").is_file()


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.png"
    write_image(path, PICTURE)
    with path.open("rb") as file:
        pass

    class Upload:
        async def read(self, size=-1):
            return b""

    with path.open(encoding="latin-1") as text, (tmp_path / "new").open("wb") as writing:
        for given, error, said in (
            *(
                (each, InputError, "Download it first")
                for each in ("https://example.org/a.png", "data:image/png;base64,AA")
            ),
            ("file:///a.png", InputError, "without file://"),
            (text, InputError, "binary"),
            (Upload(), InputError, "bytes that it gives"),
            (file, MediaError, "closed"),
            (writing, MediaError, '"rb"'),
            ("a\0b", MediaNotFound, "null"),
            ({}, InputError, "not a picture"),
            ((path, "subtitles.srt"), InputError, "not a picture"),
        ):
            with pytest.raises(error, match=said):
                read_image(given)
    with pytest.raises(ConfigError, match="not a path"):
        write_image(None, PICTURE)
    with pytest.raises(OutputError):
        write_image("https://example.org/a.png", PICTURE)


def test_pictures_come_one_by_one():
    batch = np.stack([PICTURE, PICTURE])
    for several in (batch, torch.from_numpy(batch), list(batch), tuple(batch), iter(batch)):
        assert len(picture_list(several)) == 2
    for one in (PICTURE, PIL.Image.fromarray(PICTURE)):
        assert len(picture_list(one)) == 1
    for file in ("clip.mp4", b"clip", io.BytesIO(), {"path": "clip.mp4"}, ("clip.mp4", None)):
        assert picture_list(file) is None
