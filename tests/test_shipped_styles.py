"""The styles that ship: made for the base that ships, small, described, and in the wheel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from sdk import defaults
from sdk.packs import StylePack, layout_sha256, weights_sha256
from sdk.packs.location import shipped_styles
from sdk.packs.preview_files import read_previews
from sdk.registry import resolve

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("ballad", "calm", "emphatic", "lively", "mumbling", "neutral", "opera", "rap")


def test_all_eight_are_there():
    assert tuple(shipped_styles()) == NAMES


@pytest.fixture(scope="module")
def base():
    return resolve("motion-generator", defaults.GENERATOR)


@pytest.mark.parametrize("name", NAMES)
def test_each_belongs_to_the_base_that_ships(name, base):
    pack = StylePack.load(name, base=base)
    assert pack.config.base.component == defaults.GENERATOR
    again = f"Make it again: talkstyle styles build --only {name}"
    assert pack.config.base.layout_sha256 == layout_sha256(base), again
    assert pack.config.base.weights_sha256 == weights_sha256(base), again
    assert pack.config.encoder.sha256 == resolve("audio-encoder", base.encoder).fingerprint(), again


@pytest.mark.parametrize("name", NAMES)
def test_each_is_small_measured_and_described(name):
    config = StylePack.load(name).config
    assert config.name == name
    assert config.summary
    assert config.license == "Apache-2.0"
    assert config.consent
    assert config.delta.bytes <= 256 * 1024
    assert config.training.after["gain"] > 0
    assert config.compression.gain >= 0.95
    folder = shipped_styles()[name]
    assert sorted(read_previews(folder)) == ["preview-opening.png", "preview.webp"]
    assert (folder / "preview.webp").stat().st_size < 300_000
    assert "(preview.webp)" in (folder / "README.md").read_text(encoding="utf-8")


def test_each_loads_by_its_bare_name_from_a_built_wheel(tmp_path):
    pytest.importorskip("hatchling")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert not tops & {"styles", "plugins", "tests", "docs"}
    assert wheel.stat().st_size < 25 * 1024 * 1024
    code = (
        "import json, sys\n"
        f"sys.path.insert(0, {str(tmp_path / 'installed')!r})\n"
        "import sdk\n"
        "from sdk.packs import StylePack\n"
        f"found = {{name: StylePack.load(name).verify() is not None for name in {NAMES!r}}}\n"
        "print(json.dumps([sdk.__file__, found]))\n"
    )
    # Away from the checkout, whose own styles would be found.
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    place, found = json.loads(done.stdout)
    assert Path(place).is_relative_to(tmp_path)
    assert found == dict.fromkeys(NAMES, True)
