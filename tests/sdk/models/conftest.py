import hashlib

import pytest

from sdk.models import download
from tests.model_server import CONTENT, Server


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """A cache of the test's own, no folder, mirror or proxy of the machine's, and no pauses."""
    for name in ("TALKSTYLE_MODELS", "TALKSTYLE_MODELS_URL", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TALKSTYLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def sha256():
    return hashlib.sha256(CONTENT).hexdigest()
