"""A tiny generator, encoder and pack: the least that has every kind of parameter and keeps the contract."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from sdk.packs import StylePack


class TinyGenerator(nn.Module):
    """A causal convolution, an LSTM, a norm and a linear layer, with a state that it carries on."""

    name = "tiny"
    version = "1"
    features = 6
    encoder = "tiny-mel"
    lookahead = 2

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.conv = nn.Conv1d(6, 16, 3)
        self.lstm = nn.LSTM(16, 12, batch_first=True)
        self.norm = nn.LayerNorm(12)
        self.out = nn.Linear(12, 210)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
        self.register_buffer("count", torch.tensor(3))

    def forward(self, features, state=None):
        past, memory = state if state is not None else (features.new_zeros(len(features), 2, 6), None)
        joined = torch.cat([past, features], dim=1)
        hidden, memory = self.lstm(self.conv(joined.transpose(1, 2)).transpose(1, 2), memory)
        out = self.out(self.norm(hidden))
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], (joined[:, -2:], memory)


class TinyEncoder:
    name = "tiny-mel"
    version = "1"
    sample_rate = 16000
    width = 6
    lookahead = 0.0

    def __init__(self, statistics: bytes = b"mean and std") -> None:
        self.statistics = statistics

    def fingerprint(self) -> str:
        return hashlib.sha256(self.statistics).hexdigest()

    def encode(self, audio):
        return np.zeros((1, 6), np.float32)

    def stream(self):
        raise NotImplementedError


def _make_pack(generator: nn.Module | None = None, *, seed: int = 1, scale: float = 0.05, **fields) -> StylePack:
    generator = TinyGenerator() if generator is None else generator
    noise = torch.Generator().manual_seed(seed)
    fitted = {
        name: parameter.detach() + scale * torch.randn(parameter.shape, generator=noise)
        for name, parameter in generator.named_parameters()
    }
    fields = {"name": f"style {seed}", "license": "CC-BY-4.0", "consent": "my own face", **fields}
    return StylePack.create(base=generator, fitted=fitted, encoder=TinyEncoder(), **fields)


@pytest.fixture(scope="session")
def make_generator():
    return lambda seed=0: TinyGenerator(seed).eval()


@pytest.fixture(scope="session")
def make_encoder():
    return TinyEncoder


@pytest.fixture(scope="session")
def make_pack():
    return _make_pack


@pytest.fixture
def generator() -> TinyGenerator:
    return TinyGenerator().eval()


@pytest.fixture
def pack() -> StylePack:
    return _make_pack()


@pytest.fixture
def folder(tmp_path, pack):
    """A sound pack on disk."""
    return pack.save(tmp_path / "sound")


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(3, 9, 6, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="session")
def picture():
    """Make a picture: its bytes, in a format that Pillow knows, with what it is told besides the pixels."""

    def make(form: str = "WEBP", size: int = 8, **told) -> bytes:
        file = io.BytesIO()
        frames = [Image.new("RGB", (size, size), (shade, 90, 60)) for shade in (0, 250)]
        if form == "PNG":
            frames[0].save(file, form, **told)
        else:
            frames[0].save(file, form, save_all=True, append_images=frames[1:], duration=40, loop=0, **told)
        return file.getvalue()

    return make
