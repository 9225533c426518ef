"""The registry: what is installed or registered, by kind and name."""

from __future__ import annotations

import difflib
import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from sdk.arguments import instance, shown
from sdk.errors import ComponentAmbiguous, ComponentBroken, ComponentNotFound, ConfigError
from sdk.forking import check_process
from sdk.kinds import KINDS
from sdk.registry.component import Component, Failure, Provider
from sdk.registry.discovery import RESTRICT, Found, discover, judge
from sdk.registry.loading import accepts, build, check_kind, check_shape

LOCAL: Final = "local"
"""Stands for the distribution of what is registered in this process."""


class Registration(AbstractContextManager["Registration"]):
    """A component registered in this process; as a context manager, until the end of the block."""

    def __init__(self, registry: Registry, provider: Provider) -> None:
        self._registry = registry
        self.provider = provider

    def remove(self) -> None:
        """Remove the component; a second time does nothing."""
        with self._registry._lock:
            self._registry._local = [p for p in self._registry._local if p is not self.provider]

    def __exit__(self, *_: object) -> None:
        self.remove()


class Registry:
    """Components by kind and name. Plugins are discovered once, when first needed; threads may share it."""

    def __init__(self, *, discover: Callable[[], Found] = discover) -> None:
        self._discover = discover
        self._found: Found | None = None
        self._local: list[Provider] = []
        self._lock = threading.RLock()

    def components(self, kind: str | None = None) -> tuple[Provider, ...]:
        """List what is provided, of every kind by default, with version, state and reason; imports no component.

        Raises:
            ConfigError: There is no such kind.
        """
        if kind is not None:
            check_kind(kind)
        with self._lock:
            every = [*self._plugins().providers, *self._local]
        every.sort(key=lambda p: (KINDS.index(p.kind), p.name, p.distribution))
        groups = (list(same) for _, same in groupby(every, key=lambda p: (p.kind, p.name)))
        return tuple(_clash(p, same) for same in groups for p in same if kind in (None, p.kind))

    def failures(self) -> tuple[Failure, ...]:
        """List the plugins, and parts of plugins, that could not be loaded."""
        with self._lock:
            return tuple(self._plugins().failures)

    def refresh(self) -> None:
        """Discover plugins again when next asked, for instance after an installation in a running notebook."""
        with self._lock:
            self._found = None

    def find(self, kind: str, name: str) -> Provider:
        """Look a component up without importing it; errors as for ``load``."""
        matches = self.match(name, kind)
        if len(matches) == 1:
            return matches[0]
        origins, hint = " and ".join(p.origin for p in matches), " or ".join(repr(p.qualified) for p in matches)
        raise ComponentAmbiguous(f"the {kind} {name!r} is provided by {origins}", hint=f"Ask for {hint}.")

    def match(self, name: str, kind: str | None = None) -> tuple[Provider, ...]:
        """List every provider of a bare or qualified name, of every kind by default; errors as for ``find``."""
        name, _ = parse(name)
        every = self.components(kind)
        matches = tuple(p for p in every if name in (p.name, p.qualified))
        if not matches:
            raise self._absent(kind or "component", name, every)
        return matches

    def load(self, kind: str, name: str, **config: Any) -> Any:
        """Make a component.

        Args:
            kind: One of ``sdk.kinds.KINDS``.
            name: Its bare name, or ``distribution:name``; options can follow, ``"mediapipe,flip_input=true"``.
            **config: What its class, or its configuration model, takes.

        Raises:
            ComponentNotFound: Nobody provides the name; the message has near matches and what failed to load.
            ComponentAmbiguous: Several distributions do; the message has the qualified names.
            ComponentUnavailable: A requirement is missing (the message has the install command), or it was written for
                another version of the interface.
            ComponentBroken: The plugin failed; chained to what it raised.
            ConfigError: An unknown kind or option, or a value that the component refuses.
        """
        check_process()
        return build(self.find(kind, name), {**parse(name)[1], **config})

    def accepts(self, kind: str, name: str, option: str) -> bool:
        """Whether a component takes an option, such as ``"device"``; it is imported for that, not made.

        Raises:
            PluginError: As for ``load``.
        """
        return accepts(self.find(kind, name), option)

    def resolve(self, kind: str, component: Any, **config: Any) -> Any:
        """Take a component as users give it: an object of their own, or a name, with options or without, to ``load``.

        Raises:
            ComponentBroken: The object lacks members of its interface.
            ConfigError: Options were given beside an object.
        """
        if isinstance(component, str):
            return self.load(kind, component, **config)
        check_process()
        if config:
            what = f"a {kind} given as an object takes no further options ({', '.join(config)})"
            raise ConfigError(what, hint="Give them to its class.")
        check_shape(kind, component)
        return component

    def register(
        self,
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
            target: Its class or a function that makes it, or where that is, ``"package.module:Class"``.
            summary: One line for people.
            requires: PEP 508 strings.
            config: Where its pydantic model is.
            license: Of code and weights.
            api: The version of the interface that it was written for.

        Returns:
            A handle: ``with sdk.register(...):`` removes it at the end of the block, ``.remove()`` at once.

        Raises:
            ComponentAmbiguous: The name is already registered in this process.
            ComponentBroken: A field makes no sense.
        """
        if not isinstance(target, str) and not callable(target):
            hint = 'Give a class, a function that makes it, or its place, "package.module:Class".'
            raise ConfigError(f"target={shown(target)} makes no component", where="target", hint=hint)
        if isinstance(target, str):
            path, factory = target, None
        else:  # the path is only shown; "<locals>" and "<lambda>" are no names
            own = getattr(target, "__qualname__", type(target).__qualname__)
            module = getattr(target, "__module__", None) or type(target).__module__
            path, factory = f"{module}:{own}".replace("<", "").replace(">", ""), target
        component = Component(kind, name, path, summary, requires, config, license, api)  # type: ignore[arg-type]
        component.check()
        provider = judge(Provider(component, LOCAL, factory=factory))
        with self._lock:
            if any((p.kind, p.name) == (kind, name) for p in self._local):
                hint = "Remove the first one, or choose another name."
                raise ComponentAmbiguous(f"the {kind} {name!r} is already registered in this process", hint=hint)
            self._local.append(provider)
        return Registration(self, provider)

    def _plugins(self) -> Found:
        if self._found is None:
            self._found = self._discover()
        return self._found

    def _absent(self, kind: str, name: str, every: tuple[Provider, ...]) -> Exception:
        """The error for a name that is not there: its plugin failed, or no plugin has it."""
        failures = self.failures()
        for failure in failures:
            mine = failure.component or failure.entry_point
            if name in (mine, failure.distribution, f"{failure.distribution}:{mine}"):
                error: Exception = ComponentBroken(
                    f"the {kind} {name!r} is not there, because {failure}", hint="Every other component still works."
                )
                error.__cause__ = failure.exception
                return error
        names = [p.name for p in every] + [p.qualified for p in every]
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hints = [f"Did you mean {' or '.join(map(repr, near))}?"] if near else []
        hints += [f"Installed: {', '.join(sorted({p.name for p in every})) or 'none'}."]
        hints += [f"{str(failure)[:1].upper()}{str(failure)[1:]}." for failure in failures]
        hints += [f"{RESTRICT} is set and restricts the search."] if RESTRICT in os.environ else []
        error = ComponentNotFound(f"there is no {kind} called {name!r}", hint=" ".join(hints))
        error.__cause__ = failures[0].exception if failures else None
        return error


def _clash(provider: Provider, same: list[Provider]) -> Provider:
    """Mark a component whose bare name others provide too; what keeps it from loading at all weighs more."""
    others = [p for p in same if p is not provider]
    if provider.state != "ready" or not others:
        return provider
    reason = f"also provided by {', '.join(p.origin for p in others)}: ask for {provider.qualified!r}"
    return replace(provider, state="clash", reason=reason)


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Split ``"hubert,model=checkpoints/large,layer=9"`` into the name and its options.

    Values are JSON or else text. A value with a comma in it has to be given to ``load`` instead.

    Raises:
        ConfigError: An option has no value, or comes twice.
    """
    name, *parts = instance(text, str, "name", "Give a component's name, such as mediapipe.").split(",")
    options: dict[str, Any] = {}
    for part in parts:
        key, sign, value = part.partition("=")
        if not key or not sign or key in options:
            hint = "Write NAME,OPTION=VALUE,..."
            raise ConfigError(f"{part!r} is not an option of a component", where=text, hint=hint)
        try:
            options[key] = json.loads(value)
        except json.JSONDecodeError:
            options[key] = value
    return name, options
