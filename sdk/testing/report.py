"""A check of the conformance kit, and the report of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sdk.errors import ComponentBroken


@dataclass(frozen=True)
class Check:
    """One demand of an interface.

    Attributes:
        name: The demand, as a short sentence.
        test: Takes the component, and raises where it fails.
    """

    name: str
    test: Callable[[Any], None]

    def run(self, component: Any) -> None:
        """Run it.

        Raises:
            ComponentBroken: The demand is not met, or the component raised; the message names the demand.
        """
        try:
            self.test(component)
        except Exception as error:
            failed = f"{type(component).__name__} fails the check {self.name!r}:"
            if isinstance(error, AssertionError):
                raise ComponentBroken(f"{failed} {error}", hint="sdk.interfaces says what is demanded.") from None
            what = f"{failed} it raised {type(error).__name__}: {error}"
            raise ComponentBroken(what, hint="The traceback above says where.") from error


@dataclass(frozen=True)
class Report:
    """A component that passed.

    Attributes:
        kind: Its kind.
        component: Its class's name.
        passed: The names of the checks.
        frames_per_second: How fast it is here: frames of features, pictures, motion or video a second.
    """

    kind: str
    component: str
    passed: tuple[str, ...]
    frames_per_second: float


class Checks(list[Check]):
    """The checks of a kind of component."""

    def add(self, name: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
        """Make a function the next check."""

        def take(test: Callable[[Any], None]) -> Callable[[Any], None]:
            self.append(Check(name, test))
            return test

        return take


def require(holds: object, found: str) -> None:
    """Fail a check, saying what was found; unlike an ``assert``, under ``python -O`` too."""
    if not holds:
        raise AssertionError(found)


def require_attributes(interface: type, component: Any) -> None:
    """Require attributes of the interface's types: texts that are not empty, and numbers that can be true of it."""
    for name, type_ in interface.__annotations__.items():
        value = getattr(component, name)
        found = f"{name} is {value!r}"
        if type_ == "str":
            require(isinstance(value, str) and value, f"{found}, not a string that says something")
        elif type_ == "bool":
            require(isinstance(value, bool), f"{found}, not True or False")
        elif type_ == "int":
            least = 0 if name == "lookahead" else 1
            require(isinstance(value, int) and value >= least, f"{found}, not an integer from {least} up")
        else:
            require(value >= 0, f"{found}, not seconds from 0 up")


def rate(count: int, run: Callable[[], object]) -> float:
    """How many of ``count`` things a second something makes."""
    began = time.perf_counter()
    run()
    return count / (time.perf_counter() - began)
