"""Settings that callers write down themselves: pydantic models whose errors are talkstyle's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sdk.errors import ConfigError

__all__ = ["Settings", "first_fault"]


if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)


class _Checked(ModelMetaclass):
    """Where a class is called, a ``ConfigError``; ``model_validate``, for files, keeps pydantic's own errors."""

    def __call__(cls, *args: Any, **fields: Any) -> Any:  # noqa: N805 a metaclass
        names = list(getattr(cls, "model_fields", ()))
        if args:
            hint = f"Write {cls.__name__}({names[0]}=...)."
            raise ConfigError(f"the fields of {cls.__name__} are given by name", where=cls.__name__, hint=hint)
        try:
            return super().__call__(**fields)
        except ValidationError as error:
            hint = f"It has the fields {', '.join(names)}."
            raise ConfigError(first_fault(error), where=cls.__name__, hint=hint) from error


class Settings(BaseModel, metaclass=_Checked):
    """The base of such settings: frozen, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic found wrong: the field, and what is wrong with it."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return f"{place}: {text}" if place else text
