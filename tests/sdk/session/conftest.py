from types import SimpleNamespace

import pytest


@pytest.fixture(scope="package")
def demo_sentence():
    """The demonstration's sentence, and a drawn portrait that needs no detector."""
    from sdk.demo.assets import load_assets
    from tests.sdk.animation.fakes import portrait

    return SimpleNamespace(samples=load_assets().sentence.samples, portrait=portrait((128, 128)))
