"""A download over HTTP that resumes where it was cut off."""

from __future__ import annotations

import http.client
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sdk._version import __version__
from sdk.progress import Reporter

TRIES: Final = 4
"""Requests to a server that cuts the connection or answers with an error of its own."""
PAUSE: Final = 0.5
"""Seconds before the second request, doubled before each further one."""
TIMEOUT: Final = 30
"""Seconds without a byte that end a request."""
BLOCK_BYTES: Final = 1 << 18


class DownloadFailed(Exception):
    """The address cannot be reached, refuses, or sends another file; ``model_file`` adds what to do about it."""


class _Cut(Exception):
    """The connection or the server failed, perhaps only for a moment."""


def download(address: str, part: Path, report: Reporter) -> None:
    """Fetch a file into ``part``, or the rest of it if ``part`` holds its beginning.

    ``part`` keeps what has arrived, also after an error. ``urllib`` takes proxies from the environment (HTTPS_PROXY,
    NO_PROXY).
    """
    if urlsplit(address).scheme not in ("https", "http"):
        raise DownloadFailed(f"{address} is not a web address")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            return _rest(address, part, report)
        except _Cut as error:
            failure = error
    raise DownloadFailed(f"{address}: {failure}") from failure


def _rest(address: str, part: Path, report: Reporter) -> None:
    """Make one request and append what it brings."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(address, headers={"User-Agent": f"talkstyle/{__version__}"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        # An opener of its own, because urlopen keeps the proxies of the process's first request.
        with urllib.request.build_opener().open(request, timeout=TIMEOUT) as response:
            if have and not _continues(response, have):
                have = 0
            length = response.headers.get("Content-Length")
            total = have + int(length) if length is not None else None
            with part.open("ab" if have else "wb") as file:
                while block := response.read(BLOCK_BYTES):
                    file.write(block)
                    have += len(block)
                    report("download", have / total if total else None, part.stem)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # nothing follows: the file is complete, or was another one
            return
        if error.code >= 500 or error.code in (408, 429):
            raise _Cut(f"HTTP {error.code} {error.reason}") from error
        raise DownloadFailed(f"{address}: HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, socket.gaierror):  # offline: another try only takes time
            raise DownloadFailed(f"{address}: {error.reason}") from error
        raise _Cut(f"{error.reason}") from error
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _Cut(f"{type(error).__name__}: {error}") from error
    if total is not None and have < total:
        raise _Cut(f"the connection was cut after {have} of {total} bytes")


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    """Whether an answer begins where the file ends; a server without ranges sends the whole file again."""
    return response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
