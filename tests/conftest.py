"""What every test may ask for."""

from __future__ import annotations

import os
import time
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


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub on the loopback, which the real client speaks to, with a cache of its own and ``ann`` logged in."""
    from huggingface_hub import constants

    from tests.hub_server import Hub

    with Hub() as server:
        server.tokens = {"hf_ann": "ann", "hf_bob": "bob"}
        # The client reads its environment at import, which may be long past.
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        # It waits longer and longer before it tries again.
        monkeypatch.setattr(time, "sleep", lambda _: None)
        monkeypatch.setenv("HF_TOKEN", "hf_ann")
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        yield server
