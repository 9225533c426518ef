"""Lock files: which commit of each style an app uses, and the sha256 of its files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from sdk.arguments import read_path
from sdk.errors import ConfigError, PackInvalid, StyleNotFound
from sdk.files import atomic_file
from sdk.packs.config import CONFIG, DELTA, Record, Sha256, explain
from sdk.packs.location import StyleLocation
from sdk.packs.pack import StylePack, read_pack
from sdk.packs.storage import read_file

MAX_BYTES: Final = 1024 * 1024


class LockedStyle(Record):
    """One style of a lock: its reference as the app writes it, its commit if it is on the Hub, its files' sha256."""

    ref: Annotated[str, Field(min_length=1, max_length=300)]
    name: str
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    config_sha256: Sha256
    delta_sha256: Sha256


class Lock(Record):
    """A lock file; it holds each reference once."""

    format: Literal["talkstyle-lock"] = "talkstyle-lock"
    format_version: Literal[1] = 1
    styles: Annotated[tuple[LockedStyle, ...], Field(max_length=1000)]

    @classmethod
    def make(cls, refs: Sequence[str], *, token: str | bool | None = None) -> Lock:
        """Load styles, and lock what was found.

        Raises:
            ConfigError: No styles, one of them twice, or a folder that only this machine has.
            SdkError: As ``StylePack.load``.
        """
        if not refs or len(set(refs)) != len(refs):
            raise ConfigError("no style, or one of them twice", where="lock", hint="Give each reference once.")
        styles = []
        for ref in refs:
            location = StyleLocation.parse(ref)
            if location.kind == "local" and (PurePath(location.name).is_absolute() or location.name.startswith("~")):
                what = "a lock goes with an app, and this folder is on this machine alone"
                hint = "Give it relative to the app, as in ./styles/rap, or push it to the Hub."
                raise ConfigError(what, where=ref, hint=hint)
            pack, found = read_pack(location, token=token)
            sha256 = {"config_sha256": found[CONFIG], "delta_sha256": found[DELTA]}
            commit = None if pack.source is None else pack.source.revision
            styles.append(LockedStyle(ref=ref, name=pack.name, commit=commit, **sha256))
        return cls(styles=tuple(styles))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Lock:
        """Read a lock file.

        Raises:
            StyleNotFound: There is no such file.
            PackInvalid: It is no lock file.
        """
        where = read_path(path)
        data = read_file(where, limit=MAX_BYTES)
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            hint = "Make it again: talkstyle styles lock."
            raise PackInvalid(f"this is not a lock file: {explain(error)}", where=str(where), hint=hint) from error

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the file; a reader sees the old one or the new one.

        Raises:
            OutputError: It cannot be written.
        """
        with atomic_file(path) as temporary:
            temporary.write_bytes(self.to_bytes())
        return read_path(path)

    def load(self, ref: str, *, token: str | bool | None = None) -> StylePack:
        """Load a style at its locked commit; without a request if the Hub's cache has it.

        Raises:
            StyleNotFound: The lock does not hold the reference.
            PackInvalid: What is there now is not what was locked.
            SdkError: As ``StylePack.load``.
        """
        entry = next((style for style in self.styles if style.ref == ref), None)
        if entry is None:
            held = ", ".join(style.ref for style in self.styles)
            raise StyleNotFound("the lock does not hold this style", where=ref, hint=f"It holds: {held}.")
        location = StyleLocation.parse(ref)
        if entry.commit is not None:
            location = dataclasses.replace(location, revision=entry.commit)
        pack, found = read_pack(location, token=token)
        for file, locked in ((CONFIG, entry.config_sha256), (DELTA, entry.delta_sha256)):
            if locked != found[file]:
                hint = "Find out what changed it; if it was you, lock again."
                raise PackInvalid(f"{file} is not the one that was locked", where=ref, hint=hint)
        return pack
