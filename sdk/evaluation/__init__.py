"""How well a style does on frames that it was not learned from, beside the base, trivial means, and chance."""

from sdk.evaluation.figures import Figures
from sdk.evaluation.fits import FitClip, FitTable, evaluate_fits
from sdk.evaluation.leak import added_at_rest
from sdk.evaluation.pack import Evaluation, evaluate
from sdk.evaluation.trial import Trial

__all__ = ["Evaluation", "Figures", "FitClip", "FitTable", "Trial", "added_at_rest", "evaluate", "evaluate_fits"]
