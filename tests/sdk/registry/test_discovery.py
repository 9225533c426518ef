"""Each entry point on its own: what fails is kept, and harms nothing else."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from sdk.errors import PluginError
from sdk.registry.discovery import discover
from tests.distributions import install, plugin, points

GOOD = plugin("'renderer', 'plain', 'nowhere:Plain'")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("TALKSTYLE_PLUGINS", raising=False)
    monkeypatch.delenv("TALKSTYLE_STRICT_PLUGINS", raising=False)


BROKEN = {
    "raises at import": ("raise RuntimeError('boom')", "import", "boom"),
    "leaves at import": ("import sys; sys.exit(3)", "import", "SystemExit"),
    "a missing module": ("import no_such_module", "import", "no_such_module"),
    "no hook": ("", "hook", "implements no hook"),
    "a misspelt hook": (
        "from sdk.registry import hookimpl\n@hookimpl\ndef talkstyle_component():\n    return []",
        "hook",
        "talkstyle_component",
    ),
    "another signature": (
        "from sdk.registry import hookimpl\n@hookimpl\ndef talkstyle_components(device):\n    return []",
        "hook",
        "device",
    ),
    "raises in the hook": (
        "from sdk.registry import hookimpl\n@hookimpl\ndef talkstyle_components():\n    raise ValueError('bang')",
        "hook",
        "bang",
    ),
    "returns no list": (
        "from sdk.registry import hookimpl\n@hookimpl\ndef talkstyle_components():\n    return 7",
        "hook",
        "int",
    ),
    "returns a dict": (
        "from sdk.registry import hookimpl\n@hookimpl\ndef talkstyle_components():\n    return [{'kind': 'renderer'}]",
        "component",
        "dict",
    ),
    "an unknown kind": (plugin("'painter', 'x', 'a:B'"), "component", "painter"),
    "a bad name": (plugin("'renderer', 'Big Name', 'a:B'"), "component", "Big Name"),
    "a bad target": (plugin("'renderer', 'x', 'a.B'"), "component", "a.B"),
    "a bad requirement": (plugin("'renderer', 'x', 'a:B', requires=['>=3']"), "component", "requirement"),
    "the same twice": (plugin("'renderer', 'x', 'a:B'", "'renderer', 'x', 'a:C'"), "component", "twice"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_kept_and_the_others_work(site, caplog, case):
    source, stage, said = BROKEN[case]
    install(site, "good-dist", {"good_plugin": GOOD}, version="2.1")
    install(site, "bad-dist", {"bad_plugin": source}, version="0.3")
    with caplog.at_level(logging.WARNING, "sdk.registry"):
        found = discover(points(site))
    assert ("plain", "good-dist", "2.1") in [(p.name, p.distribution, p.version) for p in found.providers]
    (failure,) = found.failures
    assert (failure.distribution, failure.version, failure.stage) == ("bad-dist", "0.3", stage)
    assert said in failure.error
    assert isinstance(failure.exception, BaseException)
    (record,) = caplog.records
    assert "bad-dist 0.3" in record.getMessage()
    assert said in record.getMessage()


def test_a_generator_that_fails_half_way_keeps_what_it_gave(site):
    source = """
        from sdk.registry import Component, hookimpl

        @hookimpl
        def talkstyle_components():
            yield Component("renderer", "first", "a:B")
            raise OSError("half way")
    """
    install(site, "half", {"half_plugin": source})
    found = discover(points(site))
    assert [p.name for p in found.providers] == ["first"]
    assert "half way" in found.failures[0].error


def test_the_users_own_interrupt_is_no_failure(site):
    install(site, "slow", {"slow_plugin": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        discover(points(site))


def test_states_are_told_from_metadata(site):
    source = plugin(
        "'renderer', 'ready', 'a:B', requires=['pytest>=8']",
        "'renderer', 'old', 'a:B', requires=['pytest>=1000']",
        "'renderer', 'absent', 'a:B', requires=['no-such-thing[fast]>=2', 'numpy']",
        "'renderer', 'elsewhere', 'a:B', requires=[\"no-such-thing; sys_platform == 'amiga'\"]",
        "'renderer', 'extra', 'a:B', requires=['has-extra[fast]']",
        "'renderer', 'ancient', 'a:B', api=0",
        "'renderer', 'future', 'a:B', api=99",
    )
    lacking = (
        "Provides-Extra: fast\nRequires-Dist: no-such-thing; extra == 'fast'\nRequires-Dist: nor-this; extra == 'x'"
    )
    install(site, "states", {"states_plugin": source})
    install(site, "has-extra", {}, requires=lacking)
    found = {p.name: p for p in discover(points(site)).providers}
    assert {name: p.state for name, p in found.items()} == {
        "ready": "ready",
        "old": "missing",
        "absent": "missing",
        "elsewhere": "ready",
        "extra": "missing",
        "ancient": "incompatible",
        "future": "incompatible",
    }
    assert found["old"].reason == 'python -m pip install "pytest>=1000"'
    assert found["absent"].reason == 'python -m pip install "no-such-thing[fast]>=2"'
    assert "upgrade the plugin" in found["ancient"].reason
    assert "upgrade talkstyle" in found["future"].reason


@pytest.mark.parametrize(
    ("value", "names"),
    [("one_plugin", ["one"]), ("Two-Dist", ["two"]), ("one_plugin, two-dist", ["one", "two"]), ("", [])],
)
def test_discovery_can_be_restricted(site, monkeypatch, value, names):
    for n in ("one", "two"):
        install(site, f"{n}-dist", {f"{n}_plugin": plugin(f"'renderer', '{n}', 'a:B'")})
    install(site, "bad", {"bad_plugin": "raise RuntimeError('must not be imported')"})
    monkeypatch.setenv("TALKSTYLE_PLUGINS", value)
    found = discover(points(site))
    assert [p.name for p in found.providers] == names
    assert not found.failures


def test_a_restriction_that_names_nothing_installed_is_a_failure(site, monkeypatch):
    install(site, "good", {"good_plugin": GOOD})
    monkeypatch.setenv("TALKSTYLE_PLUGINS", "good_plugin,gone")
    found = discover(points(site))
    assert [(f.distribution, f.stage) for f in found.failures] == [("gone", "find")]


def test_strict_mode_raises_over_a_failure(site, monkeypatch):
    install(site, "good", {"good_plugin": GOOD})
    install(site, "bad", {"bad_plugin": "raise RuntimeError('boom')"})
    monkeypatch.setenv("TALKSTYLE_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match=r"bad 1.0 failed at import") as caught:
        discover(points(site))
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_strict_mode_raises_over_a_clash_and_nothing_else(site, monkeypatch):
    monkeypatch.setenv("TALKSTYLE_STRICT_PLUGINS", "1")
    install(site, "one", {"one_plugin": GOOD})
    assert discover(points(site)).providers
    install(site, "two", {"two_plugin": GOOD})
    with pytest.raises(PluginError, match=r"one:plain and two:plain"):
        discover(points(site))


def test_the_installed_plugins_are_found_by_their_entry_points():
    found = discover()
    ours = {(p.kind, p.name) for p in found.providers if p.distribution == "talkstyle"}
    assert {("audio-encoder", "mel"), ("landmark-detector", "mediapipe"), ("renderer", "warp")} <= ours
    assert all(p.component.license for p in found.providers if p.distribution == "talkstyle")


def test_listing_imports_no_model_library():
    code = (
        "import sys\n"
        "from sdk.registry import components, failures\n"
        "assert components() and not failures(), failures()\n"
        "heavy = {'torch', 'librosa', 'mediapipe', 'huggingface_hub', 'av', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
