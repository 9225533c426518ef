"""Figures that say how well motion follows the sound, and whose style it has."""

from sdk.metrics.baselines import in_context, loudness, ridge
from sdk.metrics.closure import closure, read_phonemes
from sdk.metrics.compare import MotionScores, compare
from sdk.metrics.correlation import Correlation, correlate, correlate_mouths
from sdk.metrics.distances import (
    descriptor,
    jaw_lip_distance,
    jaw_lip_velocity_distance,
    landmark_distance,
    mouth_area_distance,
    pose_distance,
    speed,
    style_distance,
    style_landmark_distance,
)
from sdk.metrics.identity import identity_leak, nearest_style
from sdk.metrics.liveliness import blinks, head_spread
from sdk.metrics.sharpness import cpbd

__all__ = [
    "Correlation",
    "MotionScores",
    "blinks",
    "closure",
    "compare",
    "correlate",
    "correlate_mouths",
    "cpbd",
    "descriptor",
    "head_spread",
    "identity_leak",
    "in_context",
    "jaw_lip_distance",
    "jaw_lip_velocity_distance",
    "landmark_distance",
    "loudness",
    "mouth_area_distance",
    "nearest_style",
    "pose_distance",
    "read_phonemes",
    "ridge",
    "speed",
    "style_distance",
    "style_landmark_distance",
]
