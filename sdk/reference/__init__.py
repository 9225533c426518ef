"""What a person gives as an example of themselves: a clip, stills, or a portrait; read, looked at, and judged."""

from sdk.reference.clip import load_clip
from sdk.reference.faces import Face
from sdk.reference.portrait import PortraitInput, load_portrait, load_teeth
from sdk.reference.selection import Pick, frame_quality, pick, templates
from sdk.reference.stills import FaceStills, load_stills
from sdk.reference.track import FaceTrack

__all__ = [
    "Face",
    "FaceStills",
    "FaceTrack",
    "Pick",
    "PortraitInput",
    "frame_quality",
    "load_clip",
    "load_portrait",
    "load_stills",
    "load_teeth",
    "pick",
    "templates",
]
