"""The face in a clip, in stills, or in a portrait: detected, followed, and checked for quality."""

from sdk.tracking.clip import load_clip
from sdk.tracking.detection import FaceSelector, read_selector
from sdk.tracking.quality import TEETH_OPENING_THRESHOLD, require_teeth
from sdk.tracking.selection import Pick, frame_quality, pick, templates
from sdk.tracking.stills import FaceStills, load_portrait, load_stills, load_teeth
from sdk.tracking.track import FaceTrack, Shot, frame_interval

__all__ = [
    "TEETH_OPENING_THRESHOLD",
    "FaceSelector",
    "FaceStills",
    "FaceTrack",
    "Pick",
    "Shot",
    "frame_interval",
    "frame_quality",
    "load_clip",
    "load_portrait",
    "load_stills",
    "load_teeth",
    "pick",
    "read_selector",
    "require_teeth",
    "templates",
]
