"""Figures that other distributions add."""

from importlib.metadata import EntryPoint

import pytest

from sdk.errors import ComponentBroken
from sdk.evaluation import figures


@pytest.fixture
def installed(monkeypatch):
    """Pretend that these entry points are installed, and nothing else."""

    def pretend(**values):
        points = [EntryPoint(name, value, figures.FIGURES_GROUP) for name, value in values.items()]
        monkeypatch.setattr(figures, "entry_points", lambda group: [point for point in points if point.group == group])

    figures.measures.cache_clear()
    yield pretend
    figures.measures.cache_clear()


def test_they_come_in_the_order_of_their_names(installed):
    installed(b="math:sin", a="math:cos")
    assert [measure.__name__ for measure in figures.measures()] == ["cos", "sin"]


def test_one_that_cannot_be_imported_is_named(installed):
    installed(good="math:sin", bad="nowhere_at_all:measure")
    with pytest.raises(ComponentBroken, match="the figures 'bad' cannot be imported: ModuleNotFoundError"):
        figures.measures()
