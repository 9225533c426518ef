"""The hook: listing imports nothing heavy, and without transformers says what to install."""

import subprocess
import sys

import pytest

import sdk
from sdk.errors import ComponentUnavailable
from sdk.registry import requirements


def test_listing_imports_nothing_heavy():
    code = (
        "import sys, talkstyle_transformers as t; n = [c.name for c in t.talkstyle_components()];"
        "assert n == ['hubert', 'wav2vec2'], n;"
        "assert not {'torch', 'transformers', 'pydantic', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["hubert", "wav2vec2"])
def test_without_transformers_it_says_what_to_install(name, monkeypatch):
    known = requirements.installed_version
    monkeypatch.setattr(requirements, "installed_version", lambda d: None if d == "transformers" else known(d))
    sdk.registry.refresh()
    try:
        line = 'python -m pip install "transformers>=5.20"'
        provider = sdk.registry.find("audio-encoder", name)
        assert (provider.state, provider.reason) == ("missing", line)
        with pytest.raises(ComponentUnavailable, match=line.replace("+", r"\+")):
            sdk.load("audio-encoder", name, model="anything")
    finally:
        sdk.registry.refresh()
