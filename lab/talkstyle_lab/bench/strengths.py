"""What strengths do: how far heads turn, whether lips stay in order, whether the warp folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, Final

import numpy as np
import torch

from sdk.animation import Animator
from sdk.data import Floats, Motion, Portrait
from sdk.demo import load_assets
from sdk.drawing import drawn_face
from sdk.media import AudioInput, ImageInput
from sdk.packs import StylePack, shipped_styles
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_warp.forward import ForwardField
from talkstyle_warp.inversion import jacobian
from talkstyle_warp.renderer import WarpRenderer

STRENGTHS: Final = (-3.0, -1.0, 0.0, 1.0, 1.5, 2.0, 3.0, 10.0)
FPS: Final = 12
CHUNK: Final = 16  # frames at once
UPPER_LIP: Final = [61, 62, 63]
LOWER_LIP: Final = [67, 66, 65]


@dataclass(frozen=True, kw_only=True)
class StrengthRow:
    """The worst of all styles, sounds and portraits at one strength."""

    strength: float
    angle: float  # the largest of the head in the motion, degrees from its rest about any axis
    opening: float  # the largest distance between the inner lips in the motion, eye distances
    crossing: float  # by how much the inner lips pass each other in the motion, eye distances
    shown_crossing: float  # the same in the landmarks of the rendered frames
    determinant: float  # the smallest of the warp's map, in skin or mouth
    frames: int  # that were looked at
    warned: bool


def run_strengths(
    portraits: Sequence[ImageInput] = (),
    sounds: Sequence[AudioInput] = (),
    *,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[StrengthRow]:
    """Animate portraits (drawn ones by default) to sounds (the demonstration's) in each style that ships.

    Errors as for ``sdk.animate``.
    """
    report = Reporter(on_progress, cancel)
    renderer = WarpRenderer("cpu")
    animator = Animator(renderer=renderer, device="cpu")
    faces: list[Portrait] = [animator.load_portrait(source)[0] for source in portraits]
    faces = faces or [drawn_face(512, seed=seed) for seed in (1, 2, 3)]
    assets = load_assets()
    styles = [StylePack.load(folder) for folder in shipped_styles().values()]
    rows: list[StrengthRow] = []
    for strength in STRENGTHS:
        measured: list[tuple[float, ...]] = []
        frames, warned = 0, False
        for number, style in enumerate(styles):
            for sound in sounds or (assets.sentence, assets.speech):
                motions: Motion | None = None
                for face in faces:
                    animation = animator.animate(face, sound, style=style, strength=strength, fps=FPS)
                    warned = warned or any("exaggerates" in warning for warning in animation.warnings)
                    motions = motions or animation.motion
                    measured.append((*_of_motion(motions), *_of_warp(renderer, animation.prepared, motions)))
                    frames += len(motions)
                    report("strengths", (len(rows) + number / len(styles)) / len(STRENGTHS))
        angle, opening, crossing, shown, determinant = starmap(max, zip(*measured, strict=True))
        rows.append(
            StrengthRow(
                strength=strength,
                angle=angle,
                opening=opening,
                crossing=crossing,
                shown_crossing=shown,
                determinant=-determinant,
                frames=frames,
                warned=warned,
            )
        )
    return rows


def _of_motion(motion: Motion) -> tuple[float, float, float]:
    """The head's largest angle, the lips' largest opening, and how far they cross."""
    opening = motion.expression[:, LOWER_LIP, 1] - motion.expression[:, UPPER_LIP, 1]
    angle = np.degrees(np.linalg.norm(motion.pose[:, :3], axis=1).max())
    return float(angle), float(opening.max()), max(0.0, -float(opening.min()))


def _of_warp(renderer: WarpRenderer, prepared: Any, motion: Motion) -> tuple[float, float]:
    """How far the inner lips cross in the frames, and the smallest determinant, negated."""
    crossing, lowest = 0.0, np.inf
    for first in range(0, len(motion), CHUNK):
        piece = motion[first : first + CHUNK]
        points = renderer.landmarks(prepared, piece)
        crossing = max(crossing, _crossing(points))
        with torch.inference_mode():
            driving = renderer.drive(prepared, piece)
            fields: tuple[ForwardField, ...] = (prepared.field, prepared.mouth.field)
            for field in fields:
                table = jacobian(field.displacements(driving).flatten(0, 1))
                lowest = min(lowest, float((table[:, 0] * table[:, 3] - table[:, 1] * table[:, 2]).min()))
    return crossing, -lowest


def _crossing(points: Floats) -> float:
    """By how much the inner lips of landmarks ``[T, 68, 3]`` pass each other along the face, eye distances."""
    eyes, down = points[:, 45] - points[:, 36], points[:, 8] - points[:, 27]
    unit = np.linalg.norm(eyes, axis=1)
    down = down / np.linalg.norm(down, axis=1, keepdims=True)
    gap = ((points[:, LOWER_LIP] - points[:, UPPER_LIP]) * down[:, None]).sum(axis=2)
    return max(0.0, -float((gap / unit[:, None]).min()))
