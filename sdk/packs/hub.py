"""Packs on the Hugging Face Hub: downloading, pushing and searching, with the client's many errors turned into ours.

Tokens, ``HF_ENDPOINT``, ``HF_HOME``, ``HF_HUB_OFFLINE`` and the rest are the client's own conventions; it reads them
when it is first imported, which happens here and no earlier.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sdk._version import __version__
from sdk.errors import Cancelled, ConfigError, HubError, PackInvalid, SdkError, StyleNotFound
from sdk.packs.card import TAGS, base_tag
from sdk.packs.config import CONFIG, CONFIG_MAX_BYTES, DELTA, DELTA_MAX_BYTES
from sdk.packs.location import StyleLocation
from sdk.places import CACHE_VARIABLE, hub_cache, lent_home

if TYPE_CHECKING:
    from huggingface_hub import DryRunFileInfo, HfApi

_LIMITS: Final = {CONFIG: CONFIG_MAX_BYTES, DELTA: DELTA_MAX_BYTES}
_LOGIN: Final = "If it is private, log in with `hf auth login` or set HF_TOKEN."


@dataclass(frozen=True)
class FoundStyle:
    """A style pack that a search found: its repository, licence, downloads, and whether it is private."""

    repo_id: str
    license: str | None
    downloads: int
    private: bool


def download(location: StyleLocation, *, token: str | bool | None = None) -> tuple[StyleLocation, Path, Path]:
    """Bring a pack into the cache, unless it is there.

    A branch or tag is resolved to its commit once: loading again costs one request; by commit, or offline, none. Files
    are measured before they are fetched; one in the cache that is not what its name says is fetched again.

    Returns the repository at the commit, the folder of its files, and the folder of the repository in the cache, which
    links may lead into.

    Raises:
        StyleNotFound: No such repository or revision, or no pack in it.
        PackInvalid: A file is over its limit.
        HubError: The Hub cannot be reached, refuses, or sends damaged files.
    """
    with client(location, token) as api:
        cache = hub_cache(location.name)
        commit = str(api.resolve_revision(location.name, revision=location.revision, cache_dir=cache).resolved)
        cache = hub_cache(location.name, commit)
        fixed = StyleLocation("hub", location.name, commit)
        for name in _LIMITS:
            _measure(api, fixed, name, cache)
        for name in _LIMITS:
            path = Path(api.hf_hub_download(location.name, name, revision=commit, cache_dir=cache))
            if not _is_sound(path):
                _forget(path)
                raise HubError(f"{name} arrived damaged", where=str(fixed), hint="Try again.")
    # <cache>/models--org--name/snapshots/<commit>/config.json
    return fixed, path.parent, path.parents[2]


def _measure(api: HfApi, location: StyleLocation, name: str, cache: Path) -> None:
    """Check a file's size before it is fetched; drop it from the cache if it is damaged there."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    def look() -> DryRunFileInfo:
        return api.hf_hub_download(location.name, name, revision=location.revision, cache_dir=cache, dry_run=True)

    try:
        found = look()
        if found.is_cached and not _is_sound(Path(found.local_path)):
            _forget(Path(found.local_path))
            found = look()
    except RemoteEntryNotFoundError as error:
        what = f"the repository has no {name}, so it is not a style pack"
        raise location.not_found(what, "Check the name.") from error
    if found.file_size is None or found.file_size > _LIMITS[name]:
        what = f"{name} has {found.file_size} bytes, over the limit of {_LIMITS[name]}"
        raise PackInvalid(what, where=str(location), hint="Use another.")


def check_push(
    repo_id: str,
    *,
    license: str | None,  # noqa: A002 the field's name
    consent: str | None,
    token: str | bool | None = None,
) -> None:
    """Check what can be known of a push before anything is made or sent.

    Raises:
        ConfigError: No name of a repository, or no licence or consent is stated.
        HubError: Nobody is logged in, or the Hub is not to be asked.
    """
    if StyleLocation.parse(f"hf://{repo_id}").revision is not None:
        raise ConfigError("a repository to push to is named without a revision", where=repo_id, hint="Write org/name.")
    given = {"license": license, "consent": consent}
    missing = [word for word, text in given.items() if not (text or "").strip()]
    if missing:
        hint = 'Say so, as in license="cc-by-4.0" and consent="my own face".'
        raise ConfigError(f"a style that is shared states its {' and its '.join(missing)}", hint=hint)
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise HubError("HF_HUB_OFFLINE is set, and this needs the Hub", where=repo_id, hint="Unset it.")
    if token is False or (not isinstance(token, str) and get_token() is None):
        hint = "Log in with `hf auth login`, or set HF_TOKEN."
        raise HubError("nobody is logged in to the Hub, which a push needs", where=repo_id, hint=hint)


def search(
    text: str = "",
    *,
    author: str | None = None,
    base: str | None = None,
    limit: int = 20,
    token: str | bool | None = None,
) -> list[FoundStyle]:
    """Find style packs on the Hub whose names hold ``text``, most downloaded first.

    ``author`` is a user or an organisation, ``base`` the name of the motion generator that they were made for.

    Raises:
        HubError: The Hub cannot be reached or refuses.
    """
    with client(StyleLocation("hub", "search"), token) as api:
        tags = [*TAGS[:2], *([] if base is None else [base_tag(base)])]
        found = api.list_models(filter=tags, search=text or None, author=author, limit=limit, sort="downloads")
        return [
            FoundStyle(
                info.id,
                next((tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")), None),
                info.downloads or 0,
                bool(info.private),
            )
            for info in found
        ]


def _is_sound(path: Path) -> bool:
    """Whether a cached file is what its blob's name says: the sha256 of a large file, git's sha1 of a small one."""
    with suppress(OSError):
        blob = path.resolve(strict=True)
        size = blob.stat().st_size
        if size > _LIMITS[path.name]:
            return False
        if re.fullmatch(r"[0-9a-f]{64}", blob.name):
            return hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
        if re.fullmatch(r"[0-9a-f]{40}", blob.name):
            return hashlib.sha1(b"blob %d\0" % size + blob.read_bytes(), usedforsecurity=False).hexdigest() == blob.name
        return True  # a cache without links keeps the plain file; the pack's own checks are all there is
    return False


def _forget(path: Path) -> None:
    """Take a damaged file out of the cache, or every later load would fail from it."""
    for file in (path.resolve(), path):
        with suppress(OSError):
            file.unlink()


@contextmanager
def client(location: StyleLocation, token: str | bool | None, *, writing: bool = False) -> Iterator[HfApi]:
    """The Hub's client; whatever it raises in the block becomes one of our errors."""
    with lent_home():
        from huggingface_hub import HfApi, errors

    # The client takes HTTPError from the HTTP library of its version, without saying that it passes it on.
    http: type[Exception] = vars(errors)["HTTPError"]
    plain = (errors.RevisionResolutionError, errors.XetDownloadError)  # which have no other parent than Exception
    try:
        yield HfApi(token=token, library_name="talkstyle", library_version=__version__)
    except (SdkError, Cancelled):
        raise
    except (http, *plain, OSError, RuntimeError, ValueError) as error:
        translated = _translated(error, location, writing=writing)
        if not writing:
            translated.hint = location.or_folder(translated.hint or "")
        raise translated from error


def _translated(error: Exception, location: StyleLocation, *, writing: bool) -> SdkError:
    """Our error for one of the client's, of its HTTP library's, or of the disk's."""
    from huggingface_hub import errors as hub

    where = str(location)
    # The error of an upload only says which file it was.
    cause = error.__cause__ if type(error) is RuntimeError and error.__cause__ is not None else error
    match cause:
        case hub.HFValidationError():
            return ConfigError(f"this is not a repository name: {cause}", where=where, hint="Write org/name.")
        case hub.GatedRepoError():
            return HubError("the repository asks for its terms to be accepted", where=where, hint="Open its page.")
        case hub.RepositoryNotFoundError() if writing:
            return HubError("there is no such repository to write to", where=where, hint=_LOGIN)
        case hub.RepositoryNotFoundError():
            what, hint = "the Hub shows no such repository", f"Check the name. {_LOGIN}"
            return StyleNotFound(what, where=where, hint=hint)
        case hub.RevisionNotFoundError():
            return StyleNotFound("the repository has no such revision", where=where, hint="Check the name.")
        case hub.OfflineModeIsEnabled():
            return HubError("HF_HUB_OFFLINE is set, and this needs the Hub", where=where, hint="Unset it.")
        case hub.LocalEntryNotFoundError() | hub.RevisionResolutionError():
            what = "the Hub cannot be reached, and the cache does not hold this"
            return HubError(what, where=where, hint="Go online once to load it.")
        case hub.HfHubHTTPError():
            status = cause.response.status_code
            if status in (401, 403):
                what, hint = f"the Hub does not allow this ({status})", f"Check the token's rights. {_LOGIN}"
            elif status in (409, 412):
                what, hint = "the repository changed meanwhile", "Look at it, and push again."
            else:
                what, hint = f"the Hub answered {status}", "Try again later."
            return HubError(what, where=where, hint=hint)
        case PermissionError() | OSError(errno=errno.EROFS):
            hint = f"Set HF_HOME or {CACHE_VARIABLE} to a folder that can be."
            return HubError(f"the Hub's cache cannot be read or written: {cause}", where=where, hint=hint)
    hint = "Check the connection and try again."
    if writing:
        hint += " Where the server has no xet storage, set HF_HUB_DISABLE_XET=1."
    return HubError(f"speaking to the Hub failed: {str(cause)[:300]}", where=where, hint=hint)
