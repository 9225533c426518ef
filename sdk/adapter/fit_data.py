"""From what a caller gives to what a fit works on: features and motion on one clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from sdk.activity import speech_activity
from sdk.adapter.config import FitConfig
from sdk.arguments import as_array
from sdk.data import MOTION_RATE, Audio, FloatArray, Motion
from sdk.errors import AudioSilent, ConfigError, InputError, MediaTrackMissing, NotFiniteError, ReferenceTooShort
from sdk.face import neutral_face, neutral_face_of_stills, normalise
from sdk.geometry import POINTS, canonical_face
from sdk.interfaces import AudioEncoder, LandmarkDetector
from sdk.media import AudioInput, ImageInput, MediaInput, read_audio
from sdk.media.forms import picture_list
from sdk.metrics import correlate_mouths
from sdk.packs import Provenance
from sdk.progress import Reporter
from sdk.tracking import FaceSelector, load_clip, load_stills

MIN_CLOSED_LIPS_FRAMES = 120
"""With fewer frames, too few have closed lips for their median to be the face at rest."""


PAUSE_SECONDS = 0.4
"""A shorter pause is a part of speech, in which lips are on their way; a longer one is silence."""

GUARD_SECONDS = 0.2
"""What is this near to hidden frames is not learned from: faces change little in so short a time."""

LAG_COST = 1.2
"""``lag_cost`` of the offset between lips and sound: most recordings are in step within a few frames."""

STILL_SECONDS = 1.0
"""Seconds of a clip that tell as much about how a person looks in talking as a still does."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Landmarks of a reference, in pixels.

    Attributes:
        points: float32 ``[T, 68, 3]``.
        spans: The frames of each shot.
        stills: Whether they are too few, or have no order, to see the face come to rest.
    """

    points: FloatArray
    spans: Sequence[slice]
    stills: bool = False

    def neutral(self, known: NDArray[np.bool_]) -> FloatArray:
        """The neutral face ``[68, 3]`` of the frames that are known."""
        enough = not self.stills or known.sum() >= MIN_CLOSED_LIPS_FRAMES
        return (neutral_face if enough else neutral_face_of_stills)(self.points[known])

    def part(self, frames: slice) -> Shown:
        """Some of the frames."""
        start, stop, _ = frames.indices(len(self.points))
        spans = []
        for span in self.spans:
            first, last, _ = span.indices(len(self.points))
            if max(first, start) < min(last, stop):
                spans.append(slice(max(first, start) - start, min(last, stop) - start))
        return Shown(self.points[frames], spans, self.stills)


@dataclass(frozen=True, eq=False, kw_only=True)
class FitData:
    """What a fit works on.

    Attributes:
        features: Of the sound, float32 ``[T, D]``.
        base: The unadapted generator's motion on them, T frames.
        motion: Of the reference: T frames on the sound's clock where paired, else any number.
        valid: Which frames of ``motion`` count, bool.
        hidden: Which frames of ``motion`` a fit must not know, bool: what it is measured on.
        neutral: The person's own neutral face ``[68, 3]``.
        spoken: Which frames of the sound are speech, short pauses included, bool ``[T]``.
        paired: Whether the sound is what the person in the frames is saying.
        ordered: Whether frames follow each other in time.
        offset: Seconds by which the lips came after the sound (negative: before it), already taken out.
        references: What the pack records of it.
        warnings: What the caller should know.
        shown: The landmarks that ``motion`` was made of; None where it was given as it is.
    """

    features: FloatArray
    base: Motion
    motion: Motion
    valid: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    neutral: FloatArray
    spoken: NDArray[np.bool_]
    paired: bool = True
    ordered: bool = True
    offset: float = 0.0
    references: tuple[Provenance, ...]
    warnings: tuple[str, ...] = ()
    shown: Shown | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which frames of ``motion`` a fit learns from, bool: none that is hidden, nor near one that is."""
        reach = round(GUARD_SECONDS * float(MOTION_RATE)) if self.ordered else 0
        near = np.lib.stride_tricks.sliding_window_view(np.pad(self.hidden, reach), 2 * reach + 1)
        return np.asarray(self.valid & ~near.any(axis=1))

    @property
    def seconds(self) -> float:
        """How much there is to learn from."""
        return int(self.known.sum()) * (1 / float(MOTION_RATE) if self.ordered else STILL_SECONDS)

    def hiding(self, hidden: NDArray[np.bool_]) -> FitData:
        """The same reference for a fit that does not know some of its frames; nor do the neutral face and the rest.

        Raises:
            ReferenceTooShort: Too little is left.
        """
        changed = replace(self, hidden=hidden)
        if self.ordered:
            _check_length(changed.known)
        if self.shown is None:
            return changed
        neutral = self.shown.neutral(changed.known)
        motion = normalise(self.shown.points, neutral=neutral, valid=changed.known, spans=self.shown.spans)
        return replace(changed, neutral=neutral, motion=motion)

    def part(self, frames: slice) -> FitData:
        """A part of a paired reference, as if there were no more of it."""
        shown = None if self.shown is None else self.shown.part(frames)
        cut = {name: getattr(self, name)[frames] for name in ("features", "base", "motion", "valid", "spoken")}
        return replace(self, **cut, shown=shown).hiding(np.zeros(len(cut["valid"]), dtype=bool))

    def digest(self) -> str:
        """The sha256 (hex) of everything in it that a fit depends on."""
        kind = np.frombuffer(repr((self.paired, self.ordered)).encode(), np.uint8)
        return _sha256(kind, self.features, self.motion.expression, self.motion.pose, self.known, self.spoken)


@dataclass(frozen=True, eq=False)
class ReferenceReader:
    """Reads references into the data of a fit.

    Attributes:
        encoder: Turns sound into features.
        base: The unadapted generator.
        config: The largest offset, and the smoothing of landmarks.
        report: Progress.
    """

    encoder: AudioEncoder
    base: Callable[[FloatArray], Motion]
    config: FitConfig
    report: Reporter

    def paired(
        self,
        clip: MediaInput,
        audio: AudioInput | None,
        *,
        detector: LandmarkDetector,
        face: FaceSelector,
        hidden_share: float = 0.0,
    ) -> FitData:
        """Prepare a clip and the sound that is spoken in it: ``audio``, or the clip's own track.

        ``hidden_share`` of the clip, at its end, is hidden from everything, the estimate of the offset too.
        """
        try:
            sound, features, spoken = self._encoded(clip if audio is None else audio)
        except MediaTrackMissing as error:
            if audio is not None:
                raise
            raise MediaTrackMissing(
                "the clip has no sound, so nothing says what the person is saying",
                where=error.where,
                hint="Give its sound with audio=, or give the clip with images= and any sound with audio=.",
            ) from error
        track = load_clip(clip, detector=detector, face=face, smoothing=self.config.smoothing, report=self.report)
        count, warnings = _common_length(features, track.points, "clip")
        points, valid, features = track.points[:count], track.valid[:count], features[:count]
        hidden = np.arange(count) >= count - round(count * hidden_share)
        known = valid & ~hidden
        _check_length(known)
        shown = Shown(points, track.spans)
        motion = normalise(points, neutral=shown.neutral(known), valid=known, spans=track.spans)
        base = self.base(features)
        offset, doubts = _offset(base, motion, known, self.config.max_offset)
        heard, seen = slice(max(offset, 0), count + min(offset, 0)), slice(max(-offset, 0), count - max(offset, 0))
        references = [_provenance("clip", float(track.duration), track.sha256)]
        if audio is not None:
            references.append(_audio_provenance(sound))
        features = features[heard]
        whole = FitData(
            features=features,
            base=self.base(features) if offset else base,  # on what the style hears, or the two cannot be compared
            motion=motion[seen],
            valid=valid[seen],
            hidden=hidden[seen],
            spoken=spoken[:count][heard],
            neutral=canonical_face(),
            offset=-offset / float(MOTION_RATE),
            references=tuple(references),
            warnings=(*track.warnings, *warnings, *doubts),
            shown=shown.part(seen),
        )
        return whole.hiding(hidden[seen])

    def motion(
        self, audio: Audio, motion: Motion, *, valid: NDArray[np.bool_] | None, neutral: FloatArray | None
    ) -> FitData:
        """Prepare a sound and the motion that belongs to it, in the face frame and on the sound's clock."""
        if motion.rate != MOTION_RATE:
            raise InputError(
                f"motion at {float(motion.rate):g} Hz cannot be learned from",
                where="motion",
                hint=f"Give it at {MOTION_RATE} Hz.",
            )
        valid = None if valid is None else as_array(valid, "valid")
        neutral = None if neutral is None else _face(neutral)
        if valid is not None and valid.shape != (len(motion),):
            raise InputError(f"valid has shape {list(valid.shape)} for {len(motion)} frames of motion", where="valid")
        _, features, spoken = self._encoded(audio)
        count, warnings = _common_length(features, motion.pose, "motion")
        features = features[:count]
        counted = np.ones(count, dtype=bool) if valid is None else np.asarray(valid, dtype=bool)[:count]
        _check_length(counted)
        sha256 = _sha256(audio.samples, motion.expression, motion.pose, *(() if valid is None else (counted,)))
        return FitData(
            features=features,
            base=self.base(features),
            motion=motion[:count],
            valid=counted,
            hidden=np.zeros(count, dtype=bool),
            spoken=spoken[:count],
            neutral=canonical_face() if neutral is None else neutral,
            references=(_provenance("clip", float(audio.duration), sha256),),
            warnings=tuple(warnings),
        )

    def unpaired(
        self,
        images: Sequence[ImageInput] | MediaInput,
        audio: AudioInput,
        *,
        detector: LandmarkDetector,
        face: FaceSelector,
    ) -> FitData:
        """Prepare reference pictures, or a video whose own sound is ignored, and any speech."""
        pictures = picture_list(images)
        if pictures == []:
            raise ConfigError("images= is empty", hint="Give at least one picture of the person.")
        sound, features, spoken = self._encoded(audio)
        if len(features) < 2 * MOTION_RATE:
            raise ReferenceTooShort(f"the sound lasts {len(features) / 60:.1f} s", hint="Give at least 2 s of speech.")
        if pictures is not None:
            stills = load_stills(pictures, detector=detector, face=face, report=self.report)
            points, valid, ordered = stills.points, np.ones(len(stills.points), dtype=bool), False
            spans: Sequence[slice] = (slice(None),)
            record, warnings = _provenance("images", len(points), stills.sha256), stills.warnings
        else:
            smoothing = self.config.smoothing
            track = load_clip(
                cast("MediaInput", images), detector=detector, face=face, smoothing=smoothing, report=self.report
            )
            points, valid, ordered, spans = track.points, track.valid, True, track.spans
            record, warnings = _provenance("video", float(track.duration), track.sha256), track.warnings
        shown = Shown(points, spans, stills=True)
        whole = FitData(
            features=features,
            base=self.base(features),
            motion=Motion.empty(),
            valid=valid,
            hidden=np.zeros(len(points), dtype=bool),
            spoken=spoken,
            neutral=canonical_face(),
            paired=False,
            ordered=ordered,
            references=(record, _audio_provenance(sound)),
            warnings=warnings,
            shown=shown,
        )
        return whole.hiding(whole.hidden)

    def _encoded(self, source: AudioInput) -> tuple[Audio, FloatArray, NDArray[np.bool_]]:
        """Read and encode a sound, refusing one in which nothing is heard; third, which frames are speech."""
        self.report("listen")
        audio = read_audio(source, rate=self.encoder.sample_rate)
        active = speech_activity(audio)
        if not active.any():
            raise AudioSilent(
                "nothing is heard in the reference's sound",
                where=f"the whole {float(audio.duration):.1f} s",
                hint="Give the sound that belongs to the clip with audio=.",
            )
        features = self.encoder.encode(audio)
        spoken = np.zeros(len(features), dtype=bool)
        spoken[: len(active)] = _without_short_pauses(active)[: len(features)]
        return audio, features, spoken


def _without_short_pauses(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Activity in which pauses shorter than ``PAUSE_SECONDS`` count as active, bool ``[T]``."""
    filled = active.copy()
    edges = np.flatnonzero(np.diff(active)) + 1
    for start, stop in pairwise(edges):
        if stop - start < PAUSE_SECONDS * float(MOTION_RATE):
            filled[start:stop] = True
    return filled


def _face(value: FloatArray) -> FloatArray:
    face = as_array(value, "neutral").astype(np.float32)
    if face.shape != (POINTS, 3):
        raise InputError(f"neutral has shape {list(face.shape)}, not [{POINTS}, 3]", where="neutral")
    if not np.isfinite(face).all():
        raise NotFiniteError("neutral holds what is not finite", where="neutral")
    return face


def _common_length(features: FloatArray, frames: FloatArray, what: str) -> tuple[int, list[str]]:
    """The frames that sound and motion share, with a warning where one is over a second longer."""
    count = min(len(features), len(frames))
    if abs(len(features) - len(frames)) <= MOTION_RATE:
        return count, []
    return count, [
        f"the {what} lasts {len(frames) / 60:.1f} s and its sound {len(features) / 60:.1f} s; "
        f"only the first {count / 60:.1f} s of both are used"
    ]


def _check_length(known: NDArray[np.bool_]) -> None:
    """Refuse a reference with less than a second to learn from."""
    if known.sum() < MOTION_RATE:
        raise ReferenceTooShort(
            f"only {known.sum() / 60:.1f} s of the part to learn from show the face",
            hint="Give a longer clip in which the face stays visible.",
        )


def _offset(base: Motion, motion: Motion, known: NDArray[np.bool_], max_offset: float) -> tuple[int, list[str]]:
    """Estimate, on the frames that are known, by how many frames the sound comes after the lips."""
    if max_offset == 0:
        return 0, []
    found = correlate_mouths(base, motion, valid=known, within=max_offset, lag_cost=LAG_COST)
    if not found.beats_chance:
        return 0, [
            f"lips and sound could not be matched (r {found.r:.2f}, chance {found.null:.2f}), so no offset between "
            "them is corrected; is this the sound of this clip?"
        ]
    return round(found.lag * float(MOTION_RATE)), []


def _sha256(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _provenance(kind: Literal["clip", "audio", "video", "images"], length: float, sha256: str) -> Provenance:
    return Provenance(kind=kind, length=round(length, 3), sha256=sha256)


def _audio_provenance(audio: Audio) -> Provenance:
    return _provenance("audio", float(audio.duration), _sha256(audio.samples))
