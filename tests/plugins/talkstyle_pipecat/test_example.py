import re

import pytest

from tests.plugins.door_examples import said

pytestmark = pytest.mark.filterwarnings("default")


def test_the_pages_example_runs_offline():
    pytest.importorskip("pipecat.services.ai_service", reason="the extra pipecat is not installed")
    pictures, seconds = re.search(r"(\d+) pictures, ([\d.]+) s of sound", said("live-pipecat.md")).groups()
    assert float(seconds) == pytest.approx(6.14, abs=0.09)
    assert int(pictures) > 100
