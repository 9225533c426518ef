from fractions import Fraction

import av
import numpy as np
import pytest

from sdk.data import Landmarks
from sdk.geometry import canonical_face, rotation_matrix
from talkstyle_mediapipe.detector import MediaPipeDetector


@pytest.fixture(scope="session")
def mediapipe():
    return MediaPipeDetector()


def face(*, eyes=120.0, at=(160.0, 110.0), yaw=0.0, opening=0.0, score=0.95):
    """The canonical face: pixels between the outer eyes, where, degrees of turn, and the mouth's opening."""
    shape = np.array(canonical_face(), dtype=np.float64)
    shape[[65, 66, 67], 1] += opening
    turned = shape @ rotation_matrix(np.array([0.0, np.radians(yaw), 0.0])).T
    return Landmarks((turned * eyes + [*at, 0.0]).astype(np.float32), score)


class Script:
    """A detector that says what it was told, one entry for each picture: faces, or an exception to raise.

    It sees nobody once its entries have run out, as when a clip without a face is looked at turned.
    """

    name = "script"
    depth = True

    def __init__(self, entries):
        self.entries = list(entries)
        self.seen = 0
        self.largest_batch = 0

    def detect(self, images):
        self.largest_batch = max(self.largest_batch, len(images))
        found = []
        for _ in images:
            entry = self.entries[self.seen] if self.seen < len(self.entries) else []
            if isinstance(entry, Exception):
                raise entry
            self.seen += 1
            found.append(list(entry))
        return found


def write_clip(path, times, *, size=(320, 240), frames=None):
    """Write a silent clip whose frames stand at the given seconds; sharp, drifting noise where none are given."""
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 6000)
        for k, time in enumerate(times):
            pixels = np.roll(noise, k, axis=1) if frames is None else frames[k]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            picture.pts, picture.time_base = round(time * 6000), Fraction(1, 6000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path
