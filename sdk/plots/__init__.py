"""Pictures for people to look at: mouth openings over time, landmarks over a frame, a fit's loss, contact sheets.

Drawing curves needs matplotlib, the extra ``plots``, which is imported when the first figure is made; contact sheets
need nothing.
"""

from sdk.plots.canvas import check_name, figure, require, save
from sdk.plots.overview import overview
from sdk.plots.panels import landmarks, loss, openings
from sdk.plots.sheet import contact_sheet

__all__ = ["check_name", "contact_sheet", "figure", "landmarks", "loss", "openings", "overview", "require", "save"]
