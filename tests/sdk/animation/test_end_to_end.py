"""The real components together, on a face that we drew and a sound that we made."""

import av
import numpy as np
import pytest

import sdk
from sdk.data import Audio
from sdk.drawing import drawn_face
from sdk.geometry import mouth_opening


def syllables(seconds=1.5, pause=0.7):
    """A buzz through two moving resonances, four syllables a second, with silence before and after."""
    time = np.arange(round(seconds * 16000)) / 16000
    buzz = np.sign(np.sin(2 * np.pi * 120 * time)) * np.maximum(0, np.sin(2 * np.pi * 2 * time)) ** 2
    voice = 0.3 * buzz * (1 + np.sin(2 * np.pi * (600 + 200 * np.sin(2 * np.pi * 3 * time)) * time)) / 2
    silence = np.zeros(round(pause * 16000))
    return Audio(np.concatenate([silence, voice, silence]), 16000)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    pytest.importorskip("mediapipe")
    folder = tmp_path_factory.mktemp("spoken")
    animation = sdk.animate(drawn_face(384).pixels, syllables(), device="cpu")
    return animation, animation.save(folder / "spoken.mp4")


def test_the_file_has_picture_and_sound_of_one_length(spoken):
    animation, path = spoken
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.streams.video[0].frames == len(animation) == 73
        for stream in container.streams:
            assert abs(float(stream.duration * stream.time_base) - 2.9) <= 1 / 25


def test_the_face_stays_a_face_and_the_mouth_rests_in_silence(spoken):
    _, path = spoken
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    found = sdk.load("landmark-detector", "mediapipe").detect(frames)
    assert sum(len(faces) == 1 for faces in found) >= 0.99 * len(frames)
    opening = np.array([mouth_opening(faces[0].points) for faces in found if faces])
    silent = np.r_[opening[:12], opening[-9:]]
    assert np.ptp(silent) < 0.03
    assert opening[17:55].max() >= silent.max()
