"""The two distributions as they are built: what each holds, and that the styles load from the wheel."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.test_shipped_styles import NAMES

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("reference", "warp", "mediapipe", "face_alignment", "transformers", "livekit", "pipecat")
LABS_OWN = ("pretrain", "corpus", "bench", "artefacts", "espeak", "nearest")
"""Parts of names that only the laboratory's files have."""


def build(source, target, folder):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def lab_wheel(tmp_path_factory):
    """The wheel of talkstyle-lab, built from its source distribution as an index would have it."""
    folder = tmp_path_factory.mktemp("lab")
    with tarfile.open(build(ROOT / "lab", "sdist", folder)) as archive:
        archive.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    return build(source, "wheel", folder)


def names_in(wheel):
    with ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_first_distribution_holds_the_sdk_and_the_plugins_alone(wheel):
    names = names_in(wheel)
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"sdk", *(f"talkstyle_{plugin}" for plugin in PLUGINS)}
    assert {"sdk/demo/data/reference.flac", "sdk/py.typed", "sdk/_styles/rap/config.json"} <= set(names)
    assert not [name for name in names if any(part in name for part in LABS_OWN)]
    assert wheel.stat().st_size < 25 * 1024 * 1024


def test_the_source_of_the_first_holds_no_laboratory(tmp_path):
    with tarfile.open(build(ROOT, "sdist", tmp_path)) as archive:
        names = ["/".join(name.split("/")[1:]) for name in archive.getnames()]
    assert "sdk/__init__.py" in names
    assert not [name for name in names if name.split("/")[0] in ("lab", "docs", "tests", "scripts", ".ci")]


def test_the_second_distribution_holds_the_laboratory_alone(lab_wheel):
    names = names_in(lab_wheel)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"talkstyle_lab"}
    own = ROOT / "lab" / "talkstyle_lab"
    words = {f"talkstyle_lab/corpus/words/{path.name}" for path in (own / "corpus" / "words").glob("*.toml")}
    assert words
    assert {*words, "talkstyle_lab/corpus/espeak_worker.py", "talkstyle_lab/py.typed"} <= set(names)


def test_both_distributions_carry_the_licence(wheel, lab_wheel):
    text = (ROOT / "LICENSE").read_bytes()
    for built in (wheel, lab_wheel):
        with ZipFile(built) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
            assert archive.read(name) == text


@pytest.mark.parametrize(
    ("project", "sources", "own"),
    [
        (ROOT, [ROOT / "sdk"], {"sdk"}),
        (ROOT / "lab", [ROOT / "lab" / "talkstyle_lab"], {"talkstyle_lab"}),
    ],
    ids=["talkstyle", "talkstyle-lab"],
)
def test_what_is_imported_is_required(project, sources, own):
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in table.get("optional-dependencies", {}).values() for line in lines]
    required = {Requirement(line).name.replace("-", "_") for line in (*table["dependencies"], *extras)}
    found = set()
    for path in (path for folder in sources for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {name.partition(".")[0] for name in names}
    called = {"PIL": "pillow", "sdk": "talkstyle", "talkstyle_reference": "talkstyle", "c2pa": "c2pa_python"}
    called |= {"talkstyle_warp": "talkstyle", "talkstyle_mediapipe": "talkstyle", "skimage": "scikit_image"}
    assert {called.get(name, name) for name in found - own - set(sys.stdlib_module_names)} <= required


def test_what_the_laboratory_brings_along_is_found_where_it_is_installed(lab_wheel, tmp_path):
    with ZipFile(lab_wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "import numpy\n"
        "from talkstyle_lab.corpus import sentences, speech\n"
        "for language in sentences.LANGUAGES:\n    assert sentences.sentence(numpy.random.default_rng(0), language)\n"
        "assert speech.WORKER.is_file()\n"
        "print(sentences.__file__, speech.WORKER, sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert all(Path(line).is_relative_to(tmp_path) for line in done.stdout.splitlines())


def test_each_style_loads_by_its_bare_name_from_the_wheel(wheel, tmp_path):
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
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
