"""Speech with phone timings, from flite (a program) and espeak-ng (a shared library, see ``espeak_worker``).

Both are found at run time; neither is a dependency. Each text runs in its own process, so this is thread-safe.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.errors import ComponentUnavailable, ConfigError
from talkstyle_lab.corpus.phones import PAUSE, PHONES, Segment, from_flite, from_ipa

WORKER: Final = Path(__file__).with_name("espeak_worker.py")

RATE: Final = 16000
"""Samples per second."""
FRAME_RATE: Final = 60
"""Frames of motion per second."""

FLITE_VOICES: Final = ("slt", "rms", "awb", "kal16")
ESPEAK_VARIANTS: Final = ("", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8")
ESPEAK_LANGUAGES: Final = {
    "en-us": "gmw/en-US", "en-gb": "gmw/en", "en-sc": "gmw/en-GB-scotland", "fr": "roa/fr", "de": "gmw/de",
    "es": "roa/es", "it": "roa/it", "pt": "roa/pt", "nl": "gmw/nl",
}  # fmt: skip
"""Language tag to the name of espeak-ng's voice."""


@dataclass(frozen=True, eq=False)
class Utterance:
    """Speech whose phones are known."""

    audio: NDArray[np.int16]  # int16 [N], 16 kHz
    phones: tuple[Segment, ...]  # labels of phones.PHONES, gapless from 0 to the end
    voice: str  # engine and voice, such as flite/slt
    language: str  # a language tag, such as en-us

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.audio) / RATE

    @property
    def frames(self) -> int:
        """Motion frames at 60 Hz: ``ceil(60 * duration)``, in integers."""
        return -(-len(self.audio) * FRAME_RATE // RATE)

    @property
    def times(self) -> NDArray[np.float64]:
        """The frames' times in seconds, ``[T]``."""
        return np.arange(self.frames) / FRAME_RATE


def flite(text: str, *, voice: str = "slt", stretch: float = 1.0, pitch: float | None = None) -> Utterance:
    """Speak English with flite.

    Args:
        text: The text.
        voice: One of ``FLITE_VOICES``.
        stretch: Durations relative to the voice's own.
        pitch: Mean pitch in Hz; None is the voice's own.

    Raises:
        ConfigError: The voice is unknown.
        ComponentUnavailable: flite is not installed, lacks the voice, or failed.
    """
    _known(voice, FLITE_VOICES, "voice")
    program = shutil.which("flite")
    if program is None:
        raise _unavailable("the program flite is not installed", "apt install flite")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        command = [program, "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
        command += [] if pitch is None else ["--setf", f"int_f0_target_mean={pitch:.1f}"]
        command += ["-psdur", "-t", text, "-o", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0 or not file.exists():
            what = f"flite failed: {done.stderr.strip() or done.returncode}"
            raise _unavailable(what, f"try: flite -voice {voice} -lv")
        with wave.open(str(file)) as sound:
            rate = sound.getframerate()
            audio = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)
    phones: list[Segment] = []
    start = 0.0
    for word in done.stdout.split():
        label, _, end = word.rpartition(":")
        phones += from_flite(label, start, float(end))
        start = float(end)
    return _utterance(audio, rate, phones, f"flite/{voice}", "en-us")


def espeak(
    text: str,
    *,
    language: str = "en-us",
    variant: str = "",
    rate: int = 170,
    pitch: int = 50,
    pitch_range: int = 50,
    gap: int = 0,
) -> Utterance:
    """Speak with espeak-ng.

    Args:
        text: The text.
        language: A key of ``ESPEAK_LANGUAGES``.
        variant: One of ``ESPEAK_VARIANTS``: the speaker.
        rate: Words per minute, 80 to 450.
        pitch: 0 to 99.
        pitch_range: 0 to 99, 0 is monotonous.
        gap: Pause between words in units of 10 ms.

    Raises:
        ConfigError: The language or variant is unknown.
        ComponentUnavailable: espeak-ng is not installed, or lacks the voice.
    """
    _known(language, ESPEAK_LANGUAGES, "language")
    _known(variant, ESPEAK_VARIANTS, "variant")
    name = ESPEAK_LANGUAGES[language] + (f"+{variant}" if variant else "")
    order = {"text": text, "voice": name, "settings": {"rate": rate, "pitch": pitch, "range": pitch_range, "gap": gap}}
    answer, data = _ask(order)
    sound, sampled, marks = np.frombuffer(data, dtype=np.int16), int(answer["rate"]), answer["marks"]
    ends = [start for _, start in marks[1:]] + [len(sound)]
    phones: list[Segment] = []
    for (symbol, start), end in zip(marks, ends, strict=True):
        if end > start:
            phones += from_ipa(symbol, start / sampled, end / sampled)
    phones = _with_closures(phones, sound, sampled)
    return _utterance(sound, sampled, phones, f"espeak/{variant or 'default'}", language)


def spell(pieces: Sequence[str], *, language: str) -> list[str]:
    """Each piece of text in espeak-ng's IPA, stressed; symbols that are one sound are tied by ``^``.

    Args:
        pieces: Texts without punctuation, whose place would be lost.
        language: The name of espeak-ng's voice, such as gmw/en-US.

    Raises:
        ComponentUnavailable: espeak-ng is not installed, or lacks the voice.
    """
    answer, _ = _ask({"pieces": list(pieces), "voice": language})
    return [str(spelt) for spelt in answer["spelt"]]


def _ask(order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Run espeak-ng in its own process."""
    command = [sys.executable, "-I", "-S", str(WORKER)]
    done = subprocess.run(command, input=json.dumps(order).encode(), capture_output=True, check=False, timeout=120)
    line, _, data = done.stdout.partition(b"\n")
    answer: dict[str, Any] = json.loads(line) if done.returncode == 0 and line else {}
    if "error" in answer or not answer:
        what = answer.get("error", f"espeak-ng failed ({done.returncode})")
        raise _unavailable(what, "apt install libespeak-ng1 espeak-ng-data")
    return answer, data


def _with_closures(phones: list[Segment], sound: NDArray[np.int16], rate: int) -> list[Segment]:
    """Give stops the silence before their burst: espeak-ng reports a stop at its burst, after the closure."""
    loud = np.abs(sound.astype(np.int32)) >= 60
    result = list(phones)
    for i in range(1, len(result)):
        label, start, end = result[i]
        before, earlier, _ = result[i - 1]
        if PHONES[label].kind not in ("stop", "bilabial"):
            continue
        first = max(round((max(earlier + 0.03, start - 0.12) if before != PAUSE else start - 0.08) * rate), 0)
        sounding = np.flatnonzero(loud[first : round(start * rate)])
        closure = max((first + (sounding[-1] + 1 if len(sounding) else 0)) / rate, earlier)
        result[i - 1 : i + 1] = (before, earlier, closure), (label, closure, end)
    return [s for s in result if s[2] > s[1]]


def _utterance(audio: NDArray[np.int16], rate: int, phones: list[Segment], voice: str, language: str) -> Utterance:
    sound = audio if rate == RATE else resample(audio, rate)
    # espeak-ng marks a word boundary by a very short pause, through which the voice continues.
    return Utterance(sound, gapless(phones, len(sound) / RATE, min_pause=0.06), voice, language)


def gapless(phones: Iterable[Segment], end: float, *, min_pause: float = 0.0) -> tuple[Segment, ...]:
    """Join phones without gaps from 0 to ``end``; a pause that is short or follows another extends the phone before."""
    labels: list[str] = []
    edges = [0.0]
    for label, start, stop in phones:
        start, stop = min(start, end), min(stop, end)
        if stop <= start:
            continue
        if labels and label == PAUSE and (labels[-1] == PAUSE or stop - start < min_pause):
            edges[-1] = stop
        else:
            labels.append(label)
            edges.append(stop)
    return tuple(zip(labels, edges, [*edges[1:-1], end], strict=False))


def to_int16(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    """Round to 16 bits, and clip."""
    return np.asarray(np.clip(np.round(sound), -32768, 32767), dtype=np.int16)


def resample(audio: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """Resample by truncating or zero-padding the spectrum of the whole sound."""
    step = rate // np.gcd(rate, RATE)
    padded = np.pad(audio.astype(np.float64), (0, -len(audio) % step))
    count = len(padded) * RATE // rate
    spectrum = np.fft.rfft(padded)
    return to_int16(np.fft.irfft(spectrum[: count // 2 + 1], count) * (count / len(padded)))


def _known(value: str, choices: Collection[str], name: str) -> None:
    if value not in choices:  # with which both engines would use another voice
        hint = f"One of: {', '.join(choices)}."
        raise ConfigError(f"{name}={value!r} is not known", where="corpus speech", hint=hint)


def _unavailable(what: str, how: str) -> ComponentUnavailable:
    hint = f"It is needed only to make the training corpus; on Debian and Ubuntu: {how}"
    return ComponentUnavailable(what, where="corpus speech", hint=hint)
