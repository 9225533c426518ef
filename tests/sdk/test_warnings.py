"""A warning of the library points at the line of the caller, however deep it arises."""

import pytest

from sdk import TalkstyleWarning
from sdk.warnings import warn

WRAPPED = """
from contextlib import contextmanager
@contextmanager
def opened(issue):
    issue("worth knowing")
    yield
def within(issue):
    with opened(issue):
        return list(issue(text) for text in ["twice"])
"""


def module(name):
    names = {"__name__": name}
    exec(compile(WRAPPED, f"/{name}.py", "exec"), names)
    return names


@pytest.mark.parametrize("name", ["sdk", "sdk.packs.styling", "talkstyle_warp.renderer", "talkstyle_lab"])
def test_it_points_past_the_library(name):
    with pytest.warns(TalkstyleWarning) as caught:
        module(name)["within"](warn)
    assert [(str(each.message), each.filename) for each in caught] == [("worth knowing", __file__), ("twice", __file__)]


@pytest.mark.parametrize("name", ["sdkish", "app.sdk", "__main__"])
def test_it_points_at_the_first_line_outside(name):
    with pytest.warns(TalkstyleWarning) as caught:
        module(name)["within"](lambda text: warn(text) if text == "twice" else None)
    assert caught[0].filename == __file__  # the lambda is ours
    with pytest.warns(TalkstyleWarning) as caught:
        module(name)["within"](warn)
    assert {each.filename for each in caught} == {f"/{name}.py"}


def test_without_a_caller_outside_it_points_at_the_outermost_line():
    code = compile("warn('worth knowing')", "/sdk/script.py", "exec")
    with pytest.warns(TalkstyleWarning, match="worth knowing"):
        exec(code, {"__name__": "sdk.script", "warn": warn})
