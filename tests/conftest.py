"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# The tests' networks are small: on several threads they take longer, and longest on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real clips, portraits and speech, which is never part of the tree."""
    folder = os.environ.get("TALKSTYLE_MEDIA")
    if not folder:
        pytest.skip("TALKSTYLE_MEDIA names no folder of real media")
    return Path(folder)
