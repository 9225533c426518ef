"""The conformance kit in pytest. Pytest loads this wherever talkstyle is installed; it imports nothing until used.

    @pytest.mark.talkstyle("landmark-detector")
    def test_contract(talkstyle_demand):
        talkstyle_demand(MyDetector())

is one test for each demand of the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "talkstyle(kind): run this test, which asks for `talkstyle_demand`, for each demand on a kind of component.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for each demand, with its name."""
    if "talkstyle_demand" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("talkstyle")
    if marker is None or len(marker.args) != 1 or marker.kwargs:
        pytest.fail('talkstyle_demand needs a marker, @pytest.mark.talkstyle("landmark-detector")', pytrace=False)
    from sdk.errors import ConfigError
    from sdk.testing import checks

    (kind,) = marker.args
    try:
        demands = checks(kind)
    except ConfigError as error:
        pytest.fail(str(error), pytrace=False)
    metafunc.parametrize(
        "talkstyle_demand", [(kind, demand) for demand in demands], ids=[d.name for d in demands], indirect=True
    )


@pytest.fixture
def talkstyle_demand(request: pytest.FixtureRequest) -> Callable[[Any], None]:
    """A function that takes a component, or the name of an installed one, and raises if it fails the demand."""
    from sdk.registry import load

    kind, demand = request.param

    def run(component: Any) -> None:
        demand.run(load(kind, component) if isinstance(component, str) else component)

    return run
