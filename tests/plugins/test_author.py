"""The plugin that docs/plugins.md has authors write: built, installed, used; then broken in every way, and reported."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sdk.testing import checks

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


def files():
    """The page's files by name: each fenced block after a line that begins with a file's name."""
    text = PAGE.read_text(encoding="utf-8")
    return dict(
        re.findall(r"^`([\w./]+)`[^`]*?:\n\n```(?:toml|python)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    )


def build(folder):
    """Write the page's project, build it with pip, and install it into a folder of its own."""
    for name, source in files().items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(site), str(folder / "project")], check=True)
    return site


def talkstyle(site, *words):
    """Run the command line in a process that has the site on its path: exit code, JSON."""
    process = run(site, "-m", "sdk.cli", *words, "--json")
    return process.returncode, json.loads(process.stdout)


def run(site, *words):
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def changed(sound, tmp_path):
    """The installed plugin with a change in one of its files; the metadata is what pip wrote."""

    def make(name, old, new):
        site = shutil.copytree(sound, tmp_path / "site")
        path = site / "talkstyle_cascade" / name
        source = path.read_text(encoding="utf-8")
        assert old in source
        path.write_text(source.replace(old, new), encoding="utf-8")
        return site

    return make


def listed(document):
    return {f"{c['distribution']}:{c['name']}": c for c in document["components"]}


def assert_ours_work(site):
    """The other plugins are as well as before."""
    code, document = talkstyle(site, "plugins", "check", "talkstyle:mlp")
    assert (code, document["checks"][0]["error"]) == (0, None)


def test_the_detector_is_complete_in_under_40_lines():
    package = {"talkstyle_cascade/__init__.py", "talkstyle_cascade/detector.py"}
    assert set(files()) == {"pyproject.toml", "tests/test_cascade.py", *package}
    assert len(files()["talkstyle_cascade/detector.py"].splitlines()) < 40


def test_it_is_discovered_and_keeps_the_contract(sound):
    code, document = talkstyle(sound, "plugins")
    assert (code, document["failures"]) == (0, [])
    component = listed(document)["talkstyle-cascade:cascade"]
    assert component == {
        "kind": "landmark-detector",
        "name": "cascade",
        "distribution": "talkstyle-cascade",
        "version": "1.0",
        "license": "MIT",
        "state": "ready",
        "reason": "",
    }
    code, document = talkstyle(sound, "plugins", "check", "cascade")
    assert (code, document["checks"][0]["error"]) == (0, None)


def test_its_own_test_makes_one_of_each_demand(sound, changed):
    test = str(sound.parent / "project" / "tests")
    process = run(sound, "-m", "pytest", "-p", "no:cacheprovider", "-q", test)
    assert (process.returncode, f"{len(checks('landmark-detector'))} passed" in process.stdout) == (0, True)
    site = changed("detector.py", "Landmarks(points, depth=False)", "Landmarks(points[:60], depth=False)")
    process = run(site, "-m", "pytest", "-p", "no:cacheprovider", "-q", test)
    assert process.returncode == 1
    assert "test_contract[a drawn face is found where it is]" in process.stdout
    assert "[60, 3], not [68, 3]" in process.stdout


ADAPT = """
import warnings

import numpy as np

import sdk
from sdk.drawing import drawn_face
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet

warnings.simplefilter("ignore", sdk.TalkstyleWarning)
rng = np.random.default_rng(0)
voice = sdk.Audio(0.1 * np.abs(np.sin(np.arange(64000) / 2400)) * rng.normal(size=64000), 16000)
stills = [drawn_face(256, seed=seed).pixels for seed in range(3)]
config = sdk.FitConfig(steps=10, learning_rate=3e-3, batch=2, window=60, critic_warmup=2)
sdk.register("motion-generator", "tiny", TinyGenerator)
sdk.register("audio-encoder", "loudness", LoudnessEncoder)
pack = sdk.adapt(
    audio=voice, images=stills, name="stills", detector="cascade", encoder="loudness", generator="tiny",
    net=TinyNet(), device="cpu", config=config,
)
print(pack.config.name)
"""


def test_adapt_uses_it_by_name(sound):
    process = run(sound, "-c", ADAPT)
    assert (process.returncode, process.stdout.strip()) == (0, "stills"), process.stderr


def test_an_import_error_is_reported_and_harms_no_other(changed):
    site = changed("__init__.py", "from sdk", "import no_such_module\nfrom sdk")
    _, document = talkstyle(site, "plugins")
    (failure,) = document["failures"]
    assert (failure["distribution"], failure["version"], failure["stage"]) == ("talkstyle-cascade", "1.0", "import")
    assert "no_such_module" in failure["error"]
    code, document = talkstyle(site, "plugins", "check", "cascade")
    assert (code, document["error"]["code"]) == (1, "component-broken")
    assert "no_such_module" in document["error"]["what"]
    assert_ours_work(site)


def test_an_error_behind_the_root_is_reported_when_it_is_asked_for(changed):
    site = changed("detector.py", "import numpy as np", "raise RuntimeError('boom')")
    assert listed(talkstyle(site, "plugins")[1])["talkstyle-cascade:cascade"]["state"] == "ready"
    code, document = talkstyle(site, "plugins", "check", "cascade")
    (result,) = document["checks"]
    assert (code, result["error"]["code"], result["error"]["where"]) == (1, "component-broken", "talkstyle-cascade 1.0")
    assert "RuntimeError: boom" in result["error"]["what"]


def test_a_wrong_shape_is_named(changed):
    site = changed("detector.py", "Landmarks(points, depth=False)", "Landmarks(points[:60], depth=False)")
    code, document = talkstyle(site, "plugins", "check", "cascade")
    assert code == 1
    assert "a drawn face is found where it is" in document["checks"][0]["error"]["what"]
    assert "[60, 3], not [68, 3]" in document["checks"][0]["error"]["what"]
    assert_ours_work(site)


def test_a_clash_names_both(changed):
    site = changed("__init__.py", 'name="cascade"', 'name="mediapipe"')
    components = listed(talkstyle(site, "plugins")[1])
    assert components["talkstyle-cascade:mediapipe"]["state"] == components["talkstyle:mediapipe"]["state"] == "clash"
    ask = "import sdk; sdk.load('landmark-detector', {!r})"
    said = run(site, "-c", ask.format("mediapipe")).stderr
    assert "ComponentAmbiguous" in said
    assert "'talkstyle:mediapipe' or 'talkstyle-cascade:mediapipe'" in said
    assert run(site, "-c", ask.format("talkstyle-cascade:mediapipe")).returncode == 0


def test_another_version_of_the_interface_is_refused(changed):
    site = changed("__init__.py", 'license="MIT"', "api=7")
    assert listed(talkstyle(site, "plugins")[1])["talkstyle-cascade:cascade"]["state"] == "incompatible"
    _, document = talkstyle(site, "plugins", "check", "cascade")
    assert document["checks"][0]["error"]["code"] == "component-unavailable"
    assert "version 7 of the interface" in document["checks"][0]["error"]["what"]


def test_strict_mode_is_for_continuous_integration(changed):
    site = changed("__init__.py", "from sdk", "import no_such_module\nfrom sdk")
    environment = {**os.environ, "PYTHONPATH": str(site), "TALKSTYLE_STRICT_PLUGINS": "1"}
    words = [sys.executable, "-m", "sdk.cli", "plugins"]
    process = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "talkstyle-cascade 1.0 failed at import" in process.stderr
