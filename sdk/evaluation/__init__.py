"""How well a style does on frames that it was not learned from, beside the base, trivial baselines, and chance."""

from sdk.evaluation.clip import HELD_OUT, EvaluationClip
from sdk.evaluation.evaluation import Evaluation, evaluate
from sdk.evaluation.figures import COLUMNS, FIGURES_GROUP, Column, Figures, Measure
from sdk.evaluation.leak import added_at_rest

__all__ = [
    "COLUMNS",
    "FIGURES_GROUP",
    "HELD_OUT",
    "Column",
    "Evaluation",
    "EvaluationClip",
    "Figures",
    "Measure",
    "added_at_rest",
    "evaluate",
]
