"""How well a style does on frames that it was not learned from, beside the base, trivial means, and chance."""

from sdk.evaluation.evaluation import Evaluation, evaluate
from sdk.evaluation.figures import Figures
from sdk.evaluation.leak import added_at_rest
from sdk.evaluation.trial import HELD_OUT, Trial

__all__ = ["HELD_OUT", "Evaluation", "Figures", "Trial", "added_at_rest", "evaluate"]
