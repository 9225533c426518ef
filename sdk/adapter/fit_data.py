"""From what a caller gives to what a fit works on: features, motion, and one clock for both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sdk.activity import speech_activity
from sdk.adapter.config import FitConfig
from sdk.adapter.split import Spans, split
from sdk.data import MOTION_RATE, Audio, FloatArray, Motion
from sdk.errors import AudioSilent, ConfigError, MediaTrackMissing, ReferenceTooShort
from sdk.face import neutral_face, normalise, stills_neutral
from sdk.geometry import canonical_face, mouth_opening
from sdk.interfaces import AudioEncoder, LandmarkDetector
from sdk.media import AudioInput, ImageInput, MediaInput, read_audio
from sdk.metrics import correlate
from sdk.packs.config import Provenance
from sdk.progress import Reporter
from sdk.tracking import FaceSelector, load_clip, load_stills

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FitData", "paired_data", "unpaired_data"]

FEW = 120
"""Frames under which too few have closed lips for their median to be the face at rest."""


@dataclass(frozen=True, eq=False)
class FitData:
    """What a fit works on.

    Attributes:
        features: Of the sound, float32 ``[T, D]``.
        motion: Of the reference: T frames on the sound's clock where paired, else any number.
        seen: Which frames of ``motion`` were seen, bool.
        neutral: The person's own neutral face ``[68, 3]``.
        paired: Whether the sound is what the person in the frames is saying.
        ordered: Whether frames follow each other in time.
        sound: ``features``, cut.
        frames: ``motion``, cut.
        offset: Seconds by which the lips came after the sound (negative: before it), already taken out.
        references: What the pack records of it.
        warnings: What the caller should know.
    """

    features: FloatArray
    motion: Motion
    seen: NDArray[np.bool_]
    neutral: FloatArray
    paired: bool
    ordered: bool
    sound: Spans
    frames: Spans
    offset: float
    references: tuple[Provenance, ...]
    warnings: tuple[str, ...]

    def digest(self) -> str:
        """The sha256 (hex) of everything that a fit depends on here."""
        digest = hashlib.sha256(repr((self.paired, self.ordered, self.sound, self.frames)).encode())
        for array in (self.features, self.motion.expression, self.motion.pose, self.seen):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _sound(source: AudioInput, encoder: AudioEncoder, report: Reporter) -> tuple[Audio, FloatArray]:
    """Read and encode a sound, refusing one in which nothing is heard."""
    report("listen")
    audio = read_audio(source, rate=encoder.sample_rate)
    if not speech_activity(audio).any():
        raise AudioSilent(
            "nothing is heard in the reference's sound",
            where=f"the whole {float(audio.duration):.1f} s",
            hint="Give the sound that belongs to the clip with audio=.",
        )
    return audio, encoder.encode(audio)


def _record(kind: Literal["clip", "audio", "video", "images"], length: float, sha256: str) -> Provenance:
    return Provenance(kind=kind, length=round(length, 3), sha256=sha256)


def _audio_record(audio: Audio) -> Provenance:
    return _record("audio", float(audio.duration), hashlib.sha256(audio.samples.tobytes()).hexdigest())


def paired_data(
    clip: MediaInput,
    audio: AudioInput | None,
    *,
    encoder: AudioEncoder,
    detector: LandmarkDetector,
    base: Callable[[FloatArray], Motion],
    config: FitConfig,
    face: FaceSelector,
    report: Reporter,
) -> FitData:
    """Prepare a clip and the sound that is spoken in it.

    Args:
        clip: A video.
        audio: Its sound; its own track where left out.
        encoder: Turns the sound into features.
        detector: Finds the face.
        base: The unadapted generator, which estimates by how much lips and sound are apart.
        config: The shares to hold out, and the largest offset.
        face: Which face, where there are several.
        report: Progress.
    """
    try:
        sound, features = _sound(clip if audio is None else audio, encoder, report)
    except MediaTrackMissing as error:
        if audio is not None:
            raise
        raise MediaTrackMissing(
            "the clip has no sound, so nothing says what the person is saying",
            where=error.where,
            hint="Give its sound with audio=, or give the clip with images= and any sound with audio=.",
        ) from error
    track = load_clip(clip, detector=detector, face=face, smoothing=config.smoothing, report=report)
    warnings = list(track.warnings)
    count = min(len(features), len(track.points))
    if abs(len(features) - len(track.points)) > MOTION_RATE:
        warnings.append(
            f"the clip lasts {len(track.points) / 60:.1f} s and its sound {len(features) / 60:.1f} s; "
            f"only the first {count / 60:.1f} s of both are used"
        )
    points, seen, features = track.points[:count], track.valid[:count], features[:count]
    spans = split(count, held_out=config.held_out, chosen_on=config.chosen_on)
    known = _mask(count, spans.fit) & seen
    if known.sum() < MOTION_RATE:
        raise ReferenceTooShort(
            f"only {known.sum() / 60:.1f} s of the part to learn from show the face",
            hint="Give a longer clip in which the face stays visible.",
        )
    neutral = neutral_face(points[known])
    motion = normalise(points, neutral=neutral, known=known)
    offset, doubt = _offset(base(features), motion, seen, spans.fit, config.max_offset)
    warnings += doubt
    if offset > 0:
        features, motion, seen = features[offset:], motion[: count - offset], seen[: count - offset]
    elif offset < 0:
        features, motion, seen = features[:offset], motion[-offset:], seen[-offset:]
    spans = split(len(features), held_out=config.held_out, chosen_on=config.chosen_on)
    references = [_record("clip", float(track.duration), track.sha256)]
    if audio is not None:
        references.append(_audio_record(sound))
    return FitData(
        features=features,
        motion=motion,
        seen=seen,
        neutral=neutral,
        paired=True,
        ordered=True,
        sound=spans,
        frames=spans,
        offset=-offset / float(MOTION_RATE),
        references=tuple(references),
        warnings=tuple(warnings),
    )


def unpaired_data(
    images: Sequence[ImageInput] | MediaInput,
    audio: AudioInput,
    *,
    encoder: AudioEncoder,
    detector: LandmarkDetector,
    config: FitConfig,
    face: FaceSelector,
    report: Reporter,
) -> FitData:
    """Prepare reference pictures and a sound that has nothing to do with them.

    Args:
        images: Stills, or a video whose sound, if any, is left alone.
        audio: Any speech.
        encoder: Turns the sound into features.
        detector: Finds the face.
        config: The shares to hold out.
        face: Which face, where there are several.
        report: Progress.
    """
    sound, features = _sound(audio, encoder, report)
    if len(features) < 2 * MOTION_RATE:
        raise ReferenceTooShort(f"the sound lasts {len(features) / 60:.1f} s", hint="Give at least 2 s of speech.")
    if isinstance(images, Sequence) and not isinstance(images, str | bytes | bytearray):
        if not images:
            raise ConfigError("images= is empty", hint="Give at least one picture of the person.")
        stills = load_stills(images, detector=detector, face=face, report=report)
        points, seen, ordered = stills.points, np.ones(len(stills.points), dtype=bool), False
        record = _record("images", len(points), stills.sha256)
        warnings = list(stills.warnings)
    else:
        track = load_clip(images, detector=detector, face=face, smoothing=config.smoothing, report=report)
        points, seen, ordered = track.points, track.valid, True
        record = _record("video", float(track.duration), track.sha256)
        warnings = list(track.warnings)
    frames = split(len(points), held_out=config.held_out, chosen_on=config.chosen_on)
    if frames.report is None:
        warnings.append(f"{len(points)} stills are too few to hold any out: the style's gain is not measured")
    known = _mask(len(points), frames.fit) & seen
    neutral = stills_neutral(points[known]) if known.sum() < FEW else neutral_face(points[known])
    return FitData(
        features=features,
        motion=normalise(points, neutral=neutral, known=known),
        seen=seen,
        neutral=neutral,
        paired=False,
        ordered=ordered,
        sound=split(len(features), held_out=config.held_out, chosen_on=config.chosen_on),
        frames=frames,
        offset=0.0,
        references=(record, _audio_record(sound)),
        warnings=tuple(warnings),
    )


def _mask(count: int, span: slice) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    mask[span] = True
    return mask


def _offset(base: Motion, motion: Motion, seen: NDArray[np.bool_], span: slice, reach: float) -> tuple[int, list[str]]:
    """Estimate by how many frames the sound comes after the lips, from the frames to fit alone."""
    if reach == 0:
        return 0, []
    face = canonical_face()
    found = correlate(
        mouth_opening(face + base.expression[span]),
        mouth_opening(face + motion.expression[span]),
        valid=seen[span],
        within=reach,
    )
    if found.r <= found.null:
        return 0, [
            f"lips and sound could not be matched (r {found.r:.2f}, chance {found.null:.2f}), so no offset between "
            "them is corrected; is this the sound of this clip?"
        ]
    return round(found.lag * float(MOTION_RATE)), []
