"""Where caches and temporary files go, also on machines where their usual places cannot be written to.

Containers and services often run as a user without a home, over files that are read-only. Each cache stays in its own
place if that can be written to; else it goes into the folder that TALKSTYLE_CACHE names; else into a private temporary
one, which is removed when the process ends. Other libraries are told so by the functions here, before their import.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.util import Finalize
from pathlib import Path
from types import FunctionType
from typing import Final

from filelock import FileLock

from sdk.arguments import read_path
from sdk.errors import OutputError
from sdk.files import locked_folder, sweep

__all__ = [
    "CACHE_VARIABLE",
    "cache_place",
    "chosen_cache",
    "give_matplotlib_a_cache",
    "give_numba_a_cache",
    "give_torch_a_cache",
    "hub_cache",
    "is_there",
    "lent_home",
    "obstacle",
    "passing_caches",
    "temporary_folder",
    "user_cache",
    "user_folder",
]

CACHE_VARIABLE: Final = "TALKSTYLE_CACHE"
"""Names the folder for talkstyle's own cache, and for every cache whose own place cannot be written to."""

SHARED_MEMORY: Final = "/dev/shm"  # where containers can write that have nothing else

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_passing: set[str] = set()
_private: dict[int, Path] = {}  # by process: a fork must not share what its parent removes


def user_folder(variable: str, *within: str) -> Path | None:
    """The folder that an environment variable names, or one in the user's home; None for a user without a home."""
    named = Path(os.environ.get(variable) or ".")
    if named.is_absolute():
        return named
    home = _home()
    return None if home is None else home.joinpath(*within)


def user_cache() -> Path | None:
    """Talkstyle's folder among the platform's for caches; None for a user without a home."""
    if sys.platform == "win32":
        base = user_folder("LOCALAPPDATA", "AppData", "Local")
    elif sys.platform == "darwin":
        base = user_folder("", "Library", "Caches")
    else:
        base = user_folder("XDG_CACHE_HOME", ".cache")
    return None if base is None else base / "talkstyle"


def _home() -> Path | None:
    home = read_path("~")
    return home if home.is_absolute() and os.environ.get("HOME") != "" else None


@contextmanager
def lent_home() -> Iterator[None]:
    """Lend a user without a home one of the places above, in the block: some libraries fail at their import else.

    Others would make a folder ``~`` where the process stands.
    """
    if _home() is not None:
        yield
        return
    home = str(cache_place("home"))
    with _environment(HOME=home, USERPROFILE=home):
        yield


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set environment variables in the block only, so that no child inherits a folder which it outlives."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def is_there(path: Path, *, folder: bool = False) -> bool:
    """Whether a path, or a folder, is there and can be seen; pathlib raises where a parent cannot be read."""
    try:
        return path.is_dir() if folder else path.exists()
    except OSError:
        return False


def chosen_cache() -> Path | None:
    """The folder that TALKSTYLE_CACHE names, or None."""
    folder = os.environ.get(CACHE_VARIABLE)
    return read_path(folder) if folder else None


def cache_place(name: str, *own: Path | None) -> Path:
    """The folder for the cache ``name``: the first of its ``own`` if all can be written to, else another; see above.

    Raises:
        OutputError: No folder at all can be written to.
    """
    if own and all(folder is not None and obstacle(folder) is None for folder in own):
        assert own[0] is not None
        return own[0]
    chosen = chosen_cache()
    if chosen is not None:
        if (error := obstacle(chosen / name)) is None:
            return chosen / name
        logger.warning("%s=%s cannot be written to: %s", CACHE_VARIABLE, chosen, error.strerror)
    place = _private_folder() / name
    _passing.add(name)
    logger.info("the cache of %s is %s for this process alone; %s can name a folder", name, place, CACHE_VARIABLE)
    return place


def hub_cache(repository: str, commit: str | None = None) -> Path:
    """The Hub client's cache if it can be written to or already holds the repository, at the commit; else another.

    Raises:
        OutputError: No folder at all can be written to.
    """
    with lent_home():
        from huggingface_hub.constants import HF_HUB_CACHE
        from huggingface_hub.file_download import repo_folder_name

    own = Path(HF_HUB_CACHE)
    kept = own / repo_folder_name(repo_id=repository, repo_type="model")
    if is_there(kept if commit is None else kept / "snapshots" / commit):
        return own
    return cache_place("huggingface", own)


def passing_caches() -> tuple[str, ...]:
    """The names of those caches of this process that end with it."""
    return tuple(sorted(_passing - {"torch"}))  # whose is never read again


def obstacle(folder: Path) -> OSError | None:
    """What prevents writing into a folder, or making it first; None if nothing does. It is tried, and nothing stays."""
    existing = next((path for path in (folder, *folder.parents) if is_there(path)), folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return error


def temporary_folder() -> Path:
    """The folder for temporary files.

    Raises:
        OutputError: There is none that can be written to.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        if obstacle(Path(SHARED_MEMORY)) is None:
            return Path(SHARED_MEMORY)
        what = "no folder for temporary files can be written to"
        raise OutputError(what, hint="Set TMPDIR (TEMP on Windows) to one that can.") from error


def _private_folder() -> Path:
    """A folder of this process and user alone, for what others must not replace: numba's caches hold code."""
    with _lock:
        if os.getpid() not in _private:
            parent = temporary_folder()
            sweep(parent)
            place, lock = locked_folder(parent)
            # Unlike atexit's, these also run at the end of multiprocessing's workers, and in no other process.
            Finalize(None, _remove, args=(place, lock), exitpriority=-100)
            _private[os.getpid()] = place
        return _private[os.getpid()]


def _remove(place: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(place, ignore_errors=True)


def give_numba_a_cache(package: str) -> None:
    """See to it that numba can keep what it compiles of a package, before the package is imported.

    Where it finds no place, numba does not compile without one, but refuses.

    Raises:
        OutputError: No folder at all can be written to.
    """
    import numba

    spec = find_spec(package)
    files = [Path(spec.origin)] if spec is not None and spec.origin else []
    given: str = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    own = Path(given) if given else user_folder("XDG_CACHE_HOME", ".cache")
    if own is None or not all(_numba_caches(file) for file in files):
        # Not the environment variable, which children would inherit and use after the folder's end.
        vars(numba.config)["CACHE_DIR"] = str(cache_place("numba"))


def _numba_caches(file: Path) -> bool:
    """Whether numba finds a place for functions of a file; asked with a function that claims to be from there."""
    import numba

    def probe() -> None: ...

    try:
        numba.njit(cache=True)(FunctionType(probe.__code__.replace(co_filename=str(file)), {}))
    except RuntimeError:
        return False
    return True


def give_matplotlib_a_cache() -> None:
    """Import matplotlib, if it is installed, with folders that it can write to: else it makes one, and complains.

    Raises:
        OutputError: No folder at all can be written to.
    """
    if "matplotlib" in sys.modules or find_spec("matplotlib") is None:
        return
    if os.environ.get("MPLCONFIGDIR"):
        own: list[Path | None] = [Path(os.environ["MPLCONFIGDIR"])]
    elif sys.platform in ("win32", "darwin"):
        own = [user_folder("MPLCONFIGDIR", ".matplotlib")]
    else:
        own = [user_folder("XDG_CONFIG_HOME", ".config"), user_folder("XDG_CACHE_HOME", ".cache")]
    place = cache_place("matplotlib", *own)
    if place == own[0]:
        return
    with _environment(MPLCONFIGDIR=str(place)):  # it asks once, and remembers
        import matplotlib as mpl

        mpl.get_configdir(), mpl.get_cachedir()


def give_torch_a_cache() -> None:
    """Import torch's compiler, which its optimisers do, with a folder that it can write to: else the import fails.

    Raises:
        OutputError: No folder at all can be written to.
    """
    if "torch._dynamo" in sys.modules:
        return
    chosen, ours = os.environ.get("TORCHINDUCTOR_CACHE_DIR"), user_cache()
    # By default it is under the user's name in the folder for temporary files, where anybody can make it first.
    own = Path(chosen) if chosen else ours and ours / "torch"
    with _environment(TORCHINDUCTOR_CACHE_DIR=str(cache_place("torch", own))):
        import torch._dynamo  # noqa: F401
