from __future__ import annotations

import json
import logging

import pytest

from sdk.cli import main
from tests.distributions import site

__all__ = ["site", "talkstyle", "talkstyle_json"]


@pytest.fixture
def talkstyle(capsys):
    """Run the command line in this process: exit code, stdout, stderr."""
    level = logging.getLogger("sdk").level

    def run(*words):
        with pytest.raises(SystemExit) as caught:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    yield run
    logging.getLogger("sdk").setLevel(level)


@pytest.fixture
def talkstyle_json(talkstyle):
    """Run a command with --json: exit code and the one document that stdout is."""

    def run(*words):
        code, out, _ = talkstyle(*words, "--json")
        return code, json.loads(out)

    return run
