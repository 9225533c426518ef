"""Figures that say how well motion follows the sound, and whose style it has."""

from sdk.metrics.compare import MotionScores, compare
from sdk.metrics.correlation import Correlation, correlate
from sdk.metrics.distances import landmark_distance, pose_distance, speed, style_distance, style_landmark_distance

__all__ = [
    "Correlation",
    "MotionScores",
    "compare",
    "correlate",
    "landmark_distance",
    "pose_distance",
    "speed",
    "style_distance",
    "style_landmark_distance",
]
