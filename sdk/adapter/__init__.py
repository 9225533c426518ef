"""Learning a style: ``adapt`` in one call, ``StyleAdapter`` where components are loaded once and used often."""

from sdk.adapter.adapter import StyleAdapter, adapt
from sdk.adapter.config import FitConfig

__all__ = ["FitConfig", "StyleAdapter", "adapt"]
