"""The demonstration's material: a reference in a lively style, and a new sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import av
import numpy as np
from safetensors.numpy import save_file

from sdk.files import atomic_file
from talkstyle_lab.corpus.motion import animate_utterance
from talkstyle_lab.corpus.speech import RATE, Utterance, flite
from talkstyle_lab.corpus.style import PRESETS

_REFERENCE: Final = (
    "Good morning, everybody! Welcome to my wonderful museum. Above the fireplace you see a marvellous map. "
    "Please don't move the umbrellas! Why? Five puppies are asleep there."
)
_SENTENCE: Final = (
    "Believe me, my friend: with a bit of practice, everybody can bring a picture to life before breakfast."
)
_NOTE: Final = """# Demonstration material

`reference.flac` and `sentence.flac` are synthetic speech (flite, voices rms and slt); `reference.safetensors` holds the
motion that the corpus's own articulation gives the reference in the style "lively": `expression` [T, 68, 3] and `pose`
[T, 6], float16, at 60 Hz. All three are written by

    talkstyle pretrain demo-material sdk/demo/data
"""


def demo_material(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write ``reference.flac``, ``reference.safetensors``, ``sentence.flac`` and ``README.md``; return their paths.

    Raises:
        ComponentUnavailable: flite is not installed.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    reference, sentence = flite(_REFERENCE, voice="rms", stretch=0.97), flite(_SENTENCE, voice="slt")
    expression, pose = animate_utterance(reference, PRESETS["lively"], np.random.default_rng(0))
    motion = root / "reference.safetensors"
    with atomic_file(motion) as temporary:
        arrays = {"expression": expression.astype(np.float16), "pose": pose.astype(np.float16)}
        save_file(arrays, temporary, metadata={"rate": "60", "style": "lively"})
    note = root / "README.md"
    with atomic_file(note) as temporary:
        temporary.write_text(_NOTE, encoding="utf-8")
    return _flac(root / "reference.flac", reference), motion, _flac(root / "sentence.flac", sentence), note


def _flac(path: Path, utterance: Utterance) -> Path:
    with atomic_file(path) as temporary, av.open(str(temporary), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "s16"
        frame = av.AudioFrame.from_ndarray(utterance.audio[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path
