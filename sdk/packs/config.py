"""``config.json`` of a style pack, format version 1: what a pack says about itself.

Known keys are checked strictly. Unknown keys are ignored, so that old readers survive new writers; a writer that cannot
be read so lists what it needs in ``required_features``. No field holds a path, a file name or a user's name, and none
has room for one: identifiers take no slash.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sdk.errors import PackIncompatible, PackInvalid
from sdk.face import FACE_FRAME_VERSION

CONFIG: Final = "config.json"
DELTA: Final = "delta.safetensors"
CARD: Final = "README.md"
"""The files of a pack, next to its previews."""

FORMAT: Final = "talkstyle-pack"
FORMAT_VERSION: Final = 1

CONFIG_MAX_BYTES: Final = 256 * 1024
DELTA_MAX_BYTES: Final = 256 * 1024 * 1024
MAX_PARAMETERS: Final = 2**28
"""Limits of files from outside; the default base has a few million parameters."""

GET_AGAIN: Final = "Get the pack again from where it came, or use another."

_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def _readable(text: str, allowed: str = "") -> str:
    """Refuse characters that nobody sees: controls, text direction, private use, lone surrogates, unassigned."""
    for character in text:
        if unicodedata.category(character).startswith("C") and character not in allowed:
            raise ValueError(f"holds the invisible character U+{ord(character):04X}")
    return text


def _name(text: str) -> str:
    _readable(text)
    if text != unicodedata.normalize("NFC", text):
        raise ValueError("is not in Unicode's composed form (NFC)")
    bad = sorted(set(text) & set('/\\:*?"<>|`'))
    if bad:
        raise ValueError(f"holds {' '.join(bad)}, which file names and cards cannot carry")
    if text != text.strip() or text.startswith((".", "~", "-")) or text.endswith("."):
        raise ValueError("begins or ends with a character that file systems treat specially")
    if text.split(".")[0].casefold() in _DEVICES:
        raise ValueError("is the name of a device on Windows")
    return text


Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_name)]
# The two joiners belong to the spelling of several languages.
Prose: TypeAlias = Annotated[
    str, Field(max_length=1000), AfterValidator(lambda text: _readable(text, "\n\u200c\u200d"))
]
Token: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_ .,:+()-]{0,99}$")]
"""An identifier, a version, the name or value of a setting. No slash, no backslash."""
Sha256: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Dtype: TypeAlias = Literal["float32", "float16", "bfloat16"]
Setting: TypeAlias = bool | int | float | Token
Numbers: TypeAlias = Annotated[dict[Token, float], Field(max_length=64)]


class Record(BaseModel):
    """What a JSON file holds: frozen, and ignoring keys of later versions."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    def to_bytes(self) -> bytes:
        """The bytes of the file: the same record, the same bytes."""
        fields = self.model_dump(mode="json", exclude_none=True)
        return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


class Base(Record):
    """The motion generator that the delta belongs to; fingerprints as in ``sdk.compatibility``."""

    kind: Literal["motion-generator"] = "motion-generator"
    component: Token
    version: Token
    layout_sha256: Sha256
    weights_sha256: Sha256


class Encoder(Record):
    """The audio encoder that the base was fed with: its name, version, and the sha256 of its statistics or weights."""

    component: Token
    version: Token
    sha256: Sha256


class DeltaInfo(Record):
    """``delta.safetensors``: its form, sha256, size, dtype, and how many of the base's scalars it re-weights."""

    kind: Literal["full", "low-rank"]
    sha256: Sha256
    bytes: Annotated[int, Field(ge=1, le=DELTA_MAX_BYTES)]
    parameters: Annotated[int, Field(ge=1, le=MAX_PARAMETERS)]
    dtype: Dtype


class Provenance(Record):
    """What the style was learned from: its kind, length (seconds; for images, how many) and the sha256 of its bytes."""

    kind: Literal["clip", "audio", "video", "images"]
    length: Annotated[float, Field(ge=0)]
    sha256: Sha256


class Training(Record):
    """How the style was made, and what such a style brings on frames that its fit did not see.

    Attributes:
        seconds: Usable reference, in seconds; not how long the fit took, which differs each time.
        folds: Fits, each without a part of the reference, that the metrics are means of; the style itself is of all of
            the reference. None if there are no metrics, or in older packs.
        measured_seconds: How much these fits were measured on, together.
        held_out: In older packs, the frames (at 60 Hz) that the style itself did not see and that the metrics were
            measured on, ``(first, last + 1)``.
        before: Metrics of the base on these frames; ``after`` of the style, ``baselines`` of trivial ones.
        null: What chance gives, such as the 95th percentile of r under circular shifts.
    """

    seconds: Annotated[float, Field(ge=0)]
    steps: Annotated[int, Field(ge=0, le=10**9)]
    seed: Annotated[int, Field(ge=0, lt=2**64)]
    settings: Annotated[dict[Token, Setting], Field(max_length=256)] = {}
    references: Annotated[tuple[Provenance, ...], Field(max_length=256)] = ()
    folds: Annotated[int, Field(ge=1, le=1000)] | None = None
    measured_seconds: Annotated[float, Field(ge=0)] | None = None
    held_out: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None
    before: Numbers = {}
    after: Numbers = {}
    baselines: Annotated[dict[Token, Numbers], Field(max_length=32)] = {}
    null: Numbers = {}


class Ingredient(Record):
    """One style of a mix: its name, its weight, and the sha256 of its delta."""

    name: Name
    weight: float
    sha256: Sha256


class Compression(Record):
    """What ``compress`` kept of the delta with ``from_sha256``.

    Attributes:
        rank: The largest rank of a parameter's delta.
        energy: The share of the squared norm that is left.
        gain: The share of the style's measured gain that is left; None if it was not measured.
    """

    from_sha256: Sha256
    rank: Annotated[int, Field(ge=0)]
    energy: float
    gain: float | None = None


class _Envelope(Record):
    """What is read before anything else, whatever the version."""

    format: Literal["talkstyle-pack"]
    format_version: Annotated[int, Field(ge=1)]
    required_features: Annotated[tuple[Token, ...], Field(max_length=64)] = ()


class PackConfig(_Envelope):
    """The whole of ``config.json``.

    Attributes:
        summary: A sentence or two for people.
        license: An SPDX identifier (the Hub writes it in lower case).
        consent: Who agreed that the style of this person is used, and to what.
        face_frame: The version of the face frame that the motion lives in.
        training: How it was made; None for a mix.
    """

    format: Literal["talkstyle-pack"] = FORMAT
    format_version: Annotated[int, Field(ge=1)] = FORMAT_VERSION
    name: Name
    summary: Prose = ""
    license: Token | None = None
    consent: Prose | None = None
    base: Base
    encoder: Encoder
    face_frame: Annotated[int, Field(ge=1)]
    delta: DeltaInfo
    training: Training | None = None
    mix: Annotated[tuple[Ingredient, ...], Field(max_length=64)] = ()
    compression: Compression | None = None

    @property
    def gain(self) -> float | None:
        """How much of the base's distance to the person's way of moving the style removes, on frames held out.

        1 is all of it; under 0 it moves away. Of a compressed pack, the measured gain times the share of it that
        compression kept, if that was measured too. None if nothing was measured.
        """
        gain = None if self.training is None else self.training.after.get("gain")
        kept = None if self.compression is None else self.compression.gain
        return gain if gain is None or kept is None else gain * kept

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> PackConfig:
        """Read the bytes of a ``config.json``.

        Raises:
            PackInvalid: Not JSON, too large, or a field is missing or wrong.
            PackIncompatible: Of a newer version, with features that this reader lacks, or in another face frame.
        """
        if len(data) > CONFIG_MAX_BYTES:
            raise PackInvalid(f"config.json is over {CONFIG_MAX_BYTES // 1024} KiB", where=where, hint=GET_AGAIN)
        try:
            json.loads(data.decode("utf-8"), object_pairs_hook=unique_keys, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            what = f"config.json is not sound JSON: {str(error)[:200]}"
            raise PackInvalid(what, where=where, hint=GET_AGAIN) from error
        try:
            envelope = _Envelope.model_validate_json(data, strict=True)
            newer = None
            if envelope.format_version > FORMAT_VERSION:
                newer = f"has format version {envelope.format_version}, and this talkstyle reads up to {FORMAT_VERSION}"
            elif envelope.required_features:
                unknown = ", ".join(sorted(set(envelope.required_features)))
                newer = f"needs features that this talkstyle lacks: {unknown}"
            if newer:
                raise PackIncompatible(f"the pack {newer}", where=where, hint="Upgrade talkstyle.")
            config = cls.model_validate_json(data, strict=True)
        except ValidationError as error:
            raise PackInvalid(f"config.json is not a pack's: {explain(error)}", where=where, hint=GET_AGAIN) from error
        if config.face_frame != FACE_FRAME_VERSION:
            what = f"the style was made in face frame {config.face_frame}, and this talkstyle has {FACE_FRAME_VERSION}"
            raise PackIncompatible(what, where=where, hint="Use the talkstyle that made it, or adapt again.")
        return config


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse duplicate keys: readers differ in which one they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def explain(error: ValidationError) -> str:
    """Say in one line what pydantic found, without repeating what was given, which may be anything."""
    found = error.errors(include_input=False, include_url=False)
    lines = [f"{'.'.join(str(part)[:40] for part in e['loc']) or 'the whole'}: {e['msg'][:120]}" for e in found[:3]]
    return "; ".join(lines) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
