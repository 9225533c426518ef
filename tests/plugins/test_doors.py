"""Doors without their libraries."""

import importlib
import sys

import pytest

from sdk.errors import ComponentUnavailable


@pytest.mark.parametrize(("door", "library"), [("talkstyle_livekit", "livekit"), ("talkstyle_pipecat", "pipecat")])
def test_a_door_without_its_library_says_what_to_install(door, library, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] in (door, library)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ComponentUnavailable, match=rf"talkstyle\[{library}\]"):
        importlib.import_module(door)
