"""Live sessions: sound in as it is spoken, a talking face out, with idling, interruption and a clock between."""

from sdk.session.clock import Clock, SimulatedClock, SystemClock
from sdk.session.frame import LiveFrame, Notice
from sdk.session.opening import Region, live, open_session
from sdk.session.session import LiveSession

__all__ = [
    "Clock",
    "LiveFrame",
    "LiveSession",
    "Notice",
    "Region",
    "SimulatedClock",
    "SystemClock",
    "live",
    "open_session",
]
