"""Lists of jobs: from Python, CSV and JSON files, and folders."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

from pydantic import Field, ValidationError, field_validator

from sdk.arguments import read_path
from sdk.data import Controls
from sdk.errors import ConfigError, MediaNotFound
from sdk.settings import Settings

PORTRAITS: Final = {".avif", ".bmp", ".jpeg", ".jpg", ".jp2", ".png", ".tif", ".tiff", ".webp"}
SOUNDS: Final = {
    *(".aac", ".aif", ".aiff", ".flac", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4"),
    *(".oga", ".ogg", ".opus", ".wav", ".webm", ".wma"),
}


class Job(Settings):
    """One animation of many: files, and what differs from one to the next.

    Attributes:
        portrait: The picture.
        audio: What it says: a sound or a video.
        output: The file's name in the output folder; by default made of both names.
        style: A reference to a pack, or a mix as references with weights; this and the rest as for ``animate``.
        mouth: As for ``Controls``; so are ``brows``, ``blink`` and ``head``.
    """

    portrait: Path
    audio: Path
    output: str | None = None
    style: str | dict[str, float] | None = None
    strength: float = 1.0
    fps: int | float | str = 25
    seed: int = Field(default=0, ge=0)
    face: int | tuple[float, float, float, float] | str | None = None
    teeth: Path | None = None
    mouth: float = Field(default=1.0, ge=0, le=2)
    brows: float = Field(default=1.0, ge=0, le=2)
    blink: float = Field(default=1.0, ge=0, le=2)
    head: float = Field(default=1.0, ge=0, le=2)

    @field_validator("output")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        """A list from elsewhere must not write outside the output folder."""
        if name is None:
            return None
        for path in (PurePosixPath(name), PureWindowsPath(name)):
            if path.is_absolute() or path.drive or ".." in path.parts or not path.parts:
                raise ValueError("an output is a name inside the output folder")
        return name

    @field_validator("face", mode="before")
    @classmethod
    def _read_face(cls, face: object) -> object:
        return read_face(face) if isinstance(face, str) else face

    def files(self) -> dict[str, Path | None]:
        """The files that it reads, by field."""
        return {"portrait": self.portrait, "audio": self.audio, "teeth": self.teeth}

    @property
    def controls(self) -> Controls:
        """The four factors."""
        return Controls(mouth=self.mouth, brows=self.brows, blink=self.blink, head=self.head)


def read_face(text: str) -> int | tuple[float, ...] | str:
    """Read an index or a box; any other text, such as ``largest``, is returned as it is."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        return text
    return int(text) if text.isdecimal() else tuple(numbers)


def as_job(value: Job | Mapping[str, Any], *, where: str, folder: Path | None = None) -> Job:
    """Check one job; its paths are relative to ``folder``, and errors call it ``where``."""
    if isinstance(value, Job):
        return value
    try:
        job = Job.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][:1])
        hint = f"A job has the fields {', '.join(Job.model_fields)}."
        raise ConfigError(f"{place or 'the job'}: {first['msg']}", where=where, hint=hint) from error
    if folder is None:
        return job
    return job.model_copy(update={name: path and folder / read_path(path) for name, path in job.files().items()})


def read_jobs(source: Path, *, common: Mapping[str, Any] | None = None) -> list[Job]:
    """Read jobs.

    Args:
        source: A .csv with a heading, whose columns are a job's fields; a .json with a list of objects; or a folder of
            portraits and sounds: those of one stem belong together, and a single portrait speaks every sound, or a
            single sound is spoken by every portrait. Paths in a file are relative to it.
        common: Fields for the jobs that do not have their own.

    Raises:
        MediaNotFound: There is no such file or folder.
        ConfigError: It cannot be read, is empty, or has a field that makes no sense; the row is named.
    """
    _check_common(common or {})
    rows, folder = (_pairs(source), None) if source.is_dir() else (_rows(source), source.parent)
    if not rows:
        raise ConfigError("there is no job in it", where=str(source))
    return [
        as_job({**(common or {}), **row}, where=f"{source}, job {number}", folder=folder)
        for number, row in enumerate(rows, start=1)
    ]


def _check_common(common: Mapping[str, Any]) -> None:
    """Tell a wrong field for all jobs from one that stands in the list."""
    try:
        Job.model_validate({"portrait": "", "audio": "", **common})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise ConfigError(f"{name}={common[name]!r} makes no sense: {first['msg']}", where=name) from error


def _rows(source: Path) -> list[dict[str, Any]]:
    try:
        text = source.read_text(encoding="utf-8-sig")  # as spreadsheets write it
    except FileNotFoundError as error:
        raise MediaNotFound("there is no such file", where=str(source), hint="Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the list cannot be read: {error}", where=str(source), hint="Save it as UTF-8.") from error
    if source.suffix.lower() == ".json":
        try:
            rows = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"this is not JSON: {error}", where=str(source)) from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ConfigError("a JSON list of jobs is a list of objects", where=str(source))
        return rows
    if source.suffix.lower() != ".csv":
        hint = "Give a .csv, a .json or a folder."
        raise ConfigError(f"jobs are not read from {source.suffix or 'such files'!r}", where=str(source), hint=hint)
    found: list[dict[str, Any]] = []
    for row in csv.DictReader(text.splitlines()):
        if None in row or None in row.values():
            raise ConfigError(f"row {len(found) + 2} has more or fewer cells than the heading", where=str(source))
        found.append({name.strip(): cell.strip() for name, cell in row.items() if cell.strip()})
    return found


def _pairs(folder: Path) -> list[dict[str, Any]]:
    files = sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    portraits = _by_stem(file for file in files if file.suffix.lower() in PORTRAITS)
    sounds = _by_stem(file for file in files if file.suffix.lower() in SOUNDS)
    if not portraits or not sounds:
        what = "portrait" if not portraits else "sound"
        raise ConfigError(f"there is no {what} in the folder", where=str(folder))
    if len(portraits) == 1 or len(sounds) == 1:
        return [{"portrait": portrait, "audio": sound} for portrait in portraits.values() for sound in sounds.values()]
    alone = sorted(portraits.keys() ^ sounds.keys())
    if alone:
        hint = "Give portrait and sound the same name, or write a .csv with the columns portrait and audio."
        raise ConfigError(f"nothing belongs to {', '.join(alone[:5])}", where=str(folder), hint=hint)
    return [{"portrait": portraits[stem], "audio": sounds[stem]} for stem in portraits]


def _by_stem(files: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        if file.stem in found:
            raise ConfigError(f"two files are called {file.stem!r}", where=str(file), hint="Rename one of them.")
        found[file.stem] = file
    return found
