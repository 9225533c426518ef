"""Inputs for ``talkstyle bench soak``: files and objects that work, and such as people give by mistake."""

from __future__ import annotations

import io
import math
import random
import struct
from collections.abc import Callable, Hashable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import PIL.Image

from sdk.adapter import FitConfig
from sdk.data import Image, Motion
from sdk.demo import load_assets
from sdk.drawing import drawn_clip, drawn_face
from sdk.media import open_audio, read_audio, write_image, write_video
from sdk.packs import StylePack
from sdk.progress import Reporter
from talkstyle_lab.bench.measure import drawn_reference

SECONDS: Final = 3.0  # of the reference
SOUND_SECONDS: Final = 0.6
SIZE: Final = 128  # of portraits
RATE: Final = 16_000
STREAMED: Final = (0, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF)
"""Sizes that programs write into the header of a wav file whose end they do not know."""

Make: TypeAlias = Callable[[], Any]
"""Makes the value of an argument, each time anew: file objects can be read once."""


def _same(value: object) -> Make:
    return lambda: value


def _named(*values: object) -> dict[str, Make]:
    return {f"{value!r:.20}": _same(value) for value in values}


class Inputs:
    """Values for arguments by kind, as they should be and as they should not, each under a name for the report."""

    def __init__(self, folder: Path, report: Reporter) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "folder").mkdir()
        (folder / "empty").touch()
        (folder / "text").write_text("This is neither a picture nor a sound.\n" * 99)
        self._everywhere: dict[str, Make] = {
            "a folder": _same(folder / "folder"),
            "an empty file": _same(folder / "empty"),
            "a text": _same(folder / "text"),
            "a missing file": _same(folder / "missing"),
            "no name": _same(""),
            "a null character": _same("a\0b"),
            "a long name": _same("x" * 5000),
            "no bytes": _same(b""),
            "noise": _same(random.Random(0).randbytes(5000)),
            "None": _same(None),
            "7": _same(7),
            "an object": _same(object()),
            "a list": _same([1, "two"]),
            "text in memory": lambda: io.StringIO("text"),
            "a closed file": self._closed_file,
            "an array of objects": _same(np.array([object(), None])),
            "a complex array": _same(np.full((64, 64, 3), 1j)),
        }
        self._kinds: dict[str, tuple[dict[str, Make], dict[str, Make]]] = {
            "sound": self._sounds(),
            "portrait": self._portraits(),
            "clip": self._clips(report),
            "style": self._styles(),
            "strength": (
                _named(0, 1, -1, 1.5, "1.25", np.float32(0.5)),
                _named(7, math.nan, math.inf, -1e9, 10**400, "loud", "", None, [1], 1j),
            ),
            "fps": (
                _named(10, 12.5, "24000/1001", Fraction(15)),
                _named(0, -1, math.nan, math.inf, 1e9, 10**400, "many", "1/0", None, [25]),
            ),
            "seed": (_named(0, 5), _named(-1, 2**70, "x", None, 0.5)),
            "face": (_named(None, 0), _named(99, -1, "left", (0, 0, math.nan, 1), (1, 2), math.nan, [], b"0")),
            "config": (
                {"2 steps": _same(FitConfig(steps=2)), "3 steps": _same(FitConfig(steps=3, batch=2))},
                {"no config": _same({"steps": 0}), "a word": _same("fast")},
            ),
        }

        # What may be a key of a mix.
        self._kinds["mixed"] = tuple(  # type: ignore[assignment]
            {name: make for name, make in choices.items() if isinstance(make(), Hashable)}
            for choices in self._kinds["style"]
        )

    def draw(self, rng: random.Random, kind: str, bad: float) -> tuple[str, Any]:
        """A value's name, and the value; one that makes no sense with the probability ``bad``."""
        choices = self._kinds[kind][rng.random() < bad]
        name = rng.choice(list(choices))
        return name, choices[name]()

    def _closed_file(self) -> object:
        with (self.folder / "text").open("rb") as file:
            return file

    def _opened(self, path: Path) -> dict[str, Make]:
        """A file by its path, its bytes and its object."""
        data = path.read_bytes()
        return {
            path.name: _same(path),
            f"{path.name} as text": _same(str(path)),
            f"{path.name} in bytes": _same(data),
            f"{path.name} in memory": lambda: io.BytesIO(data),
        }

    def _spoilt(self, path: Path) -> dict[str, Make]:
        """A file cut off at several places, and with bytes changed."""
        data = path.read_bytes()
        parts = {f"{share:.0%} of {path.name}": data[: int(share * len(data))] for share in (0.01, 0.3, 0.6, 0.98)}
        for seed in range(4):
            changed, rng = bytearray(data), random.Random(seed)
            for _ in range(20):
                changed[rng.randrange(len(data))] = rng.randrange(256)
            parts[f"{path.name} changed ({seed})"] = bytes(changed)
        made: dict[str, Make] = {}
        for number, (name, part) in enumerate(parts.items()):
            spoilt = self.folder / f"spoilt-{number}-{path.name}"
            spoilt.write_bytes(part)
            made[name] = _same(spoilt)
        return made

    def _sounds(self) -> tuple[dict[str, Make], dict[str, Make]]:
        self.audio = read_audio(load_assets().sentence, limit_seconds=SOUND_SECONDS)
        samples = read_audio(self.audio, rate=RATE).samples
        whole = (samples * 32767).astype("<i2")
        path = self.folder / "sound.wav"
        path.write_bytes(wav(whole))
        good = self._opened(path)
        for size in STREAMED:
            streamed = self.folder / f"streamed-{size:X}.wav"
            streamed.write_bytes(wav(whole, size=size))
            good[streamed.name] = _same(streamed)
        good |= {
            "Audio": _same(self.audio),
            "float array": _same((samples, RATE)),
            "int16 array, rate first": _same((RATE, whole)),
            "stereo array": _same((np.stack([samples, samples], axis=1), RATE)),
        }
        nan = samples.copy()
        nan[100] = np.nan
        endless = samples.copy()
        endless[-1] = np.inf
        long_header = wav(whole, size=2 * len(whole) + 100_000)
        (self.folder / "no-samples.wav").write_bytes(wav(whole[:0]))
        arrays = {
            "nan array": (nan, RATE),
            "infinite array": (endless, RATE),
            "array without samples": (samples[:0], RATE),
            "array of one sample": (samples[:1], RATE),
            "array of three dimensions": (samples[None, None], RATE),
            "array with many channels": (samples[None].repeat(99, axis=0), RATE),
            "array without rate": samples,
            "objects for samples": (np.array(["a", None]), RATE),
            "huge levels": (samples * 1e30, RATE),
            **{f"rate {rate!r}": (samples, rate) for rate in (0, -5, 1, 10**12, math.nan, "fast", None)},
        }
        bad = {name: _same(value) for name, value in arrays.items()} | self._everywhere | self._spoilt(path)
        bad |= {"wav without samples": _same(self.folder / "no-samples.wav"), "data missing": _same(long_header)}
        return good, bad

    def _portraits(self) -> tuple[dict[str, Make], dict[str, Make]]:
        drawn = drawn_face(SIZE, alpha=True)
        pixels = drawn.pixels
        png, jpeg, clear = (self.folder / name for name in ("face.png", "face.jpg", "clear.png"))
        write_image(png, pixels)
        picture = PIL.Image.fromarray(pixels)
        picture.save(jpeg)
        picture.convert("LA").save(clear)
        good = self._opened(png) | self._opened(jpeg) | self._opened(clear)
        good |= {"array": _same(pixels), "Pillow": lambda: picture.copy(), "Portrait": _same(drawn)}
        noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
        bomb = bytearray(png.read_bytes())
        bomb[16:24] = struct.pack(">II", 60_000, 60_000)
        grey = PIL.Image.new("RGB", (SIZE, SIZE), "grey")
        pictures: dict[str, object] = {
            "picture of noise": noise,
            "grey picture": grey,
            "one pixel": pixels[:1, :1],
            "eight pixels": PIL.Image.fromarray(pixels).resize((8, 8)),
            "no pixels": pixels[:0],
            "thin picture": np.zeros((2, 9000, 3), np.uint8),
            "large picture": PIL.Image.new("L", (6000, 4000)),
            "picture too large": bytes(bomb),
            "nan picture": np.full((SIZE, SIZE, 3), np.nan),
            "float picture": pixels / 255,
            "two channels": pixels[..., :2],
            "seven channels": np.zeros((SIZE, SIZE, 7), np.uint8),
            "a line": pixels[0, :, 0],
            "a batch": pixels[None],
            "two faces": np.concatenate([pixels, drawn_face(SIZE, seed=3).pixels], axis=1),
            "the sound": self.folder / "sound.wav",
        }
        bad = {name: _same(value) for name, value in pictures.items()} | self._everywhere | self._spoilt(png)
        return good, bad | self._spoilt(jpeg) | {"closed Pillow": self._closed_picture}

    def _closed_picture(self) -> object:
        with PIL.Image.open(self.folder / "face.png") as picture:
            return picture

    def _clips(self, report: Reporter) -> tuple[dict[str, Make], dict[str, Make]]:
        talk = drawn_reference(self.folder / "talk.mp4", SECONDS, report)

        def film(name: str, pictures: Iterator[Image], *, rate: int = 25, sound: bool = True) -> Path:
            path = self.folder / name
            write_video(path, pictures, rate=rate, audio=open_audio(self.audio) if sound else None)
            return path

        still = Motion(np.zeros((75, 68, 3), np.float32), np.zeros((75, 6), np.float32))
        noise = np.random.default_rng(1)
        clips = [
            film("short.mp4", drawn_clip(still[:12], size=SIZE)),
            film("one-frame.mp4", drawn_clip(still[:1], size=SIZE)),
            film("still.mp4", drawn_clip(still, size=SIZE)),
            film("silent.mp4", drawn_clip(still, size=SIZE), sound=False),
            film("slow.mp4", drawn_clip(still[:6], size=SIZE), rate=2),
            film("nobody.mp4", (noise.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(60))),
            film("tiny.mp4", (np.zeros((2, 2, 3), np.uint8) for _ in range(60))),
            self.folder / "sound.wav",
            self.folder / "face.png",
        ]
        bad = {path.name: _same(path) for path in clips} | self._everywhere | self._spoilt(talk)
        return self._opened(talk), bad

    def _styles(self) -> tuple[dict[str, Make], dict[str, Make]]:
        rap = StylePack.load("rap")
        saved = rap.save(self.folder / "pack")
        good = {
            "rap": _same("rap"),
            "pack": _same(rap),
            "saved pack": _same(saved),
            "mix": _same({"calm": 1, "rap": 1}),
        }
        bad: dict[str, Make] = {}
        for name in ("config.json", "delta.safetensors"):
            data = (saved / name).read_bytes()
            for what, content in {
                "empty": b"",
                "cut": data[: len(data) // 2],
                "noise": b"{" * 99,
                "missing": None,
            }.items():
                broken = rap.save(self.folder / f"pack-{what}-{name}")
                (broken / name).unlink()
                if content is not None:
                    (broken / name).write_bytes(content)
                bad[f"{name} {what}"] = _same(broken)
        mixes: dict[str, object] = {
            "nan": {"calm": math.nan},
            "infinite": {"calm": math.inf, "rap": 1},
            "huge": {"rap": 100},
            "text": {"rap": "much"},
            "unknown": {"nobody": 1},
            "nothing": {},
            "None": {"rap": None},
            "zero": {"rap": 0, "calm": 0},
            "keys": {7: 1, None: 2},
        }
        bad |= {f"mix of {name}": _same(value) for name, value in mixes.items()}
        odd: tuple[object, ...] = ("nobody", "", 7, ["rap"], b"rap", object, "a\0b", 1.5, True, (), "RAP", "x" * 5000)
        bad |= _named(*odd)
        return good, bad | {"folder": _same(self.folder / "folder"), "picture": _same(self.folder / "face.png")}


def wav(samples: np.ndarray[Any, Any], *, size: int | None = None) -> bytes:
    """A wav file of int16 samples, whose header says that it has ``size`` bytes of sound."""
    data = samples.tobytes()
    size = len(data) if size is None else size
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    whole = min(size + 36, 0xFFFFFFFF)
    return struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + form + struct.pack("<4sI", b"data", size) + data
