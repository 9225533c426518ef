"""A component as its plugin describes it, and what the registry knows about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from sdk.errors import ComponentBroken
from sdk.kinds import KINDS

State: TypeAlias = Literal["ready", "missing", "incompatible", "clash"]
"""Whether a component can be loaded by its bare name; with ``clash``, only by its qualified one."""

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_TARGET: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Component:
    """A component that a plugin provides, described without importing it.

    Attributes:
        kind: One of ``sdk.kinds.KINDS``.
        name: What users type: lower case letters, digits, ``.``, ``_`` and ``-``; unique within the kind.
        target: Where the class is, ``"package.module:Class"``; it is called with the configuration as keywords.
        summary: One line for people.
        requires: What must be installed, as PEP 508 strings such as ``"mediapipe>=0.10.14"``; read from metadata,
            never imported.
        config: Where a pydantic model of the configuration is, ``"package.module:Model"``. The target is then called
            with every field of the checked model; without a model, with what the caller gave.
        license: Of the code and, if they differ, of the weights: ``"MIT; weights CC-BY-NC-4.0"``.
        api: The version of the interface that it was written for, ``sdk.kinds.API[kind]`` at that time.
    """

    kind: str
    name: str
    target: str
    summary: str = ""
    requires: tuple[str, ...] = ()
    config: str | None = None
    license: str = ""
    api: int = 1

    def __post_init__(self) -> None:
        """Take one requirement as a string, whose letters would be taken one by one, or any sequence of them."""
        if isinstance(self.requires, str | Sequence | Set):
            requires = (self.requires,) if isinstance(self.requires, str) else tuple(self.requires)
            object.__setattr__(self, "requires", requires)

    def check(self) -> None:
        """Check the description, or raise ``ComponentBroken``."""
        for key in ("kind", "name", "target", "summary", "license"):
            if not isinstance(getattr(self, key), str):
                self._refuse(key, getattr(self, key), "a text")
        if not isinstance(self.requires, tuple) or not all(isinstance(each, str) for each in self.requires):
            self._refuse("requires", self.requires, "a tuple of PEP 508 strings")
        if type(self.api) is not int:
            self._refuse("api", self.api, "a whole number")
        if self.config is not None and not isinstance(self.config, str):
            self._refuse("config", self.config, "a text")
        if self.kind not in KINDS:
            self._refuse("kind", self.kind, f"one of {', '.join(KINDS)}")
        if not _NAME.fullmatch(self.name):
            self._refuse("name", self.name, "lower case letters, digits, '.', '_' and '-'")
        for key, value in (("target", self.target), ("config", self.config)):
            if value is not None and not _TARGET.fullmatch(value):
                self._refuse(key, value, "of the form 'package.module:Name'")

    def _refuse(self, key: str, value: object, wanted: str) -> None:
        what = f"the component {self.name!r} has {key}={value!r}, which is not {wanted}"
        raise ComponentBroken(what, where=self.target, hint="Its author has to correct talkstyle_components().")


@dataclass(frozen=True)
class Provider:
    """A component and the distribution that provides it.

    Attributes:
        component: The description.
        distribution: The installed distribution, or ``"local"`` if it was registered in this process.
        version: The distribution's version, or an empty string.
        state: Whether the bare name can be loaded.
        reason: Why not, or an empty string.
        factory: What to call instead of the target, if it was registered in this process.
    """

    component: Component
    distribution: str
    version: str = ""
    state: State = "ready"
    reason: str = ""
    factory: Callable[..., Any] | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """The component's kind."""
        return self.component.kind

    @property
    def name(self) -> str:
        """The component's bare name."""
        return self.component.name

    @property
    def qualified(self) -> str:
        """The name that no other distribution can have: ``distribution:name``."""
        return f"{self.distribution}:{self.name}"

    @property
    def origin(self) -> str:
        """The distribution with its version, for messages."""
        return f"{self.distribution} {self.version}".rstrip()


@dataclass(frozen=True)
class Failure:
    """A plugin, or one of its components, that could not be loaded.

    Attributes:
        distribution: The installed distribution.
        version: Its version.
        entry_point: The entry point's name.
        stage: ``find`` (asked for, not installed), ``import`` (its module), ``hook`` (its marker or its call) or
            ``component`` (what it returned).
        exception: What went wrong.
        component: The component's name, if known.
    """

    distribution: str
    version: str
    entry_point: str
    stage: Literal["find", "import", "hook", "component"]
    exception: BaseException
    component: str | None = None

    @property
    def error(self) -> str:
        """The exception on one line."""
        text = " ".join(str(self.exception).split())
        return text if isinstance(self.exception, ComponentBroken) else f"{type(self.exception).__name__}: {text}"

    def __str__(self) -> str:
        origin = f"{self.distribution} {self.version}".rstrip()
        return f"the plugin {self.entry_point!r} of {origin} failed at {self.stage}: {self.error}"
