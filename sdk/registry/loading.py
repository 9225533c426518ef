"""Making a component from its description."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from sdk.arguments import shown
from sdk.errors import Cancelled, ComponentBroken, ComponentUnavailable, ConfigError, SdkError
from sdk.kinds import KINDS
from sdk.registry.component import Provider
from sdk.registry.discovery import judge


def build(provider: Provider, config: Mapping[str, Any]) -> Any:
    """Import a component's class and call it; errors as for ``sdk.load``."""
    factory = _usable(provider)
    try:
        instance = factory(**_arguments(provider, factory, config))
    except (SdkError, Cancelled):
        raise
    except Exception as error:
        what = f"the {provider.kind} {provider.name!r} could not be made: {type(error).__name__}: {error}"
        raise ComponentBroken(what, where=provider.origin) from error
    check_shape(provider.kind, instance, where=provider.origin)
    return instance


def accepts(provider: Provider, option: str) -> bool:
    """Whether a component takes an option: a field of its configuration model, or else an argument of its class."""
    factory = _usable(provider)
    if provider.component.config is not None:
        return option in _fields(_import(provider.component.config, provider))
    names, any_name = _parameters(factory) or ([], False)
    return any_name or option in names


def _usable(provider: Provider) -> Any:
    """The component's class, once its requirements are there."""
    provider = judge(provider)  # again: what was missing may have been installed since
    label = f"the {provider.kind} {provider.name!r}"
    if provider.state == "incompatible":
        raise ComponentUnavailable(f"{label} was {provider.reason}", where=provider.origin)
    if provider.state == "missing":
        hint = f"Run: {provider.reason}"
        raise ComponentUnavailable(f"{label} requires what is not installed", where=provider.origin, hint=hint)
    return import_target(provider)


def import_target(provider: Provider) -> Any:
    """Import a component's class without calling it, or raise ``ComponentBroken``."""
    return provider.factory or _import(provider.component.target, provider)


def _import(target: str, provider: Provider) -> Any:
    module, _, path = target.partition(":")
    try:
        value: Any = import_module(module)
        for part in path.split("."):
            value = getattr(value, part)
    except (Exception, SystemExit) as error:
        label = f"{target} of the {provider.kind} {provider.name!r}"
        what = f"{label} cannot be imported: {type(error).__name__}: {error}"
        raise ComponentBroken(what, where=provider.origin, hint="Every other component still works.") from error
    return value


def _arguments(provider: Provider, factory: Any, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration, checked by the component's model, if it has one, and by its signature."""
    label = f"the {provider.kind} {provider.name!r}"
    if provider.component.config is not None:
        from pydantic import ValidationError

        model = _import(provider.component.config, provider)
        unknown = sorted(set(config) - _fields(model))
        if unknown:
            raise _unknown(label, unknown, list(model.model_fields))
        try:
            config = dict(model.model_validate(dict(config)))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"{label} refuses {place}: {first['msg']}", where=provider.origin) from error
    names, any_name = _parameters(factory) or ([], True)
    unknown = sorted(set(config) - set(names))
    if unknown and not any_name:
        raise _unknown(label, unknown, names)
    return config


def _parameters(factory: Any) -> tuple[list[str], bool] | None:
    """The names that a class takes, and whether it takes any other; None for some compiled ones, which do not say."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names, any(p.kind is p.VAR_KEYWORD for p in parameters)


def _fields(model: Any) -> set[str]:
    """What a configuration model takes: its fields, by name and by alias."""
    return {name for key, field in model.model_fields.items() for name in (key, field.alias) if name}


def _unknown(label: str, unknown: list[str], known: list[str]) -> ConfigError:
    hint = f"It knows {', '.join(known)}." if known else "It takes none."
    return ConfigError(f"{label} has no option {', '.join(map(repr, unknown))}", hint=hint)


def check_shape(kind: str, instance: object, *, where: str | None = None) -> None:
    """Check that an object has every attribute and method of its interface.

    Raises:
        ComponentBroken: It lacks some; what they do is for ``sdk.testing.check``.
    """
    if isinstance(instance, (type, ModuleType)):
        name = instance.__name__
        raise ComponentBroken(f"{name} is not an instance", where=where, hint=f"Pass an object, such as {name}().")
    protocol = interface(kind)
    methods = [n for n, v in vars(protocol).items() if inspect.isfunction(v) and (n[0] != "_" or n == "__call__")]
    lacking = [name for name in [*protocol.__annotations__, *methods] if not hasattr(instance, name)]
    if lacking:
        what = f"{type(instance).__name__} is no {kind}: it lacks {', '.join(lacking)}"
        raise ComponentBroken(what, where=where, hint="sdk.interfaces says what each of them is.")


def check_kind(kind: str) -> None:
    """Check that there is such a kind, or raise ``ConfigError``."""
    if not isinstance(kind, str) or kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(KINDS)}."
        raise ConfigError(f"there is no kind of component called {shown(kind)}", hint=hint)


def interface(kind: str) -> type:
    """The Protocol of a kind; raises ``ConfigError`` if there is no such kind."""
    from sdk import interfaces

    check_kind(kind)
    protocol: type = getattr(interfaces, "".join(word.capitalize() for word in kind.split("-")))
    return protocol
