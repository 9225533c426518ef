"""The Hugging Face Hub: the only module that speaks to it, so that its client's many kinds of failure become ours once.

Tokens, ``HF_ENDPOINT``, ``HF_HOME``, ``HF_HUB_OFFLINE`` and the rest are the client's own conventions; it reads them
when it is first imported, which happens here and no earlier.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from sdk._version import __version__
from sdk.errors import Cancelled, ConfigError, HubError, PackInvalid, SdkError, StyleNotFound
from sdk.packs.card import TAGS, base_tag
from sdk.packs.config import CONFIG, CONFIG_MAX_BYTES, DELTA, DELTA_MAX_BYTES
from sdk.packs.location import StyleLocation

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_LIMITS: Final = {CONFIG: CONFIG_MAX_BYTES, DELTA: DELTA_MAX_BYTES}
_LOGIN: Final = "If it is private, log in with `hf auth login` or set HF_TOKEN."


class Download(NamedTuple):
    """A pack of one commit in the cache.

    Attributes:
        location: The repository at the commit.
        folder: The folder of its files.
        root: The repository's folder in the cache, which links may lead into.
    """

    location: StyleLocation
    folder: Path
    root: Path


@dataclass(frozen=True)
class FoundStyle:
    """A style pack that a search found: its repository, licence, downloads, and whether it is private."""

    repo_id: str
    license: str | None
    downloads: int
    private: bool


def download(location: StyleLocation, *, token: str | bool | None = None) -> Download:
    """Bring a pack into the cache, unless it is there.

    A branch or tag is resolved to its commit once: loading again costs one request; by commit, or offline, none. Files
    are measured before they are fetched; one in the cache that is not what its name says is fetched again.

    Raises:
        StyleNotFound: No such repository, revision, or no pack in it.
        PackInvalid: A file is over its limit.
        HubError: The Hub cannot be reached, refuses, or sends what is damaged.
    """
    with _client(location, token) as api:
        commit = str(api.resolve_revision(location.name, revision=location.revision).resolved)
        fixed = StyleLocation("hub", location.name, commit)
        for name in _LIMITS:
            _measure(api, fixed, name)
        for name in _LIMITS:
            path = Path(api.hf_hub_download(location.name, name, revision=commit))
            if not _is_sound(path):
                _forget(path)
                raise HubError(f"{name} arrived damaged", where=str(fixed), hint="Try again.")
    # <cache>/models--org--name/snapshots/<commit>/config.json
    return Download(fixed, path.parent, path.parents[2])


def _measure(api: HfApi, location: StyleLocation, name: str) -> None:
    """Check a file's size before it is fetched; drop it from the cache if it is damaged there."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    try:
        found = api.hf_hub_download(location.name, name, revision=location.revision, dry_run=True)
        if found.is_cached and not _is_sound(Path(found.local_path)):
            _forget(Path(found.local_path))
            found = api.hf_hub_download(location.name, name, revision=location.revision, dry_run=True)
    except RemoteEntryNotFoundError as error:
        what = f"the repository has no {name}, so it is no style pack"
        raise StyleNotFound(what, where=str(location)) from error
    if found.file_size is None or found.file_size > _LIMITS[name]:
        what = f"{name} has {found.file_size} bytes, over the limit of {_LIMITS[name]}"
        raise PackInvalid(what, where=str(location), hint="Use another.")


def upload(
    repo_id: str,
    files: Mapping[str, bytes],
    *,
    private: bool | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    tag: str | None = None,
    message: str,
    token: str | bool | None = None,
) -> StyleLocation:
    """Make a repository hold a pack, in one commit; none if it already does.

    Args:
        repo_id: ``org/name``, created if there is none.
        files: The pack's files. Previews in the repository that are not among them are deleted; other files stay.
        private: Whether a new repository is private; None is the account's own default.
        revision: The branch.
        create_pr: Open a pull request rather than commit.
        tag: A tag for the commit.
        message: The commit's.
        token: As in the Hub's client.

    Returns:
        The repository at the commit that holds the pack.

    Raises:
        HubError: The Hub cannot be reached or refuses.
        StyleNotFound: There is no such branch.
        ConfigError: ``repo_id`` is no name of a repository.
    """
    with _client(StyleLocation("hub", repo_id, revision), token, writing=True) as api:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        api.create_repo(repo_id, private=private, exist_ok=True)
        before = api.model_info(repo_id, revision=revision)
        there = {sibling.rfilename for sibling in before.siblings or ()}
        gone = sorted(name for name in there - files.keys() if name.startswith("preview") and "/" not in name)
        commit = api.create_commit(
            repo_id,
            [*(CommitOperationAdd(name, data) for name, data in files.items()), *map(CommitOperationDelete, gone)],
            commit_message=message,
            revision=revision,
            create_pr=create_pr,
            parent_commit=before.sha,
        )
        if tag is not None:
            api.create_tag(repo_id, tag=tag, revision=commit.oid, exist_ok=True)
    return StyleLocation("hub", repo_id, commit.oid)


def search(
    text: str = "",
    *,
    author: str | None = None,
    base: str | None = None,
    limit: int = 20,
    token: str | bool | None = None,
) -> list[FoundStyle]:
    """Find style packs on the Hub by their names, most downloaded first.

    Args:
        text: Part of the repository's name.
        author: Only of this user or organisation.
        base: Only for this motion generator.
        limit: How many at most.
        token: As in ``download``.

    Raises:
        HubError: The Hub cannot be reached or refuses.
    """
    with _client(StyleLocation("hub", "search"), token) as api:
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
        # A cache without links keeps the plain file; the pack's own checks are all there is.
        return True
    return False


def _forget(path: Path) -> None:
    """Take a damaged file out of the cache, or every later load would fail from it."""
    with suppress(OSError):
        path.resolve(strict=True).unlink()
    with suppress(OSError):
        path.unlink()


@contextmanager
def _client(location: StyleLocation, token: str | bool | None, *, writing: bool = False) -> Iterator[HfApi]:
    """The Hub's client; whatever it raises in the block becomes one of our errors."""
    from huggingface_hub import HfApi
    from huggingface_hub import errors as hub

    where = str(location)
    try:
        yield HfApi(token=token, library_name="talkstyle", library_version=__version__)
    except (SdkError, Cancelled):
        raise
    except hub.HFValidationError as error:
        raise ConfigError(f"this is no name of a repository: {error}", where=where, hint="Write org/name.") from error
    except hub.GatedRepoError as error:
        raise HubError(
            "the repository asks for its terms to be accepted", where=where, hint="Open its page."
        ) from error
    except hub.RepositoryNotFoundError as error:
        if writing:
            raise HubError("there is no such repository to write to", where=where, hint=_LOGIN) from error
        raise location.not_found("the Hub shows no such repository", f"Check the name. {_LOGIN}") from error
    except hub.RevisionNotFoundError as error:
        raise StyleNotFound("the repository has no such revision", where=where, hint="Check the name.") from error
    except hub.OfflineModeIsEnabled as error:
        raise HubError("HF_HUB_OFFLINE is set, and this needs the Hub", where=where, hint="Unset it.") from error
    except (hub.LocalEntryNotFoundError, hub.RevisionResolutionError) as error:
        raise HubError(
            "the Hub cannot be reached, and the cache does not hold this",
            where=where,
            hint="Go online once to load it.",
        ) from error
    except hub.HfHubHTTPError as error:
        raise _refused(error.response.status_code, where) from error
    except _others() as error:
        # An upload's wrapper says only which file it was.
        cause = error.__cause__ if isinstance(error, RuntimeError) else None
        if isinstance(cause, hub.HfHubHTTPError):
            raise _refused(cause.response.status_code, where) from error
        hint = "Check the connection and try again."
        if writing:
            hint += " Where the server has no xet storage, set HF_HUB_DISABLE_XET=1."
        raise HubError(f"speaking to the Hub failed: {str(cause or error)[:300]}", where=where, hint=hint) from error


def _others() -> tuple[type[Exception], ...]:
    """What is left: errors of the client's HTTP library, of the disk, and an upload's wrapper around either."""
    from huggingface_hub import errors as hub

    # The client imports this from the HTTP library of its version, and does not say that it passes it on.
    http: type[Exception] = vars(hub)["HTTPError"]
    return http, hub.XetDownloadError, OSError, RuntimeError, ValueError


def _refused(status: int, where: str) -> HubError:
    if status in (401, 403):
        return HubError(
            f"the Hub does not allow this ({status})", where=where, hint=f"Check the token's rights. {_LOGIN}"
        )
    if status in (409, 412):
        return HubError("the repository changed meanwhile", where=where, hint="Look at it, and push again.")
    return HubError(f"the Hub answered {status}", where=where, hint="Try again later.")
