"""Previews of a style: a drawn face that speaks in it, and how far its mouth opens with and without it.

The face is drawn and the sentence synthesised, so that they are nobody's. Nothing but pixels is written.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from PIL import Image as Pillow

from sdk import defaults, plots
from sdk.animation import animate
from sdk.data import Image, Motion
from sdk.demo import load_assets
from sdk.drawing import drawn_face
from sdk.errors import OutputError
from sdk.interfaces import Renderer
from sdk.packs import StylePack
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import require_extra, resolve

__all__ = ["previews"]

SIZE: Final = 192
SECONDS: Final = 3.2
FPS: Final = 15
MAX_BYTES: Final = 300_000
QUALITIES: Final = (65, 55, 40, 25)
"""Of WebP, tried in this order until the animation is small enough."""


def previews(
    pack: StylePack,
    *,
    renderer: str | Renderer = defaults.RENDERER,
    device: str | torch.device = "auto",
    seed: int = 0,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, bytes]:
    """Make the previews of a style, for ``pack.save(folder, files=...)`` and ``pack.push(..., files=...)``.

    ``seed`` decides which face is drawn, when it blinks, and its idle motion.

    Returns:
        ``preview.webp``, 3 s of a drawn face, under 300 KB, and ``preview-opening.png``, the mouth's opening over time.

    Raises:
        ComponentUnavailable: The extra ``plots`` is not installed.
        StyleError: The style cannot be used with what is installed.
        OutputError: The animation cannot be made small enough.
    """
    require_extra("plots")
    report = Reporter(on_progress, cancel)
    sentence = load_assets(seconds=SECONDS).sentence
    shared: Any = {"fps": FPS, "seed": seed, "device": device, "cancel": cancel}
    shared |= {"renderer": resolve("renderer", renderer), "generator": pack.config.base.component}
    portrait = drawn_face(SIZE, seed=seed)
    plain, styled = (animate(portrait, sentence, style=style, **shared) for style in (None, pack))
    frames: list[Image] = []
    for frame in styled:
        frames.append(frame)
        report("preview", len(frames) / len(styled))
    return {"preview.webp": _webp(frames), "preview-opening.png": _opening(plain.motion, styled.motion)}


def _webp(frames: Sequence[Image]) -> bytes:
    """An animation that repeats, under the limit."""
    first, *rest = (Pillow.fromarray(np.ascontiguousarray(frame[..., :3])) for frame in frames)
    look: Any = {"save_all": True, "append_images": rest, "duration": round(1000 / FPS), "loop": 0, "method": 6}
    for quality in QUALITIES:
        file = io.BytesIO()
        first.save(file, "WEBP", quality=quality, **look)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise OutputError(f"the preview has {file.tell()} bytes, over {MAX_BYTES}", hint="Make it again without a preview.")


def _opening(plain: Motion, styled: Motion) -> bytes:
    drawn = plots.figure(8, 2.6)
    plots.openings(drawn.add_subplot(), plain=plain, styled=styled)
    file = io.BytesIO()
    # Otherwise matplotlib writes its name and version into the picture.
    drawn.savefig(file, format="png", metadata={"Software": None})
    with Pillow.open(file) as picture:
        small = picture.convert("RGB").quantize(64)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()
