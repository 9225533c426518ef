import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fakes():
    spec = importlib.util.spec_from_file_location("animation_fakes", Path(__file__).with_name("fakes.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
