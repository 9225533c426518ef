"""MediaPipe's native start-up chatter, kept off stderr; its errors are passed on."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# absl's I and W lines, TensorFlow Lite's own, and absl's message before it is initialised. No environment variable
# turns these off.
_CHATTER = re.compile(rb"[IW]\d{4} .*\.cc:\d+\]|INFO: |WARNING: (All log messages|Logging) before ")


@contextmanager
def without_chatter() -> Iterator[None]:
    """Drop information and warnings that native code writes to stderr in the block; pass the rest on at its end.

    Native code writes to the file descriptor, past ``sys.stderr``, so the descriptor itself is redirected. That affects
    the whole process, hence only during start-up.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # a process without stderr
        yield
        return
    try:
        with tempfile.TemporaryFile() as held:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(held.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(stderr, 2)
                held.seek(0)
                kept = b"".join(line for line in held if not _CHATTER.match(line))
                if kept:
                    os.write(2, kept)
    finally:
        os.close(stderr)
