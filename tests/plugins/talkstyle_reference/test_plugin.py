"""The hook: what it lists, and that listing imports nothing heavy; ``test_conformance`` checks the components."""

import subprocess
import sys

import pytest

import sdk

MINE = [
    ("audio-encoder", "apc"),
    ("audio-encoder", "mel"),
    ("motion-generator", "lstm"),
    ("motion-generator", "tcn"),
    ("motion-generator", "tcn-apc"),
    ("motion-generator", "tcn-live"),
    ("style-transfer-net", "mlp"),
    ("style-transfer-net", "mlp-pretrained"),
]


@pytest.mark.parametrize(("kind", "name"), MINE)
def test_it_loads_by_name(kind, name):
    assert sdk.load(kind, name).name == name


def test_listing_imports_nothing_heavy():
    code = (
        "import sys, talkstyle_reference as r; n = [c.name for c in r.talkstyle_components()];"
        "assert sorted(n) == ['apc', 'lstm', 'mel', 'mlp', 'mlp-pretrained', 'tcn', 'tcn-apc', 'tcn-live'], n;"
        "assert not {'torch', 'librosa', 'safetensors'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
