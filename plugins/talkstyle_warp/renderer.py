"""The warp renderer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch

from sdk.data import FloatArray, Image, Motion, Portrait
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.geometry import lip_closing, rotation_matrix
from sdk.warnings import warn
from talkstyle_warp.background import MAX_ERROR, Background, find_background
from talkstyle_warp.compositing import Window, to_tensor
from talkstyle_warp.curves import Doubles
from talkstyle_warp.fitted_face import FittedFace, fit_face
from talkstyle_warp.folding import unfolded
from talkstyle_warp.forward import DrivingMotion, ForwardField
from talkstyle_warp.inversion import invert
from talkstyle_warp.patches import EyePatch, MouthPatch
from talkstyle_warp.resamplers import Resampler, resampler_for
from talkstyle_warp.retarget import Retargeter
from talkstyle_warp.rig import FaceRig

Rest = Literal["closed", "portrait"]
BackgroundMode = Literal["auto", "still", "moving"]

NODES: Final = 40  # nodes of the field in a face width
# Pixels of the mouth over all frames of a chunk, which bounds the memory of a large portrait.
MAX_PIXELS: Final = 1 << 20


@dataclass(frozen=True, eq=False)
class PreparedPortrait:
    """What is computed once per portrait."""

    picture: Image
    rig: FaceRig
    retargeter: Retargeter
    at_rest: Doubles
    field: ForwardField
    background: Background | None
    resampler: Resampler
    mouth: MouthPatch
    eyes: tuple[EyePatch, ...]


class WarpRenderer:
    """Moves a portrait by warping it: a 2.5D forward field with seams at the mouth and the eyes.

    Args:
        device: Where to render; see ``sdk.device.resolve_device``.
        rest: ``"closed"`` brings parted lips together at rest; ``"portrait"`` leaves them as they are in the picture.
        background: ``"still"`` keeps a plain background still while the head moves; ``"moving"`` lets it move with the
            head near it; ``"auto"`` keeps it still if that leaves no halo.
        cubic: Resample bicubically: sharper, and on a CPU two to three times as slow.
        chunk: Frames that are processed at once; memory grows with it.

    Raises:
        ConfigError: An option is invalid.
        DeviceError: The device is not available.
    """

    name = "warp"
    shows_teeth = True

    def __init__(
        self,
        device: str | torch.device = "auto",
        *,
        rest: Rest = "closed",
        background: BackgroundMode = "auto",
        cubic: bool = False,
        chunk: int = 8,
    ) -> None:
        if rest not in ("closed", "portrait"):
            raise ConfigError(f"rest={rest!r} is unknown", where="WarpRenderer", hint='Use "closed" or "portrait".')
        if background not in ("auto", "still", "moving"):
            hint = 'Use "auto", "still" or "moving".'
            raise ConfigError(f"background={background!r} is unknown", where="WarpRenderer", hint=hint)
        if chunk < 1:
            raise ConfigError(f"chunk={chunk} is not a number of frames", where="WarpRenderer", hint="Use 1 or more.")
        self.device = resolve_device(device)
        self.rest: Rest = rest
        self.background: BackgroundMode = background
        self.cubic = cubic
        self.chunk = chunk

    def prepare(self, portrait: Portrait) -> PreparedPortrait:
        """Measure the face, build its fields and paint its mouth.

        Raises:
            FaceUnreliable: The landmarks make no face, or the mouth in ``portrait.teeth`` is closed.
        """
        face = fit_face(portrait.landmarks)
        # Along y alone: the depth is the template's.
        at_rest = lip_closing(face.shape) * (0, float(face.parted and self.rest == "closed"), 0)
        rig = FaceRig(face, portrait.pixels)
        picture = portrait.pixels
        if portrait.alpha is not None:
            picture = np.concatenate([picture, portrait.alpha[..., None]], axis=-1)
        outline, step = _reach(face), max(1, round(face.width / NODES))
        window = Window.around(outline.min(0), outline.max(0), step=step, size=picture.shape)
        rows, columns = window.within(picture.shape)
        first, last = np.array([columns.start, rows.start]), np.array([columns.stop, rows.stop]) - 1

        def field(part: Window, matrices: list[Doubles]) -> ForwardField:
            nodes = part.nodes()
            # Nothing moves within a node of the border, so that the pixels at the border are unchanged.
            distance = np.minimum(nodes - first, last - nodes).min(axis=1) - step
            return ForwardField.of(part, matrices, rig, distance, self.device)

        background = self._find_background(portrait, face, (rows, columns))
        return PreparedPortrait(
            picture=picture,
            rig=rig,
            retargeter=Retargeter.of(face.shape + at_rest, face_width=face.width / face.unit),
            at_rest=at_rest,
            field=field(window, [rig.skin(window.nodes())[2]]),
            background=background,
            resampler=resampler_for(picture, window, self.device, cubic=self.cubic, background=background),
            mouth=MouthPatch.of(portrait, picture, rig, field, keep_open=self.rest == "portrait", device=self.device),
            eyes=tuple(EyePatch.of(picture, rig, eye, field, device=self.device) for eye in (0, 1)),
        )

    def _find_background(self, portrait: Portrait, face: FittedFace, part: tuple[slice, slice]) -> Background | None:
        """The background that stays; None if it moves with the head, or if the portrait has alpha instead."""
        if self.background == "moving" or portrait.alpha is not None:
            return None
        found = find_background(portrait.pixels, face, part)
        if found is None and self.background == "still":
            warn("the background is not plain enough to be told from the head, and moves with it")
        if found is not None and self.background == "auto" and found.error > MAX_ERROR:
            return None
        return found

    def region(self, prepared: PreparedPortrait) -> tuple[int, int, int, int]:
        """The part of the picture in which anything can move, ``(left, top, right, bottom)`` in pixels."""
        rows, columns = prepared.field.window.within(prepared.picture.shape)
        return columns.start, rows.start, columns.stop, rows.stop

    def drive(self, prepared: PreparedPortrait, motion: Motion) -> DrivingMotion:
        """Retarget motion to a portrait, as its fields take it; an expression is held back where it would fold them."""
        return self._drive(prepared, motion)[0]

    def _drive(self, prepared: PreparedPortrait, motion: Motion) -> tuple[DrivingMotion, torch.Tensor]:
        """The same, and the skin's displacements under it."""
        retargeter = prepared.retargeter
        expression = retargeter.expression(motion.expression) + prepared.at_rest
        closure, pose = retargeter.closure(motion.expression), retargeter.pose(motion.pose)
        inputs = prepared.rig.inputs(expression, closure)
        turn = rotation_matrix(pose[:, :3]) - np.eye(3)
        # Exactly zero while the head is at rest, so that a still head leaves every pixel as it was.
        turn[~pose[:, :3].any(axis=1)] = 0.0
        chin = turn @ prepared.rig.face.shape[8] + pose[:, 3:]
        parts = (inputs, turn, pose[:, 3:], chin, closure)
        driving = DrivingMotion(*(to_tensor(part, self.device) for part in parts))
        return unfolded(prepared.field, prepared.mouth.field, driving, to_tensor(prepared.at_rest, self.device))

    def landmarks(self, prepared: PreparedPortrait, motion: Motion) -> FloatArray:
        """Where the landmarks should be in the frames, float32 ``[T, 68, 3]``, pixels."""
        face, retargeter = prepared.rig.face, prepared.retargeter
        with torch.inference_mode():
            moved = face.shape + self.drive(prepared, motion).inputs[:, :68].cpu().numpy().astype(np.float64)
        moved += prepared.rig.lid_landmarks(retargeter.closure(motion.expression))
        pose = retargeter.pose(motion.pose)
        posed = moved @ rotation_matrix(pose[:, :3]).transpose(0, 2, 1) + pose[:, None, 3:]
        return np.stack([face.to_pixels(frame) for frame in posed]).astype(np.float32)

    def render(self, prepared: PreparedPortrait, motions: Iterable[Motion]) -> Iterator[Image]:
        """Render motion that arrives piece by piece, a few frames at a time.

        Yields:
            uint8 ``[H, W, 3]`` or ``[H, W, 4]``, each an array of its own.
        """
        window = prepared.mouth.inner
        chunk = int(np.clip(MAX_PIXELS // (window.width * window.height), 1, self.chunk))
        for motion in motions:
            for first in range(0, len(motion), chunk):
                with torch.inference_mode(), _one_thread(self.device):
                    frames = self._frames(prepared, motion[first : first + chunk])
                yield from frames

    def _frames(self, prepared: PreparedPortrait, motion: Motion) -> list[Image]:
        (driving, field), window = self._drive(prepared, motion), prepared.field.window
        sources = invert(field, prepared.field.targets.expand(len(motion), -1, -1, -1))
        # While the lids are still, the field alone renders the eyes.
        lids = [np.flatnonzero(closure).tolist() for closure in prepared.retargeter.closure(motion.expression).T]
        shown = ((prepared.mouth, [*range(len(motion))]), *zip(prepared.eyes, lids, strict=True))
        overlays = [(patch, patch.overlays(driving, part, cubic=self.cubic)) for patch, part in shown]
        frames = []
        for k in range(len(motion)):
            out = prepared.picture.copy()
            with prepared.resampler.warped(sources[k], out) as picture:
                for patch, layers in overlays:
                    if k in layers:
                        patch.lay(*layers[k], picture, window)
            frames.append(out)
        return frames


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """Use one thread on the CPU: the arrays are small, and the video encoder needs the other cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if device.type == "cpu" else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _reach(face: FittedFace) -> Doubles:
    """Places around everything that moves, ``[N, 2]`` pixels: the head with its hair, neck and shoulders."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = face.centre + 2.1 * face.radii * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    shoulders = face.centre + face.radii * np.array([(-2.6, 2.9), (2.6, 2.9)])
    flat = np.concatenate([ring, shoulders])
    depth = np.full((len(flat), 1), float(face.shape[:17, 2].mean()))
    return face.to_pixels(np.concatenate([flat, depth], axis=1))[:, :2]
