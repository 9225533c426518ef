"""Finding plugins. Each entry point is loaded on its own, so that one that fails does not affect the others."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import pairwise
from typing import Final, Literal

import pluggy

from sdk.errors import ComponentBroken, PluginError
from sdk.kinds import API
from sdk.registry.component import Component, Failure, Provider
from sdk.registry.requirements import install_line, is_met, name_and_version, unmet

PROJECT: Final = "talkstyle"
"""The hook marker."""

GROUP: Final = "talkstyle.plugins"
"""The group of entry points, each naming a module that implements the hook."""

hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's ``talkstyle_components``."""

RESTRICT: Final = "TALKSTYLE_PLUGINS"
STRICT: Final = "TALKSTYLE_STRICT_PLUGINS"

logger = logging.getLogger(__name__)


class HookSpec:
    """The hook's signature."""

    @pluggy.HookspecMarker(PROJECT)
    def talkstyle_components(self) -> Iterable[Component]:  # type: ignore[empty-body]
        """Describe the plugin's components; must import nothing heavy, for every listing calls it."""


@dataclass
class Found:
    """What discovery found."""

    providers: list[Provider] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    met: Callable[[str], bool] = field(default_factory=lambda: cache(is_met), repr=False)
    """``is_met``, looked up once for each requirement: plugins share them."""


def discover(points: Iterable[EntryPoint] | None = None) -> Found:
    """Load every plugin's description.

    If ``TALKSTYLE_PLUGINS`` is set, it is a comma-separated list of the only entry points or distributions to load;
    an empty one loads none. ``TALKSTYLE_STRICT_PLUGINS=1`` turns any failure or clash into an error, for continuous
    integration.

    Raises:
        PluginError: Something failed, in strict mode only. Otherwise failures are kept, and logged once.
    """
    found = Found()
    for point in _chosen(entry_points(group=GROUP) if points is None else points, found):
        _take(point, found)
    for failure in found.failures:
        logger.warning("%s", failure)
    found.providers.sort(key=lambda p: (p.kind, p.name, p.distribution))
    if os.environ.get(STRICT, "") not in ("", "0"):
        _insist(found)
    return found


def _chosen(points: Iterable[EntryPoint], found: Found) -> Iterator[EntryPoint]:
    """The entry points that ``TALKSTYLE_PLUGINS`` lets through; a name in it that matches none is a failure."""
    restriction = os.environ.get(RESTRICT)
    if restriction is None:
        yield from points
        return
    wanted = {name.strip().lower() for name in restriction.split(",")} - {""}
    matched: set[str] = set()
    for point in points:
        names = {point.name.lower(), _distribution(point)[0].lower()} & wanted
        matched |= names
        if names:
            yield point
    for name in sorted(wanted - matched):
        error = LookupError(f"{RESTRICT} names it, and no installed plugin is called that")
        found.failures.append(Failure(name, "", name, "find", error))


def _take(point: EntryPoint, found: Found) -> None:
    """Load one entry point. Whatever it raises, even ``SystemExit``, is a failure; only a keyboard interrupt passes."""
    distribution, version = _distribution(point)

    def fail(stage: Literal["import", "hook", "component"], error: BaseException, component: str | None = None) -> None:
        found.failures.append(Failure(distribution, version, point.name, stage, error, component))

    try:
        plugin = point.load()
    except (Exception, SystemExit) as error:
        fail("import", error)
        return
    try:
        for item in _described(plugin):
            try:
                provider = _provider(item, distribution, version, found)
            except ComponentBroken as error:
                fail("component", error, getattr(item, "name", None))
            else:
                found.providers.append(provider)
    except (Exception, SystemExit) as error:
        fail("hook", error)


def _described(plugin: object) -> Iterator[object]:
    """What a plugin's hook returns. A manager of its own keeps its faults apart from the other plugins."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpec)
    manager.register(plugin)
    manager.check_pending()  # a misspelt hook would otherwise be ignored in silence
    if not manager.get_hookcallers(plugin):
        hint = "Mark a function talkstyle_components() with sdk.registry.hookimpl."
        raise ComponentBroken("it implements no hook", hint=hint)
    for items in manager.hook.talkstyle_components():
        yield from items


def _provider(item: object, distribution: str, version: str, found: Found) -> Provider:
    if not isinstance(item, Component):
        raise ComponentBroken(f"talkstyle_components() returned {type(item).__name__}, not a Component")
    item.check()
    provider = judge(Provider(item, distribution, version), met=found.met)
    if any((o.kind, o.qualified) == (provider.kind, provider.qualified) for o in found.providers):
        raise ComponentBroken(f"{distribution} provides the {item.kind} {item.name!r} twice")
    return provider


def judge(provider: Provider, *, met: Callable[[str], bool] = is_met) -> Provider:
    """Tell from its description whether a component can be loaded here."""
    component, current = provider.component, API[provider.kind]
    if component.api != current:
        older = "the plugin" if component.api < current else "talkstyle"
        reason = f"written for version {component.api} of the interface, and this is version {current}: upgrade {older}"
        return replace(provider, state="incompatible", reason=reason)
    try:
        lacking = unmet(component.requires, met=met)
    except ValueError as error:  # packaging's InvalidRequirement is one
        raise ComponentBroken(f"a requirement of {component.name!r} cannot be read: {error}") from error
    if lacking:
        return replace(provider, state="missing", reason=install_line(lacking))
    return replace(provider, state="ready", reason="")


def _distribution(point: EntryPoint) -> tuple[str, str]:
    """An entry point's distribution and version."""
    return name_and_version(point.dist) if point.dist is not None else ("unknown", "")


def _insist(found: Found) -> None:
    """Raise over any failure or clash."""
    clashes = [
        f"{p.qualified} and {q.qualified} are both the {q.kind} {q.name!r}"
        for p, q in pairwise(found.providers)  # sorted
        if (p.kind, p.name) == (q.kind, q.name)
    ]
    problems = [*map(str, found.failures), *clashes]
    if problems:
        cause = found.failures[0].exception if found.failures else None
        hint = f"Mend or remove them, or unset {STRICT}."
        raise PluginError("; ".join(problems), where=f"{STRICT}=1", hint=hint) from cause
