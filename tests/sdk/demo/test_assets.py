from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import sdk
from sdk.demo import astronaut, load_assets
from sdk.demo.assets import at_frame_rate
from sdk.geometry import canonical_face, mouth_opening


def test_the_speech_and_its_motion_are_of_one_length_and_belong_together():
    stuff = load_assets()
    assert 8 < stuff.speech.duration < 30
    assert abs(stuff.motion.duration - stuff.speech.duration) <= Fraction(1, 60)
    assert stuff.sentence.duration > 3
    opening = mouth_opening(canonical_face() + stuff.motion.expression)
    size = stuff.speech.rate // 60
    loud = [stuff.speech.samples[k * size : (k + 1) * size].std() for k in range(len(opening) - 1)]
    smooth = np.convolve(loud, np.hanning(12) / 6, "same")
    assert np.corrcoef(smooth, opening[:-1])[0, 1] > 0.2


def test_only_so_much_of_it():
    stuff = load_assets(seconds=2.5)
    assert stuff.speech.duration == stuff.sentence.duration == stuff.motion.duration == Fraction(5, 2)
    video = at_frame_rate(stuff.motion, stuff.speech.duration, Fraction(25))
    assert (len(video), video.rate) == (63, 25)


@pytest.mark.parametrize("size", [256, 512])
def test_the_astronaut_is_head_and_shoulders(size):
    detector = sdk.load("landmark-detector", "mediapipe")
    picture = astronaut(detector, size=size)
    assert (picture.shape, picture.dtype) == ((size, size, 3), np.uint8)
    (face,) = detector.detect([picture])[0]
    assert 0.25 < face.width / size < 0.6
    left, top, right, bottom = face.box
    assert min(left, top, size - right, size - bottom) > 0.1 * size


def test_the_astronaut_needs_no_network(tmp_path):
    """Where nothing is cached and every connection is refused, the picture is still there."""
    code = (
        "import socket, sdk\n"
        "def refuse(*_, **__): raise OSError('no network here')\n"
        "socket.socket.connect = refuse\n"
        "from sdk.demo import astronaut\n"
        "assert astronaut(sdk.load('landmark-detector', 'mediapipe')).shape == (512, 512, 3)\n"
    )
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)
