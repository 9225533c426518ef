import pytest

from talkstyle_mediapipe.detector import MediaPipeDetector


@pytest.fixture(scope="session")
def detector():
    return MediaPipeDetector()
