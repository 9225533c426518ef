"""Making a component from its description."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from sdk.errors import Cancelled, ComponentBroken, ComponentUnavailable, ConfigError, SdkError
from sdk.registry.component import Provider
from sdk.registry.discovery import judge


def build(provider: Provider, config: Mapping[str, Any]) -> Any:
    """Import a component's class and call it; errors as for ``sdk.load``."""
    label = f"the {provider.kind} {provider.name!r}"
    factory = _usable(provider)
    try:
        instance = factory(**_arguments(provider, factory, config))
    except (SdkError, Cancelled):
        raise
    except Exception as error:
        raise ComponentBroken(
            f"{label} could not be made: {type(error).__name__}: {error}", where=provider.origin
        ) from error
    check_shape(provider.kind, instance, where=provider.origin)
    return instance


def accepts(provider: Provider, option: str) -> bool:
    """Whether a component takes an option: a field of its configuration model, or else an argument of its class."""
    factory = _usable(provider)
    if provider.component.config is not None:
        return option in _fields(_import(provider.component.config, provider))
    named = _parameters(factory)
    return named is not None and (named.takes_any or option in named.names)


def _usable(provider: Provider) -> Any:
    """The component's class, once its requirements are there."""
    provider = judge(provider)  # again: what was missing may have been installed since
    label = f"the {provider.kind} {provider.name!r}"
    if provider.state == "incompatible":
        raise ComponentUnavailable(f"{label} was {provider.reason}", where=provider.origin)
    if provider.state == "missing":
        raise ComponentUnavailable(
            f"{label} requires what is not installed", where=provider.origin, hint=f"Run: {provider.reason}"
        )
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
        raise ComponentBroken(
            f"{target} of the {provider.kind} {provider.name!r} cannot be imported: {type(error).__name__}: {error}",
            where=provider.origin,
            hint="Every other component still works.",
        ) from error
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
    named = _parameters(factory)
    if named is None or named.takes_any:
        return config
    unknown = sorted(set(config) - set(named.names))
    if unknown:
        raise _unknown(label, unknown, named.names)
    return config


class _Parameters(NamedTuple):
    names: list[str]
    takes_any: bool


def _parameters(factory: Any) -> _Parameters | None:
    """What a class takes by name; None for some compiled ones, which do not say."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return _Parameters(names, any(p.kind is p.VAR_KEYWORD for p in parameters))


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
        raise ComponentBroken(f"{name} is no instance", where=where, hint=f"Pass an object, such as {name}().")
    lacking = [name for name in _members(kind) if not hasattr(instance, name)]
    if lacking:
        raise ComponentBroken(
            f"{type(instance).__name__} is no {kind}: it lacks {', '.join(lacking)}",
            where=where,
            hint="sdk.interfaces says what each of them is.",
        )


def interface(kind: str) -> type:
    """The Protocol of a kind."""
    from sdk import interfaces

    protocol: type = getattr(interfaces, "".join(word.capitalize() for word in kind.split("-")))
    return protocol


def _members(kind: str) -> list[str]:
    protocol = interface(kind)
    methods = [name for name, value in vars(protocol).items() if inspect.isfunction(value)]
    own = [name for name in methods if not name.startswith("_") or name == "__call__"]
    return [*protocol.__annotations__, *own]
