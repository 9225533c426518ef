"""All that is measured of one motion on one clip, and what tables call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final, NamedTuple, TypeAlias

from sdk.data import FloatArray, Motion
from sdk.errors import ComponentBroken
from sdk.metrics import MotionScores

FIGURES_GROUP: Final = "talkstyle.figures"
"""The entry-point group of further measures; each entry point names a ``Measure``."""

Measure: TypeAlias = Callable[[Motion, Motion, FloatArray], Mapping[str, float]]
"""``measure(motion, real, neutral)``: further figures by name, of a motion against the real one, at 60 Hz, both shown
on the neutral face ``[68, 3]``."""


class Column(NamedTuple):
    """A figure in a table.

    Attributes:
        key: Its name in ``Figures.as_dict``.
        heading: Its heading.
        meaning: What it is, for the table's legend.
        shown: Whether ``talkstyle evaluate`` shows it; its ``--json`` has every figure.
    """

    key: str
    heading: str
    meaning: str
    shown: bool = True


COLUMNS: Final = (
    Column("opening_r", "opening r", "correlation with the real mouth's opening, at the best lag within 100 ms"),
    Column("opening_null", "by chance", "95th percentile of opening r for unrelated timing"),
    Column("width_r", "width r", "correlation with the real mouth's width, likewise"),
    Column("lmd", "LMD", "distance of the mouth's landmarks, in % of the eye distance; lower is better"),
    Column("opening_ratio", "opening", "spread of the mouth's opening over the real one; 1 is right"),
    Column("speed_ratio", "speed", "speed of the mouth over the real one; 1 is right"),
    Column("head_ratio", "head", "spread of the head's rotation over the real one; 1 is right", shown=False),
    Column("sld", "SLD", "style-aware landmark distance, in % of the jaw's width; lower is better"),
    Column("sld_share", "SLD share", "how far it goes from the base to the person's own other words; 1 is all the way"),
    Column("style", "style gap", "gap of the style descriptors, in % of the eye distance; lower is better"),
    Column("dynamics", "dynamics", "the same without the mean face"),
    Column("closure", "closure", "opening of the mouth at m, b and p over the median; low is better, needs labels"),
    Column("closure_near", "within 50 ms", "closure at the best lag within 50 ms", shown=False),
)
"""The figures that tables show, in order. A column is added here."""


@cache
def measures() -> tuple[Measure, ...]:
    """The measures that installed distributions add to every row, in the order of their entry points' names.

    Raises:
        ComponentBroken: One cannot be imported.
    """
    return tuple(_load(point) for point in sorted(entry_points(group=FIGURES_GROUP), key=lambda point: point.name))


def _load(point: EntryPoint) -> Measure:
    try:
        measure: Measure = point.load()
    except (Exception, SystemExit) as error:
        what = f"the figures {point.name!r} cannot be imported: {type(error).__name__}: {error}"
        where = None if point.dist is None else point.dist.name
        raise ComponentBroken(what, where=where, hint="Update or uninstall what provides them.") from error
    return measure


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One row of a table.

    Attributes:
        scores: Against the real test part.
        sld_known: SLD against the known part, in % of the jaw's width.
        sld_share: How far the row goes from the base to the real test part in SLD against the known part: 0 is the
            base, 1 as near to the known part as the person's own other words are. None where the base already is as
            near.
        closure: Opening of the mouth at m, b and p over the median, without lag; None without labels.
        closure_near: The same at the best lag within 50 ms: labels are not that exact in time.
        further: What ``measures`` add, by name.
    """

    scores: MotionScores
    sld_known: float
    sld_share: float | None
    closure: float | None
    closure_near: float | None
    further: Mapping[str, float]

    def as_dict(self) -> dict[str, float | None]:
        """The figures by name, rounded for files."""
        own = {name: getattr(self, name) for name in ("sld_known", "sld_share", "closure", "closure_near")}
        rounded = {name: None if value is None else round(value, 6) for name, value in own.items()}
        return {**self.scores.as_dict(), **rounded, **self.further}
