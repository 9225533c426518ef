"""What a clip is good for, found out before anything is learned from it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.activity import speech_activity
from sdk.arguments import whole
from sdk.data import MOTION_RATE, Audio, FloatArray, Image, Motion
from sdk.device import resolve_device
from sdk.errors import MediaTrackMissing
from sdk.generation import generate
from sdk.geometry import canonical_face, mouth_opening
from sdk.interfaces import LandmarkDetector, MotionGenerator
from sdk.media import AudioInput, MediaInput, VideoReader, open_audio
from sdk.metrics import Correlation, blinks, correlate_mouths, loudness
from sdk.packs import styled
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve
from sdk.tracking import FaceSelector, FaceTrack, Pick, Shot, frame_quality, load_clip, pick, templates

__all__ = ["Inspection", "inspect"]

MAX_OFFSET_SECONDS: Final = 0.3
"""The largest offset between lips and sound that is looked for."""

MIN_SPEECH_SHARE: Final = 0.4
"""Sounds with less speech get a warning."""

PICTURE_REACH: Final = 0.75
"""How far the picture of a picked frame extends from the face's middle, in face widths."""

MAX_PICTURE_PIXELS: Final = 320
"""The largest side of such a picture."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Inspection:
    """What a clip and its sound are like.

    Attributes:
        duration: Seconds.
        usable: Seconds in which the face is visible enough to learn from.
        face_width: The median width of the face in pixels.
        yaw: Its median rotation in degrees; positive towards the picture's right.
        sharpness: Its median sharpness; 12 and more are good.
        quality: The mean quality of its frames, from 0 to 1: visible, frontal, and sharp.
        frame_rate: How often the picture changes, times a second; the file's own rate may be higher.
        turned: Degrees clockwise by which the clip was turned for the face to be upright.
        shots: The stretches between cuts, in seconds, and whom each shows; one where the clip is not cut.
        blinks: Blinks a minute.
        speech: The share of the time in which something is heard; None without sound.
        offset: Seconds by which the lips come after the sound (negative: before it); None without sound, or if they
            could not be matched.
        offset_r: The correlation of the base's mouth opening with the person's at that offset; None without sound.
        offset_null: Its 95th percentile for unrelated timing.
        picks: The frames most like the key motions, which can serve as reference images.
        images: Their pictures, uint8 ``[H, W, 3]`` each, cropped to the face.
        warnings: What may spoil a style.
        opening: The mouth's opening at 60 Hz, in outer-eye distances; NaN where the face is not visible.
        level: The sound's level at 60 Hz, in dBFS; None without sound.
    """

    duration: float
    usable: float
    face_width: float
    yaw: float
    sharpness: float
    quality: float
    frame_rate: float
    turned: int
    shots: tuple[Shot, ...]
    blinks: float
    speech: float | None
    offset: float | None
    offset_r: float | None
    offset_null: float | None
    picks: tuple[Pick, ...]
    images: tuple[Image, ...] = field(repr=False)
    warnings: tuple[str, ...]
    opening: FloatArray = field(repr=False)
    level: FloatArray | None = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The figures, for files, without pictures and trajectories."""
        apart = ("shots", "picks", "images", "warnings", "opening", "level")
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in apart}
        digits = {"time": 3, "similarity": 4, "quality": 4}
        return {
            **{name: None if value is None else round(value, 4) for name, value in values.items()},
            "shots": [asdict(s) | {"start": round(s.start, 3), "end": round(s.end, 3)} for s in self.shots],
            "picks": [asdict(p) | {name: round(getattr(p, name), n) for name, n in digits.items()} for p in self.picks],
            "warnings": list(self.warnings),
        }

    def picture(self, path: str | os.PathLike[str]) -> Path:
        """Draw the picks above the mouth's opening and the sound's level over time.

        Raises:
            ComponentUnavailable: matplotlib is not installed.
            OutputError: It cannot be written there.
        """
        from sdk.plots import overview

        return overview(
            path,
            frames=[
                (f"{p.template}  {p.time:.2f} s  {p.similarity:.2f}", p.time, image)
                for p, image in zip(self.picks, self.images, strict=True)
            ],
            opening=self.opening,
            level=self.level,
            title=f"{self.usable:.1f} of {self.duration:.1f} s can be used; quality {self.quality:.2f}",
        )


def inspect(
    clip: MediaInput,
    /,
    *,
    audio: AudioInput | None = None,
    face: FaceSelector = None,
    each: int = 3,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    generator: str | MotionGenerator = defaults.GENERATOR,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Inspection:
    """Look at a clip as a fit would, without a fit.

    Args:
        clip: A video.
        audio: Its sound; its own track by default. Without either, the sound's figures are None.
        face: Which face, where there are several: ``"largest"``, an index, or a box in pixels.
        each: Frames picked for each key motion.
        detector: A landmark detector, or its name.
        generator: A motion generator, or its name, to estimate the offset between lips and sound with.
        device: ``"auto"``, or any name that torch knows.
        on_progress: Called between steps.
        cancel: Stops the work between steps.

    Raises:
        MediaError: A file cannot be read.
        FaceError: No face, several, a small one, or one turned away.
        FrameRateTooLow: The picture changes under ten times a second.
        ReferenceTooShort: The face is seen for less than 2 s.
        PluginError: A component cannot be loaded.
        Cancelled: ``cancel`` was called.
    """
    report, each = Reporter(on_progress, cancel), whole(each, "each", low=1)
    track = load_clip(clip, detector=resolve("landmark-detector", detector), face=face, report=report)
    motion = track.motion()
    opening = mouth_opening(canonical_face() + motion.expression)
    warnings = list(track.warnings)
    speech = level = None
    match: Correlation | None = None
    sound, notes = _sound(clip if audio is None else audio, needed=audio is not None)
    warnings += notes
    if sound is not None:
        report("listen")
        speech, level = float(speech_activity(sound).mean()), loudness(sound)
        warnings += _about_sound(speech, float(sound.duration), float(track.duration))
        if speech > 0:
            match = _match(sound, motion, track.valid, generator, resolve_device(device))
            if not match.beats_chance:
                warnings.append(
                    f"lips and sound could not be matched (r {match.r:.2f}, chance {match.null:.2f}); is this the "
                    "sound of this clip?"
                )
    quality = frame_quality(track)
    picks = pick(motion.expression, quality, each=each)
    missing = [name for name in templates() if name not in {one.template for one in picks}]
    if missing:
        warnings.append(f"no frame shows the key motion {', '.join(missing)}; a longer or livelier clip would")
    report("pick")
    usable = float(track.valid.sum() / MOTION_RATE)
    return Inspection(
        duration=float(track.duration),
        usable=usable,
        face_width=track.width,
        yaw=track.yaw,
        sharpness=track.sharpness,
        quality=float(quality.mean()),
        frame_rate=track.rate,
        turned=-90 * track.turns % 360,
        shots=track.shots,
        blinks=60 * len(blinks(motion)) / usable,
        speech=speech,
        offset=-match.lag if match is not None and match.beats_chance else None,
        offset_r=None if match is None else match.r,
        offset_null=None if match is None else match.null,
        picks=picks,
        images=_pictures(clip, track, picks),
        warnings=tuple(warnings),
        opening=np.where(track.valid, opening, np.nan).astype(np.float32),
        level=level,
    )


def _sound(source: AudioInput, *, needed: bool) -> tuple[Audio | None, list[str]]:
    """Read a sound, with its warnings; None where a clip has none."""
    try:
        reader = open_audio(source)
    except MediaTrackMissing:
        if needed:
            raise
        return None, [
            "the clip has no sound; give it with audio=, or learn from its frames with images= and any speech"
        ]
    return reader.read(), list(reader.warnings)


def _about_sound(speech: float, heard: float, seen: float) -> list[str]:
    found = []
    if speech == 0:
        found.append("nothing is heard in the sound, so nothing can be learned of how the lips follow it")
    elif speech < MIN_SPEECH_SHARE:
        found.append(f"something is heard in only {100 * speech:.0f} % of the sound; pauses teach little")
    if abs(heard - seen) > 1:
        found.append(f"the clip lasts {seen:.1f} s and its sound {heard:.1f} s; only what both have is used")
    return found


def _match(
    sound: Audio, motion: Motion, valid: NDArray[np.bool_], generator: str | MotionGenerator, device: torch.device
) -> Correlation:
    """Correlate the base's mouth with the person's."""
    base = styled(resolve("motion-generator", generator), device=device)
    encoder = resolve("audio-encoder", base.encoder)
    if encoder.sample_rate != sound.rate:
        sound = open_audio(sound, rate=encoder.sample_rate).read()
    generated = generate(base, encoder.encode(sound), device=device)
    both = slice(min(len(generated), len(motion)))
    return correlate_mouths(generated[both], motion[both], valid=valid[both], within=MAX_OFFSET_SECONDS)


def _pictures(clip: MediaInput, track: FaceTrack, picks: Sequence[Pick]) -> tuple[Image, ...]:
    """The picked frames, cropped to the face; read again, because a clip's frames are not kept."""
    found: dict[int, Image] = {}
    waiting = sorted(picks, key=lambda one: one.time)
    before: Image | None = None
    for frame in VideoReader(clip):
        # A picture is shown until the next one.
        while waiting and before is not None and frame.time > waiting[0].time + 1e-6:
            found[waiting[0].frame] = _crop(before, track, waiting[0])
            waiting.pop(0)
        if not waiting:
            break
        before = frame.image
    for one in waiting:
        assert before is not None  # the clip has been read once, and had pictures
        found[one.frame] = _crop(before, track, one)
    return tuple(found[one.frame] for one in picks)


def _crop(image: Image, track: FaceTrack, picked: Pick) -> Image:
    from PIL import Image as Pillow

    image, points = np.rot90(image, track.turns), track.points[picked.frame]
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    middle, reach = (low + high) / 2, PICTURE_REACH * float((high - low).max())
    left, top = np.maximum(middle - reach, 0).astype(int)
    right, bottom = np.minimum(middle + reach, image.shape[1::-1]).astype(int)
    part = Pillow.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
    part.thumbnail((MAX_PICTURE_PIXELS, MAX_PICTURE_PIXELS))
    return np.asarray(part)
