"""The conformance kit for authors of plugins: whether a component does what its interface demands.

    from sdk.testing import check

    def test_my_detector():
        check("landmark-detector", MyDetector())

``checks`` gives the demands one by one, for ``pytest.mark.parametrize``. The kit makes its own pictures and sounds.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from sdk.registry import check_shape
from sdk.registry.loading import interface
from sdk.testing.report import Check, Report, require_attributes

__all__ = ["Check", "Report", "check", "checks"]


def checks(kind: str) -> tuple[Check, ...]:
    """List what a kind of component must do; each has a ``name``, and ``run(component)`` raises if it fails.

    Raises:
        ConfigError: There is no such kind.
    """
    members = Check("it has every member of its interface", partial(check_shape, kind))
    attributes = Check("its attributes make sense", partial(require_attributes, interface(kind)))
    return (members, attributes, *_kit(kind).CHECKS)


def check(kind: str, component: object) -> Report:
    """Run every check on a component, and measure its speed.

    Raises:
        ComponentBroken: At the first demand that is not met; the message names it and what was found.
        ConfigError: There is no such kind.
    """
    demands = checks(kind)
    for demand in demands:
        demand.run(component)
    names = tuple(demand.name for demand in demands)
    return Report(kind, type(component).__name__, names, _kit(kind).speed(component))


def _kit(kind: str) -> Any:
    return import_module(f"sdk.testing.{kind.split('-')[-1]}")
