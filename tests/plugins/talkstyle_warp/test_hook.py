from __future__ import annotations

import subprocess
import sys

import sdk


def test_the_renderer_is_listed_without_importing_torch():
    code = (
        "import sys, talkstyle_warp; (c,) = talkstyle_warp.talkstyle_components(); c.check(); "
        "print(c.kind, c.name, 'torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["renderer", "warp", "False"]


def test_the_renderer_loads_by_its_name():
    assert sdk.load("renderer", "warp", device="cpu").name == "warp"
