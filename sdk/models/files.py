"""One file of weights: looked for, downloaded if it is nowhere, and always checked."""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock

from sdk.arguments import read_path
from sdk.errors import ModelFileMissing
from sdk.models.download import DownloadFailed, download
from sdk.places import cache_place, chosen_cache, is_there, user_cache
from sdk.progress import ProgressCallback, Reporter

MODELS_VARIABLE: Final = "TALKSTYLE_MODELS"
"""Names a folder of model files; it is read, never written."""
MIRROR_VARIABLE: Final = "TALKSTYLE_MODELS_URL"
"""Names the address of a mirror, which serves ``<address>/<file name>``."""

logger = logging.getLogger(__name__)


def model_file(
    name: str,
    *,
    url: str,
    sha256: str,
    given: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    on_progress: ProgressCallback | None = None,
) -> Path:
    """Find a file of weights, or download it once.

    The places are ``given``, then the folder that TALKSTYLE_MODELS names, then the cache; a download goes into the
    cache. A file that somebody put there is never replaced: if it is damaged, that is an error. A damaged file in the
    cache is fetched again. Processes that want the same file at once wait for the first.

    Args:
        name: The file's name, in every folder and on a mirror.
        url: Where it is published, https.
        sha256: Hex; its first digits, at least 8, if only those are published.
        given: The file itself, or its folder; then nothing else is looked at.
        cache: The folder for downloads; talkstyle's own by default, or a temporary one if that cannot be written to.
        on_progress: Called during a download, stage ``download``.

    Raises:
        ModelFileMissing: It is nowhere and cannot be downloaded, or is not the published file. Says what to put where.
    """
    whole = "sha256" if len(sha256) == 64 else "sha256 beginning with"
    hint = (
        f"Get {name} ({whole} {sha256}) from {url} and put it into a folder that the environment variable "
        f"{MODELS_VARIABLE} names."
    )
    if given is not None:
        path = read_path(given)
        return _checked(path / name if is_there(path, folder=True) else path, sha256, hint)
    folder = models_folder()
    if folder is not None and is_there(folder / name):
        return _checked(folder / name, sha256, hint)
    kept = (cache_folder() if cache is None else Path(cache)) / name
    if _is_sound(kept, sha256):
        return kept
    if cache is None:
        kept = cache_place("models", kept.parent) / name
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(kept.with_name(f".{name}.lock")):
            if _is_sound(kept, sha256):  # another process was faster
                return kept
            if kept.is_file():
                logger.warning("%s is damaged (its sha256 differs) and is downloaded again", kept)
            _fetch(_mirrored(url, name), kept, sha256, Reporter(on_progress))
    except (DownloadFailed, OSError) as error:
        what = f"{name} is not on this machine, and could not be downloaded: {error}"
        raise ModelFileMissing(what, where=str(kept), hint=hint) from error
    return kept


def _fetch(address: str, kept: Path, sha256: str, report: Reporter) -> None:
    part = kept.with_name(f"{kept.name}.part")
    resumed = part.is_file() and part.stat().st_size > 0
    download(address, part, report)
    if not _is_sound(part, sha256) and resumed:
        part.unlink()  # it may have been the beginning of another file
        download(address, part, report)
    if not _is_sound(part, sha256):
        found = _digest(part)
        part.unlink()
        raise DownloadFailed(f"{address} sent another file, whose sha256 is {found}; it was deleted")
    part.replace(kept)
    with suppress(OSError):
        kept.chmod(0o644)


def _checked(path: Path, sha256: str, hint: str) -> Path:
    try:
        found = _digest(path)
    except FileNotFoundError as error:
        raise ModelFileMissing("there is no such model file", where=str(path), hint=hint) from error
    except OSError as error:
        what = f"the model file cannot be read: {error.strerror}"
        raise ModelFileMissing(what, where=str(path), hint=hint) from error
    if not found.startswith(sha256.lower()):
        what = f"the model file is damaged or another one: its sha256 is {found}"
        raise ModelFileMissing(what, where=str(path), hint=hint)
    return path


def _is_sound(path: Path, sha256: str) -> bool:
    try:
        return _digest(path).startswith(sha256.lower())
    except OSError:  # it is not there, or cannot be read
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def models_folder() -> Path | None:
    """The folder that TALKSTYLE_MODELS names, or None."""
    folder = os.environ.get(MODELS_VARIABLE)
    return read_path(folder) if folder else None


def cache_folder() -> Path:
    """The folder for downloads: ``models`` under TALKSTYLE_CACHE, or under the platform's folder for caches.

    For a user without a home it is a temporary one.
    """
    if (chosen := chosen_cache()) is not None:
        return chosen / "models"
    ours = user_cache()
    return cache_place("models") if ours is None else ours / "models"


def _mirrored(url: str, name: str) -> str:
    """The address to download from: the mirror's if one is set."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return f"{mirror.rstrip('/')}/{name}" if mirror else url
