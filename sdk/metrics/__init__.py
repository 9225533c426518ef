"""Figures that say how well motion follows the sound, and whose style it has."""

from sdk.metrics.compare import MotionScores, compare
from sdk.metrics.correlation import Correlation, correlate
from sdk.metrics.distances import (
    jaw_lip_distance,
    jaw_lip_velocity_distance,
    landmark_distance,
    mouth_area_distance,
    pose_distance,
    speed,
    style_distance,
    style_landmark_distance,
)

__all__ = [
    "Correlation",
    "MotionScores",
    "compare",
    "correlate",
    "jaw_lip_distance",
    "jaw_lip_velocity_distance",
    "landmark_distance",
    "mouth_area_distance",
    "pose_distance",
    "speed",
    "style_distance",
    "style_landmark_distance",
]
