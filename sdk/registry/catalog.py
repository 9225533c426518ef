"""The registry: what is installed, found by kind and name."""

from __future__ import annotations

import difflib
import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Final

from sdk.errors import ComponentAmbiguous, ComponentBroken, ComponentNotFound, ConfigError
from sdk.kinds import KINDS
from sdk.registry.component import Component, Failure, Provider
from sdk.registry.discovery import RESTRICT, Found, discover, judge
from sdk.registry.loading import accepts, build, check_shape
from sdk.registry.spec import parse

__all__ = ["LOCAL", "Registration", "Registry"]

LOCAL: Final = "local"
"""The distribution's name of what is registered in this process."""


class Registration:
    """A component registered in this process. As a context manager it is taken back at the block's end."""

    def __init__(self, registry: Registry, provider: Provider) -> None:
        self._registry = registry
        self.provider = provider

    def remove(self) -> None:
        """Take the component back; a second time does nothing."""
        self._registry._remove(self.provider)

    def __enter__(self) -> Registration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class Registry:
    """Components by kind and name. Plugins are discovered once, at the first question; threads may share it.

    Args:
        discover: How plugins are found.
    """

    def __init__(self, *, discover: Callable[[], Found] = discover) -> None:
        self._discover = discover
        self._found: Found | None = None
        self._local: list[Provider] = []
        self._lock = threading.RLock()

    def providers(self, kind: str | None = None) -> tuple[Provider, ...]:
        """Everything provided, sorted, clashes marked.

        Raises:
            ConfigError: There is no such kind.
        """
        if kind is not None:
            _check_kind(kind)
        with self._lock:
            every = [*self._plugins().providers, *self._local]
        rivals = Counter((p.kind, p.name) for p in every)
        marked = [_clash(p, every) if rivals[p.kind, p.name] > 1 else p for p in every]
        chosen = [p for p in marked if kind in (None, p.kind)]
        return tuple(sorted(chosen, key=lambda p: (KINDS.index(p.kind), p.name, p.distribution)))

    def failures(self) -> tuple[Failure, ...]:
        """What could not be taken in."""
        with self._lock:
            return tuple(self._plugins().failures)

    def refresh(self) -> None:
        """Forget the plugins, so that the next question discovers them anew."""
        with self._lock:
            self._found = None

    def find(self, kind: str, name: str) -> Provider:
        """The one provider of a bare or qualified name.

        Raises:
            ComponentNotFound: Nobody provides it; the message has near matches and what failed to load.
            ComponentAmbiguous: Several do.
            ComponentBroken: The plugin that should provide it failed; chained to why.
        """
        matches = self.match(name, kind)
        if len(matches) == 1:
            return matches[0]
        raise ComponentAmbiguous(
            f"the {kind} {name!r} is provided by {' and '.join(p.origin for p in matches)}",
            hint=f"Ask for {' or '.join(repr(p.qualified) for p in matches)}.",
        )

    def match(self, name: str, kind: str | None = None) -> tuple[Provider, ...]:
        """Every provider of a bare or qualified name, of every kind by default; errors as ``find``, without clashes."""
        name, _ = parse(name)
        every = self.providers(kind)
        matches = tuple(p for p in every if name in (p.name, p.qualified))
        if not matches:
            raise self._absent(kind or "component", name, every)
        return matches

    def load(self, kind: str, name: str, **config: Any) -> Any:
        """Make a component by its bare or qualified name, options after it; errors as ``find`` and ``build``."""
        return build(self.find(kind, name), {**parse(name)[1], **config})

    def accepts(self, kind: str, name: str, option: str) -> bool:
        """Whether a component takes an option; errors as ``load``, but for the option."""
        return accepts(self.find(kind, name), option)

    def resolve(self, kind: str, component: Any, **config: Any) -> Any:
        """Take an object as it is, once it has its interface's members; load a name."""
        if isinstance(component, str):
            return self.load(kind, component, **config)
        _check_kind(kind)
        if config:
            raise ConfigError(
                f"a {kind} given as an object takes no further options ({', '.join(config)})",
                hint="Give them to its class.",
            )
        check_shape(kind, component)
        return component

    def register(self, kind: str, name: str, target: Callable[..., Any] | str, **fields: Any) -> Registration:
        """Provide a component from this process; arguments as in ``sdk.register``."""
        if isinstance(target, str):
            path, factory = target, None
        else:  # where it stands is only shown; "<locals>" and "<lambda>" are no names
            own = getattr(target, "__qualname__", type(target).__qualname__)
            path, factory = f"{target.__module__}:{own}".replace("<", "").replace(">", ""), target
        component = Component(kind, name, path, **fields)
        component.check()
        provider = judge(Provider(component, LOCAL, factory=factory))
        with self._lock:
            if any((p.kind, p.name) == (kind, name) for p in self._local):
                raise ComponentAmbiguous(
                    f"the {kind} {name!r} is already registered in this process",
                    hint="Remove the first one, or choose another name.",
                )
            self._local.append(provider)
        return Registration(self, provider)

    def _remove(self, provider: Provider) -> None:
        with self._lock:
            self._local = [p for p in self._local if p is not provider]

    def _plugins(self) -> Found:
        if self._found is None:
            self._found = self._discover()
        return self._found

    def _absent(self, kind: str, name: str, every: tuple[Provider, ...]) -> Exception:
        """Say why a name is not there: its plugin failed, or nobody has it."""
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


def _clash(provider: Provider, every: list[Provider]) -> Provider:
    """Mark a component whose bare name others provide too; what keeps it from loading at all weighs more."""
    if provider.state != "ready":
        return provider
    others = [p for p in every if (p.kind, p.name) == (provider.kind, provider.name) and p is not provider]
    reason = f"also provided by {', '.join(p.origin for p in others)}: ask for {provider.qualified!r}"
    return replace(provider, state="clash", reason=reason)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(KINDS)}."
        raise ConfigError(f"there is no kind of component called {kind!r}", hint=hint)
