"""A download over HTTP that goes on where it was cut."""

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

__all__ = ["DownloadFailed", "download"]

TRIES: Final = 4
"""Requests until a server that cuts off, or that answers with an error of its own, is given up."""
PAUSE: Final = 0.5
"""Seconds before the second request; twice as many before each further one."""
TIMEOUT: Final = 30
"""Seconds without a byte after which a request is given up."""
BLOCK: Final = 1 << 18


class DownloadFailed(Exception):
    """The address cannot be reached, refuses, or sends something else; ``model_file`` says what to do about it."""


class _Cut(Exception):
    """The connection or the server failed in a way that may pass."""


def download(address: str, part: Path, report: Reporter) -> None:
    """Fetch a file into ``part``, or the rest of it where its beginning is there already.

    Proxies are those of the environment (HTTPS_PROXY, NO_PROXY), by ``urllib``.

    Args:
        address: http or https.
        part: What has come is kept here, after an error too.
        report: Told the fraction, stage ``download``.

    Raises:
        DownloadFailed: Whatever went wrong, in one line.
    """
    if urlsplit(address).scheme not in ("https", "http"):
        raise DownloadFailed(f"{address} is no address of the web")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            _rest(address, part, report)
        except _Cut as error:
            failure = error
        else:
            return
    raise DownloadFailed(f"{address}: {failure}") from failure


def _rest(address: str, part: Path, report: Reporter) -> None:
    """Make one request and append what it brings."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(address, headers={"User-Agent": f"talkstyle/{__version__}"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        # An opener of its own: urlopen's keeps the proxies of the first request in the process.
        with urllib.request.build_opener().open(request, timeout=TIMEOUT) as response:
            if have and not _continues(response, have):
                have = 0
            length = response.headers.get("Content-Length")
            total = have + int(length) if length is not None else None
            with part.open("ab" if have else "wb") as file:
                while block := response.read(BLOCK):
                    file.write(block)
                    have += len(block)
                    report("download", have / total if total else None, part.stem)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # nothing lies beyond what is there: the file is whole, or was another one
            return
        if error.code >= 500 or error.code in (408, 429):
            raise _Cut(f"HTTP {error.code} {error.reason}") from error
        raise DownloadFailed(f"{address}: HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, socket.gaierror):  # offline; asking again only takes long
            raise DownloadFailed(f"{address}: {error.reason}") from error
        raise _Cut(f"{error.reason}") from error
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _Cut(f"{type(error).__name__}: {error}") from error
    if total is not None and have < total:
        raise _Cut(f"the connection was cut after {have} of {total} bytes")


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    """Whether an answer begins where the file ends; a server that knows no ranges sends the whole again."""
    return response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
