"""Learning a style: ``adapt`` in one call, ``StyleAdapter`` where components are loaded once and used often."""

from sdk.adapter.adapter import StyleAdapter, adapt
from sdk.adapter.config import FitConfig
from sdk.adapter.fit import FitResult
from sdk.adapter.fit_data import FitData, ReferenceReader
from sdk.adapter.gain import Gain, baseline_motions
from sdk.adapter.options import FitOptions

__all__ = [
    "FitConfig",
    "FitData",
    "FitOptions",
    "FitResult",
    "Gain",
    "ReferenceReader",
    "StyleAdapter",
    "adapt",
    "baseline_motions",
]
