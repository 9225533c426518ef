"""The warp renderer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch

from sdk.data import FloatArray, Motion, Portrait
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.geometry import lip_closing, lip_gap, rotation_matrix
from sdk.warnings import warn
from talkstyle_warp.arrays import Bytes, Doubles
from talkstyle_warp.background import MAX_ERROR, Background, find_background
from talkstyle_warp.compositing import Window, to_tensor
from talkstyle_warp.fitted_face import FittedFace, fit_face
from talkstyle_warp.forward import DrivingMotion, ForwardField
from talkstyle_warp.inversion import invert
from talkstyle_warp.patches import EyePatch, MouthPatch
from talkstyle_warp.resamplers import Resampler, resampler_for
from talkstyle_warp.retarget import PARTED, Retargeter
from talkstyle_warp.rig import FaceRig

Rest = Literal["closed", "portrait"]
BackgroundMode = Literal["auto", "still", "moving"]

NODES: Final = 40  # nodes of the field in a face width
# Pixels of the mouth over all frames of a chunk, which bounds the memory of a large portrait.
MAX_PIXELS: Final = 1 << 20


@dataclass(frozen=True, eq=False)
class PreparedPortrait:
    """Everything that is computed once per portrait."""

    picture: Bytes
    face: FittedFace
    rig: FaceRig
    retargeter: Retargeter
    at_rest: Doubles
    window: Window
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
            raise ConfigError(f"chunk={chunk} is no number of frames", where="WarpRenderer", hint="Use 1 or more.")
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
        parted = lip_gap(face.shape) > PARTED
        # Along y alone: the depth is the template's.
        at_rest = lip_closing(face.shape) * (0, float(parted and self.rest == "closed"), 0)
        rig = FaceRig(face, lips_closed=not parted, pixels=portrait.pixels)
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
        keep_open = self.rest == "portrait"
        return PreparedPortrait(
            picture=picture,
            face=face,
            rig=rig,
            retargeter=Retargeter.of(face.shape + at_rest, face_width=face.width / face.unit),
            at_rest=at_rest,
            window=window,
            field=field(window, [rig.skin(window.nodes())[2]]),
            background=background,
            resampler=resampler_for(picture, window, self.device, cubic=self.cubic, background=background),
            mouth=MouthPatch.of(portrait, picture, rig, field, keep_open=keep_open, device=self.device),
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

    def drive(self, prepared: PreparedPortrait, motion: Motion) -> DrivingMotion:
        """Retarget motion to a portrait, as its fields take it."""
        retargeter = prepared.retargeter
        expression = retargeter.expression(motion.expression) + prepared.at_rest
        closure = retargeter.closure(motion.expression)
        inputs = prepared.rig.inputs(expression, closure)
        pose = retargeter.pose(motion.pose)
        turn = rotation_matrix(pose[:, :3]) - np.eye(3)
        # Exactly zero while the head is at rest, so that a still head leaves every pixel as it was.
        turn[~pose[:, :3].any(axis=1)] = 0.0
        travel = pose[:, 3:]
        chin = turn @ prepared.face.shape[8] + travel
        return DrivingMotion(*(to_tensor(part, self.device) for part in (inputs, turn, travel, chin, closure)))

    def landmarks(self, prepared: PreparedPortrait, motion: Motion) -> FloatArray:
        """Where the landmarks should be in the frames, float32 ``[T, 68, 3]``, pixels."""
        face, retargeter = prepared.face, prepared.retargeter
        moved = face.shape + prepared.at_rest + retargeter.expression(motion.expression)
        closure = retargeter.closure(motion.expression)
        moved += prepared.rig.lid_landmarks(closure)
        pose = retargeter.pose(motion.pose)
        posed = moved @ rotation_matrix(pose[:, :3]).transpose(0, 2, 1) + pose[:, None, 3:]
        return np.stack([face.to_pixels(frame) for frame in posed]).astype(np.float32)

    def render(self, prepared: PreparedPortrait, motions: Iterable[Motion]) -> Iterator[Bytes]:
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

    def _frames(self, prepared: PreparedPortrait, motion: Motion) -> list[Bytes]:
        driving, window = self.drive(prepared, motion), prepared.window
        field = prepared.field.displacements(driving)[:, 0]
        sources = invert(field, prepared.field.targets.expand(len(motion), -1, -1, -1))
        everything = list(range(len(motion)))
        # While the lids are still, the field alone renders the eyes.
        lids = np.flatnonzero(prepared.retargeter.closure(motion.expression)).tolist()
        overlays = [
            (patch, patch.overlays(driving, shown, cubic=self.cubic))
            for patch, shown in ((prepared.mouth, everything), *((eye, lids) for eye in prepared.eyes))
        ]
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
    if device.type != "cpu" or before == 1:
        yield
        return
    torch.set_num_threads(1)
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
