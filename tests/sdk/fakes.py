"""Small components of our own, for tests that are not about the shipped ones."""

import hashlib

import numpy as np
import torch
from torch import nn

from sdk.data import Audio
from sdk.geometry import MOUTH


class TinyGenerator(nn.Module):
    """A causal GRU of a few thousand parameters."""

    name = "tiny"
    version = "1"
    encoder = "loudness"

    def __init__(self, *, features=8, lookahead=3, seed=0):
        super().__init__()
        self.features = features
        self.lookahead = lookahead
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.gru = nn.GRU(features, 16, batch_first=True)
            self.out = nn.Linear(16, 68 * 3 + 6)
            with torch.no_grad():
                self.out.weight *= 0.1
                self.out.bias.zero_()

    def forward(self, features, state=None):
        hidden, state = self.gru(features, state)
        out = self.out(hidden)
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], state


class TinyNet(nn.Module):
    """A small f."""

    name = "tiny"
    version = "1"

    def __init__(self, *, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layers = nn.Sequential(nn.Linear(204, 32), nn.Softplus(), nn.Linear(32, 256))

    def forward(self, phi):
        return self.layers(phi)


class LoudnessEncoder:
    """Eight copies of the loudness around each frame, at 60 Hz."""

    name = "loudness"
    version = "1"
    sample_rate = 16000
    width = 8
    lookahead = 0.0

    def fingerprint(self):
        return hashlib.sha256(b"loudness 1").hexdigest()

    def encode(self, audio: Audio):
        stream = self.stream()
        return np.concatenate([stream.push(audio.samples), stream.finish()])

    def stream(self):
        return _LoudnessStream()


class _LoudnessStream:
    def __init__(self):
        self.rest = np.zeros(0, np.float32)
        self.frame = 0

    def _start(self, frame):
        return frame * 16000 // 60

    def push(self, samples):
        self.rest = np.concatenate([self.rest, samples])
        out = []
        while (size := self._start(self.frame + 1) - self._start(self.frame)) <= len(self.rest):
            out.append(self._features(self.rest[:size]))
            self.rest = self.rest[size:]
            self.frame += 1
        return np.array(out, np.float32).reshape(-1, 8)

    def finish(self):
        out = [self._features(self.rest)] if len(self.rest) else []
        return np.array(out, np.float32).reshape(-1, 8)

    def _features(self, block):
        level = np.sqrt(np.mean(np.square(block))) * 10
        return [level * (k + 1) / 8 for k in range(8)]


def talking(frames, *, seed=0, opening=0.12, smile=0.0, nod=0.05, loudness=None):
    """Motion of a mouth that follows a loudness ``[T]``: expression ``[T, 68, 3]`` and pose ``[T, 6]``."""
    rng = np.random.default_rng(seed)
    course = np.abs(np.sin(np.arange(frames) / 7 + rng.uniform(0, 6))) if loudness is None else loudness
    expression = np.zeros((frames, 68, 3), np.float32)
    lower = [*range(55, 60), *range(65, 68)]
    expression[:, lower, 1] += opening * course[:, None]
    expression[:, 5:12, 1] += 0.7 * opening * course[:, None]
    expression[:, MOUTH.start, 0] -= smile
    expression[:, 54, 0] += smile
    pose = np.zeros((frames, 6), np.float32)
    pose[:, 0] = nod * np.sin(np.arange(frames) / 23)
    return expression, pose
