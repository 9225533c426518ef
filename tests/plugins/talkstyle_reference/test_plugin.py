"""The hook: what it lists, that listing imports nothing heavy, and that each component keeps its interface."""

import subprocess
import sys

import pytest

import sdk
from sdk.testing import checks

MINE = [
    ("audio-encoder", "apc"),
    ("audio-encoder", "mel"),
    ("motion-generator", "lstm"),
    ("motion-generator", "tcn"),
    ("motion-generator", "tcn-apc"),
    ("style-transfer-net", "mlp"),
    ("style-transfer-net", "mlp-pretrained"),
]


@pytest.mark.parametrize(("kind", "name"), MINE)
def test_it_loads_by_name(kind, name):
    assert sdk.load(kind, name).name == name


@pytest.mark.parametrize(
    ("kind", "name", "demand"), [(kind, name, demand) for kind, name in MINE for demand in checks(kind)], ids=str
)
def test_it_keeps_its_interface(kind, name, demand):
    demand.run(sdk.load(kind, name))


def test_listing_imports_nothing_heavy():
    code = (
        "import sys, talkstyle_reference as r; n = [c.name for c in r.talkstyle_components()];"
        "assert sorted(n) == ['apc', 'lstm', 'mel', 'mlp', 'mlp-pretrained', 'tcn', 'tcn-apc'], n;"
        "assert not {'torch', 'librosa', 'safetensors'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
