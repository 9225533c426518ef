"""What apps rely on: the names, where they are, and that the package itself costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sdk
from sdk import errors

NAMES = {
    *("adapt", "StyleAdapter", "FitConfig", "animate", "Animation", "StylePack", "mix", "evaluate", "inspect"),
    "canonical_face",
    *("Motion", "Audio", "Landmarks", "Portrait", "Controls", "TalkstyleWarning", "Progress", "CancelToken"),
    *("live", "LiveSession", "LiveFrame"),
    *("animate_many", "Job", "JobResult", "Signer"),
    *("AudioEncoder", "LandmarkDetector", "MotionGenerator", "StyleTransferNet", "Renderer"),
    *("Component", "components", "load", "register", "__version__"),
    *errors.__all__,
}


def test_the_public_names_are_these():
    assert set(sdk.__all__) == NAMES
    assert len(sdk.__all__) == len(NAMES)
    assert set(sdk.__all__) <= set(dir(sdk))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_public_name_resolves_and_is_documented(name):
    value = getattr(sdk, name)
    if name != "__version__":
        assert value.__doc__


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute adaptt"):
        sdk.adaptt  # noqa: B018


@pytest.mark.parametrize("command", ["import sdk", "import sdk; dir(sdk)", "from sdk import SdkError, register"])
def test_the_package_imports_nothing_heavy(command):
    code = (
        f"import sys\n{command}\n"
        "heavy = {'torch', 'librosa', 'mediapipe', 'huggingface_hub', 'av', 'numpy', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
