"""Our own components keep the contracts that we ask of others."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import sdk
from sdk.errors import ModelFileMissing
from sdk.testing import checks

OURS = [(p.kind, p.qualified) for p in sdk.components() if p.distribution == "talkstyle"]


@cache
def loaded(kind: str, name: str) -> Any:
    return sdk.load(kind, name)


@pytest.mark.parametrize(
    ("kind", "name", "check"),
    [
        pytest.param(kind, name, check, id=f"{kind} {name}: {check.name}")
        for kind, name in OURS
        for check in checks(kind)
    ],
)
def test_conformance(kind, name, check):
    provider = sdk.registry.find(kind, name)
    if provider.state == "missing":
        pytest.skip(f"{name} is not installed: {provider.reason}")
    try:
        component = loaded(kind, name)
    except ModelFileMissing as error:
        pytest.skip(error.what)
    check.run(component)


def test_every_kind_has_a_component_of_ours():
    from sdk.kinds import KINDS

    assert {kind for kind, _ in OURS} == set(KINDS)
