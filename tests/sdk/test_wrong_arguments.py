"""Every keyword of every public function, with values that it does not take: a typed error that says what it takes."""

import inspect
import io
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

import sdk
from sdk.adapter import FitConfig
from sdk.drawing import drawn_clip
from sdk.media import open_audio, write_video
from sdk.packs import StylePack
from tests.sdk.animation import fakes
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet, talking

pytestmark = pytest.mark.filterwarnings("ignore")


def closed_picture():
    picture = PIL.Image.new("RGB", (8, 8))
    picture.close()
    return picture


def closed_file():
    file = io.BytesIO(b"abc")
    file.close()
    return file


WRONG = {
    "none": lambda: None,
    "true": lambda: True,
    "number": lambda: 5,
    "negative": lambda: -1,
    "huge": lambda: 10**400,
    "fraction": lambda: 1.5,
    "nan": lambda: float("nan"),
    "infinity": lambda: np.float32("inf"),
    "complex": lambda: 1j,
    "text": lambda: "nonsense ü",
    "number as text": lambda: "1.5",
    "empty text": lambda: "",
    "null": lambda: "a\0b",
    "address": lambda: "https://example.org/a.mp4",
    "bytes": lambda: b"nonsense",
    "no bytes": lambda: b"",
    "path": lambda: Path("there is none"),
    "folder": lambda: Path(),
    "nobody": lambda: "~nobody-here/x",
    "list": list,
    "list of text": lambda: ["rap"],
    "list of none": lambda: [None],
    "four texts": lambda: ("a", "b", "c", "d"),
    "pair": lambda: ("none.mp4", None),
    "pair of none": lambda: (None, None),
    "rate alone": lambda: (16000, None),
    "dictionary": dict,
    "weight as text": lambda: {"rap": "much"},
    "dictionary of none": lambda: {"path": None},
    "nested": lambda: {"path": {"path": "x"}},
    "numbers as keys": lambda: {1: 2},
    "set": lambda: {1},
    "array": lambda: np.zeros((2, 3, 4, 5)),
    "numbers": lambda: np.arange(3),
    "array of text": lambda: np.array(["a"]),
    "array of nan": lambda: np.full((8, 8, 3), np.nan),
    "tensor": lambda: torch.zeros(2, 2, requires_grad=True),
    "tensor without data": lambda: torch.zeros(3, device="meta"),
    "text file": lambda: io.StringIO("text"),
    "closed file": closed_file,
    "closed picture": closed_picture,
    "object": object,
    "class": lambda: object,
    "function": lambda: len,
    "module": lambda: io,
    "generator": lambda: (one for one in "ab"),
    "device": lambda: torch.device("meta"),
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Half a second: long enough to be read, and too short to be learned from."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    motion = sdk.Motion(*talking(12, opening=0.2), 25)
    write_video(path, drawn_clip(motion, size=128), rate=25, audio=open_audio(fakes.sound((0.5, 1))))
    return path


@pytest.fixture(scope="module")
def pack():
    base = TinyGenerator()
    fitted = {name: parameter + 0.01 for name, parameter in base.named_parameters()}
    return StylePack.create(name="one", base=base, fitted=fitted, encoder=LoudnessEncoder())


@pytest.fixture
def calls(clip, pack, tmp_path, monkeypatch):
    """Functions with arguments that they take, by position and by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "detector": fakes.Detector()}
    drawn = {"generator": TinyGenerator(), "encoder": LoudnessEncoder(), "detector": fakes.Detector()}
    fit = drawn | {"net": TinyNet(), "device": "cpu", "config": FitConfig(steps=1)}
    sound, portrait = fakes.sound((0.2, 1)), fakes.portrait()
    moves = sdk.Motion(*talking(12))
    animation = sdk.animate(portrait, sound, renderer=fakes.Renderer(), device="cpu", **parts)
    adapter = sdk.StyleAdapter(**fit)
    pem = b"-----BEGIN NOTHING-----"
    picture = np.zeros((240, 320, 3), np.uint8)
    return {
        "animate": (sdk.animate, [picture, sound], parts | {"renderer": fakes.Renderer(), "device": "cpu"}),
        "save": (animation.save, [tmp_path / "made.mp4"], {}),
        "frame": (animation.frame, [0.0], {}),
        "adapt": (sdk.adapt, [clip], fit),
        "StyleAdapter": (sdk.StyleAdapter, [], fit),
        "fit": (adapter.fit, [clip], {}),
        "fit_motion": (adapter.fit_motion, [sound, moves], {}),
        "inspect": (sdk.inspect, [clip], {"detector": fakes.Detector(), "generator": TinyGenerator()}),
        "evaluate": (sdk.evaluate, [pack, clip], drawn | {"device": "cpu"}),
        "animate_many": (sdk.animate_many, [[{"portrait": "a", "audio": "b"}]], {"out": tmp_path / "out"}),
        "Job": (sdk.Job, [], {"portrait": "a", "audio": "b"}),
        "mix": (sdk.mix, [{pack: 0.5}], {}),
        "load": (sdk.load, ["renderer", "warp"], {}),
        "components": (sdk.components, [], {}),
        "register": (sdk.register, ["renderer", "mine", fakes.Renderer], {}),
        "Signer": (sdk.Signer, [pem, pem], {}),
        "FitConfig": (sdk.FitConfig, [], {}),
        "recipe": (sdk.FitConfig.recipe, ["default"], {}),
        "Controls": (sdk.Controls, [], {}),
        "Audio": (sdk.Audio, [sound.samples, 16000], {}),
        "Motion": (sdk.Motion, [moves.expression, moves.pose], {}),
        "Landmarks": (sdk.Landmarks, [portrait.landmarks.points], {}),
        "Portrait": (sdk.Portrait, [portrait.pixels, portrait.landmarks], {}),
        "StylePack.load": (StylePack.load, [tmp_path], {}),
        "StylePack.save": (pack.save, [tmp_path / "pack"], {}),
        "StylePack.compress": (pack.compress, [1], {}),
        "StylePack.replace": (pack.replace, [], {"name": "x", "license": "mit", "mix": None, "training": None}),
        "StylePack.push": (pack.push, ["me/mine"], {}),
    }


NAMES = (
    *("animate", "save", "frame", "adapt", "StyleAdapter", "fit", "fit_motion", "inspect", "evaluate", "animate_many"),
    *("Job", "mix", "load", "components", "register", "Signer", "FitConfig", "recipe", "Controls", "Audio", "Motion"),
    *("Landmarks", "Portrait", "StylePack.load", "StylePack.save", "StylePack.compress", "StylePack.replace"),
    "StylePack.push",
)


def keywords(function, given):
    from sdk.adapter.options import FitOptions

    parameters = inspect.signature(function).parameters.values()
    found = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY or one.kind is one.POSITIONAL_OR_KEYWORD]
    if any(one.name == "options" for one in parameters):
        found += FitOptions.__annotations__
    return {*found, *given}


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_are_typed_errors(name, calls):
    function, positional, given = calls[name]
    wild = []

    def attempt(place, what, arguments, options):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = function(*arguments, **options)
                if name == "animate_many":
                    list(result)
                if isinstance(result, sdk.Animation):
                    next(iter(result))
                if name == "register":
                    result.remove()
        except sdk.SdkError:
            pass
        except Exception as error:
            wild.append(f"{place}={what}: {type(error).__name__}: {error}")

    for what, make in WRONG.items():
        for index in range(len(positional)):
            changed = list(positional)
            with suppress(TypeError):
                changed[index] = make()
            attempt(index, what, changed, given)
        bound = list(inspect.signature(function).parameters)[: len(positional)]
        for keyword in sorted(keywords(function, given) - set(bound)):
            if not (keyword in ("on_progress", "score") and what in ("class", "function")):  # what it raises is theirs
                attempt(keyword, what, positional, {**given, keyword: make()})
    assert not wild, "\n".join([f"{len(wild)}:", *wild])
