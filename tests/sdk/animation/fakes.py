"""The five parts, as small as they can be and still keep their contracts."""

import numpy as np
import torch

from sdk.data import Audio, Landmarks, Portrait
from sdk.geometry import canonical_face

RATE = 16000


def sound(*parts, level=0.1):
    """A sound of ``(seconds, loud)`` stretches: noise where loud, silence elsewhere."""
    random = np.random.default_rng(0)
    pieces = [level * loud * random.standard_normal(round(seconds * RATE)) for seconds, loud in parts]
    return Audio(np.clip(np.concatenate(pieces), -1, 1), RATE)


def portrait(size=(64, 48)):
    width, height = size
    points = canonical_face() * 20 + np.array([width / 2, height / 3, 0])
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Portrait(pixels, Landmarks(points))


class Detector:
    name, depth = "fake", True

    def __init__(self, faces=1):
        self.faces, self.seen = faces, 0

    def detect(self, images):
        self.seen += len(images)
        face = Landmarks(canonical_face() * 80 + np.array([90, 60, 0]), score=0.97)
        return [[face] * self.faces for _ in images]


class Encoder:
    """One feature: the frame's loudness."""

    name, version, sample_rate, width, lookahead = "fake", "1", RATE, 1, 0.0

    def fingerprint(self):
        return "0" * 64

    def encode(self, audio):
        stream = self.stream()
        return np.concatenate([stream.push(audio.samples), stream.finish()])

    def stream(self):
        return _Features()


class _Features:
    def __init__(self):
        self.rest, self.frame = np.zeros(0, np.float32), 0

    def push(self, samples):
        self.rest = np.concatenate([self.rest, samples])
        features = []
        while len(self.rest) >= (length := (self.frame + 1) * RATE // 60 - self.frame * RATE // 60):
            features.append(self.rest[:length].std())
            self.rest, self.frame = self.rest[length:], self.frame + 1
        return np.array(features, np.float32).reshape(-1, 1)

    def finish(self):
        return np.full((1 if len(self.rest) else 0, 1), 0.1, np.float32)


class Generator(torch.nn.Module):
    """Opens the mouth by the loudness; ``rest`` is what it shows in silence. Late by ``lookahead``, as agreed."""

    name, version, features, encoder, lookahead = "fake", "1", 1, "fake", 18

    def __init__(self, rest=0.05):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor([2.0]))
        self.still = torch.nn.Parameter(torch.tensor([20.0]))  # moves nothing; beside it a style is small
        self.rest = rest

    def forward(self, features, state=None):
        if state is None:
            state = features.new_zeros(features.shape[0], self.lookahead, 1)
        joined = torch.cat([state, features], dim=1)
        heard = joined[:, : features.shape[1]]
        expression = heard.new_zeros(*heard.shape[:2], 68, 3)
        expression[:, :, 65:68, 1] = self.rest + self.gain * heard
        expression[:, :, 17:27, 1] = 0.06
        pose = heard.new_zeros(*heard.shape[:2], 6)
        pose[:, :, 0] = heard[:, :, 0]
        return expression, pose, joined[:, features.shape[1] :]


class Renderer:
    """A picture of the numbers: the first row holds the motion's, the rest the portrait's pixels."""

    name = "fake"

    def __init__(self, fail_at=None):
        self.prepared, self.rendered, self.fail_at = 0, 0, fail_at

    def prepare(self, portrait):
        self.prepared += 1
        return portrait.pixels

    def render(self, prepared, motions):
        for motion in motions:
            for expression, pose in zip(motion.expression, motion.pose, strict=True):
                if self.rendered == self.fail_at:
                    self.fail_at = None
                    raise RuntimeError("the renderer broke")
                frame = prepared.copy()
                frame[0, 0, 0] = np.clip(1000 * expression[66, 1], 0, 255)
                frame[0, 1, :3] = np.clip(128 + 1000 * pose[:3], 0, 255)
                self.rendered += 1
                yield frame
