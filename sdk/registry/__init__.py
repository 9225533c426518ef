"""Components by kind and name, provided by plugins through entry points or registered in this process.

A plugin's package root holds nothing but the hook::

    from sdk.registry import Component, hookimpl

    @hookimpl
    def talkstyle_components():
        return [Component("landmark-detector", "mine", "my_package.detector:MyDetector")]

Listing components imports those roots and nothing behind them; ``load`` imports the one class it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sdk.registry.catalog import Registration, Registry
from sdk.registry.component import Component, Failure, Provider
from sdk.registry.hookspec import hookimpl
from sdk.registry.spec import parse

__all__ = [
    "Component",
    "Failure",
    "Provider",
    "Registration",
    "Registry",
    "accepts",
    "components",
    "failures",
    "find",
    "hookimpl",
    "load",
    "match",
    "parse",
    "refresh",
    "register",
    "resolve",
]

_registry = Registry()


def components(kind: str | None = None) -> tuple[Provider, ...]:
    """List what is provided, with distribution, version, state and reason; nothing is imported for it.

    Args:
        kind: One of ``sdk.kinds.KINDS``; every kind where left out.

    Raises:
        ConfigError: There is no such kind.
    """
    return _registry.providers(kind)


def failures() -> tuple[Failure, ...]:
    """List the plugins, and parts of plugins, that could not be taken in."""
    return _registry.failures()


def find(kind: str, name: str) -> Provider:
    """Look a component up without importing it; errors as for ``load``."""
    return _registry.find(kind, name)


def match(name: str, kind: str | None = None) -> tuple[Provider, ...]:
    """List every provider of a name, of every kind where none is given; errors as for ``load``, but for clashes."""
    return _registry.match(name, kind)


def load(kind: str, name: str, **config: Any) -> Any:
    """Make a component.

    Args:
        kind: One of ``sdk.kinds.KINDS``.
        name: Its bare name, or ``distribution:name``; options can follow, ``"mediapipe,flip_input=true"``.
        **config: What its class, or its configuration model, takes.

    Raises:
        ComponentNotFound: Nobody provides the name.
        ComponentAmbiguous: Several distributions do; the message has the qualified names.
        ComponentUnavailable: A requirement is missing (the message has the install command), or it was written for
            another version of the interface.
        ComponentBroken: The plugin failed; chained to what it raised.
        ConfigError: An unknown kind or option, or a value that the component refuses.
    """
    return _registry.load(kind, name, **config)


def accepts(kind: str, name: str, option: str) -> bool:
    """Whether a component takes an option, such as ``"device"``; it is imported for that, not made.

    Raises:
        PluginError: As for ``load``.
    """
    return _registry.accepts(kind, name, option)


def resolve(kind: str, component: Any, **config: Any) -> Any:
    """Take a component as users give it: an object of their own, or a name, with options or without, to ``load``.

    Raises:
        ComponentBroken: The object lacks members of its interface.
        ConfigError: Options were given beside an object.
    """
    return _registry.resolve(kind, component, **config)


def register(
    kind: str,
    name: str,
    target: Callable[..., Any] | str,
    *,
    summary: str = "",
    requires: Sequence[str] = (),
    config: str | None = None,
    license: str = "",  # noqa: A002 the field's own name
    api: int = 1,
) -> Registration:
    """Provide a component from this process, as ``local:name``.

    Args:
        kind: One of ``sdk.kinds.KINDS``.
        name: What it is called.
        target: Its class or a function that makes it, or where that stands, ``"package.module:Class"``.
        summary: One line for people.
        requires: PEP 508 strings.
        config: Where its pydantic model stands.
        license: Of code and weights.
        api: The version of the interface that it was written for.

    Returns:
        A handle: ``with sdk.register(...):`` takes it back at the block's end, ``.remove()`` at once.

    Raises:
        ComponentAmbiguous: The name is already registered in this process.
        ComponentBroken: A field makes no sense.
    """
    return _registry.register(
        kind, name, target, summary=summary, requires=tuple(requires), config=config, license=license, api=api
    )


def refresh() -> None:
    """Discover plugins anew at the next question, such as after an installation in a running notebook."""
    _registry.refresh()
