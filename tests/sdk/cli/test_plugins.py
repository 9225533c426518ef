"""``talkstyle plugins`` and ``talkstyle plugins check``."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sdk
from sdk import registry
from tests.distributions import install, plugin
from tests.sdk.fakes import TinyNet


@pytest.fixture
def installed(site):
    """What a test installs is found by the process's own registry, and forgotten afterwards."""

    def make(name, source):
        install(site, name, {name.replace("-", "_"): source})
        registry.refresh()

    yield make
    registry.refresh()


def test_the_listing_has_the_documented_shape(talkstyle_json, installed):
    installed("odd-dist", plugin("'renderer', 'odd', 'a:B', requires=['no-such-thing']", "'renderer', 'warp', 'a:B'"))
    installed("bad-dist", "raise RuntimeError('boom')")
    code, document = talkstyle_json("plugins")
    assert code == 0
    assert set(document) == {"components", "failures"}
    by_name = {f"{c['distribution']}:{c['name']}": c for c in document["components"]}
    assert by_name["odd-dist:odd"] == {
        "kind": "renderer",
        "name": "odd",
        "distribution": "odd-dist",
        "version": "1.0",
        "license": "",
        "state": "missing",
        "reason": 'python -m pip install "no-such-thing"',
    }
    assert by_name["talkstyle:warp"]["state"] == by_name["odd-dist:warp"]["state"] == "clash"
    wanted = {"distribution": "bad-dist", "version": "1.0", "stage": "import", "error": "RuntimeError: boom"}
    assert document["failures"] == [wanted]


def test_the_table_says_the_same(talkstyle, installed):
    installed("bad-dist", "raise RuntimeError('[bold]boom[/bold]')")
    installed("odd-dist", plugin("'renderer', 'odd', 'a:B', requires=['no-such-thing']"))
    code, out, _ = talkstyle("plugins")
    assert code == 0
    assert "bad-dist 1.0 failed at import: RuntimeError: [bold]boom[/bold]" in out
    assert 'odd-dist:odd is missing: python -m pip install "no-such-thing"' in out
    assert "mediapipe" in out


def test_the_listing_loads_no_model_library():
    code = (
        "import sys\nfrom sdk.cli import main\n"
        "try:\n    main(['plugins'])\nexcept SystemExit as e:\n    assert not e.code\n"
        "heavy = {'torch', 'librosa', 'mediapipe', 'huggingface_hub', 'av', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_check_runs_the_kit_and_gives_times(talkstyle, talkstyle_json):
    with sdk.register("style-transfer-net", "tiny-checked", TinyNet):
        code, document = talkstyle_json("plugins", "check", "tiny-checked")
        assert code == 0
        (result,) = document["checks"]
        assert result["error"] is None
        assert "it can be differentiated twice, for the gradient penalty" in result["passed"]
        assert result["import_seconds"] >= 0
        assert result["frames_per_second"] > 0
        code, out, _ = talkstyle("plugins", "check", "tiny-checked")
        assert code == 0
        assert "frames a second" in out


def test_check_of_what_breaks_the_contract_is_exit_1(talkstyle, talkstyle_json):
    class Wide(TinyNet):
        def forward(self, phi):
            return super().forward(phi)[..., :200]

    with sdk.register("style-transfer-net", "wide-checked", Wide):
        code, document = talkstyle_json("plugins", "check", "wide-checked", "--kind", "style-transfer-net")
        assert code == 1
        assert "not [1, 1, 256]" in document["checks"][0]["error"]["what"]
        assert "FAILED" in talkstyle("plugins", "check", "wide-checked")[1]


def test_check_of_what_is_not_there(talkstyle_json):
    code, document = talkstyle_json("plugins", "check", "warpp")
    assert (code, document["error"]["code"]) == (1, "component-not-found")
    assert "Did you mean 'warp'" in document["error"]["hint"]
