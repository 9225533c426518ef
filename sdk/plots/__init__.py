"""Plots: mouth openings over time, landmarks over a frame, a fit's loss, contact sheets.

Drawing curves needs matplotlib, the extra ``plots``, which is imported when the first figure is made; contact sheets
need nothing.
"""

from sdk.plots.canvas import check_path, figure, require_extra, save
from sdk.plots.panels import landmarks, loss, openings, overview
from sdk.plots.sheet import contact_sheet

__all__ = [
    "check_path",
    "contact_sheet",
    "figure",
    "landmarks",
    "loss",
    "openings",
    "overview",
    "require_extra",
    "save",
]
