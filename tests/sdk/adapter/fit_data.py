"""FitData for fits without a clip: a mouth that follows a loudness, livelier than the base's."""

import numpy as np
import torch

from sdk.adapter.fit_data import FitData
from sdk.data import Motion
from sdk.generation import generate
from sdk.geometry import canonical_face
from sdk.packs import Provenance
from tests.sdk.fakes import TinyGenerator, talking


def material(frames=600, *, hidden=120, paired=True, ordered=True, opening=0.2, smile=0.03, seed=0):
    rng = np.random.default_rng(seed)
    loud = np.convolve(np.abs(rng.normal(size=frames)), np.hanning(12) / 6, "same").astype(np.float32)
    features = np.repeat(loud[:, None], 8, axis=1) * np.arange(1, 9, dtype=np.float32) / 4
    expression, pose = talking(frames, opening=opening, smile=smile, loudness=loud if paired else None, seed=seed)
    return FitData(
        features=features.astype(np.float32),
        base=generate(TinyGenerator().eval(), features.astype(np.float32), device=torch.device("cpu")),
        motion=Motion(expression, pose),
        valid=np.ones(frames, dtype=bool),
        neutral=canonical_face(),
        spoken=np.ones(frames, dtype=bool),
        paired=paired,
        ordered=ordered,
        hidden=np.arange(frames) >= frames - hidden,
        offset=0.0,
        references=(Provenance(kind="clip", length=frames / 60, sha256="0" * 64),),
        warnings=(),
    )
