"""One check of the conformance kit, and what a run of them found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sdk.errors import ComponentBroken

__all__ = ["Check", "Report", "named", "require"]


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
        except AssertionError as error:
            found = str(error)
        except Exception as error:
            raise ComponentBroken(
                f"{type(component).__name__} fails the check {self.name!r}: it raised {type(error).__name__}: {error}",
                hint="The traceback above says where.",
            ) from error
        else:
            return
        raise ComponentBroken(
            f"{type(component).__name__} fails the check {self.name!r}: {found}",
            hint="sdk.interfaces says what is demanded.",
        )


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


def named(name: str) -> Callable[[Callable[[Any], None]], Check]:
    """Make a function a check."""
    return lambda test: Check(name, test)


def require(holds: object, found: str) -> None:
    """Fail a check, saying what was found; unlike an ``assert``, under ``python -O`` too."""
    if not holds:
        raise AssertionError(found)
