"""What ``talkstyle doctor`` runs, not only looks at: each trial in a process of its own, all at once.

A library that kills its process, as those do that were built for another processor, is then a finding like any other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from sdk import defaults, places
from sdk.errors import Cancelled, SdkError

SECONDS: Final = 60.0
"""A trial that takes longer hangs."""
PIXELS: Final = 128


_lock = threading.Lock()


@dataclass(frozen=True)
class Finding:
    """One thing looked at or tried."""

    area: str  # what it is about: python, package, codec, component, model, folder, a trial or a part of it
    state: Literal["ok", "note", "problem"]  # problem where talkstyle cannot work so, note where it works without
    detail: str  # what was found
    hint: str = ""  # what to do about it; empty where nothing is to be done
    code: str = ""  # of the error that was raised, as in docs/errors.md


def failed(area: str, error: Exception, *, state: Literal["note", "problem"] = "problem") -> Finding:
    """An error as a finding, with its code and what to do next."""
    if isinstance(error, SdkError | Cancelled):
        what = error.what if error.where is None else f"{error.what} ({error.where})"
        return Finding(area, state, what, error.hint or "", error.code)
    hint = "This is a fault of talkstyle, of a plugin, or of what they need: report it with this line."
    return Finding(area, state, f"{type(error).__name__}: {error}", hint, "unexpected")


def run_trial(name: str) -> list[Finding]:
    """Run one of ``TRIALS`` in a process of its own, and read what it found; whatever happens to it is a finding.

    Where this user cannot start the interpreter again, it runs in this process.
    """
    paths = [path for path in sys.path if path]
    with suppress(OSError):  # the working folder may be gone
        paths += [os.getcwd()] if "" in sys.path else []  # noqa: PTH109
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, name],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Finding(name, "problem", f"did not end within {SECONDS:.0f} s", "Try again while the machine is idle.")]
    except OSError:
        with _lock:
            return list(_findings(name))
    found = [Finding(**json.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode:
        how = f"exit code {done.returncode}"
        with suppress(ValueError):
            how = signal.Signals(-done.returncode).name
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        what = ": ".join([f"the process that tried it ended with {how}", *last])
        found.append(Finding(name, "problem", what, f"For more, run: python -X faulthandler -m {__name__} {name}"))
    return found


def _detection() -> Iterator[Finding]:
    """Find a face that we draw ourselves."""
    import numpy as np

    from sdk.drawing import drawn_face
    from sdk.registry import resolve

    face = drawn_face(PIXELS)
    (found,) = resolve("landmark-detector", defaults.DETECTOR).detect([face.pixels])
    if not found:
        hint = "Reinstall what the detector needs; `talkstyle plugins` names it."
        yield Finding("detection", "problem", f"{defaults.DETECTOR} did not find a drawn face", hint)
        return
    away = np.linalg.norm((found[0].points - face.landmarks.points)[:, :2], axis=1).mean() / face.landmarks.width
    yield Finding("detection", "ok", f"{defaults.DETECTOR} found a drawn face, {100 * away:.1f} % of its width off")


def _motion() -> Iterator[Finding]:
    """Generate the motion to a second of the demonstration's speech, in a style that ships."""
    import torch

    from sdk.animation.synthesis import MotionSynthesizer
    from sdk.data import MOTION_RATE, Controls
    from sdk.geometry import canonical_face, mouth_opening
    from sdk.media import open_audio
    from sdk.packs import StylePack, shipped_styles, styled
    from sdk.registry import resolve

    yield Finding("device", "ok", f"cpu, {torch.get_num_threads()} threads")
    torch.set_num_threads(1)  # the trials run side by side
    for index in range(torch.cuda.device_count()):
        gigabytes = torch.cuda.get_device_properties(index).total_memory / 2**30
        yield Finding("device", "ok", f"cuda:{index} {torch.cuda.get_device_name(index)}, {gigabytes:.0f} GiB")
    if torch.backends.mps.is_available():
        yield Finding("device", "ok", "mps")

    generator = resolve("motion-generator", defaults.GENERATOR)
    encoder = resolve("audio-encoder", generator.encoder)
    style = next(iter(shipped_styles()))
    cpu = torch.device("cpu")
    sound = open_audio(_SENTENCE).at(encoder.sample_rate).read(limit_seconds=1)
    pieces = MotionSynthesizer(
        encoder=encoder,
        generator=styled(generator, StylePack.load(style), encoder=encoder, device=cpu),
        device=cpu,
        controls=Controls(),
        seed=0,
        fps=MOTION_RATE,
    )([sound.samples], sound.duration)
    opening = max(float(mouth_opening(canonical_face() + piece.expression).max()) for piece in pieces)
    detail = f"{generator.name} moved lips to a second of speech in the style {style}: they open to {opening:.2f}"
    yield Finding("motion", "ok", detail)


def _video() -> Iterator[Finding]:
    """Render a frame of a drawn face, write it with sound, read it again, and sign it."""
    import tempfile

    import numpy as np
    import torch

    from sdk.data import Motion
    from sdk.drawing import drawn_face
    from sdk.media import Signer, VideoReader, open_audio, write_video
    from sdk.registry import resolve, unmet

    torch.set_num_threads(1)
    face = drawn_face(PIXELS)
    renderer = resolve("renderer", defaults.RENDERER)
    turned = np.array([[0.0, 0.1, 0.0, 0.0, 0.0, 0.0]], dtype=np.float32)
    motion = Motion(np.zeros((1, 68, 3), dtype=np.float32), turned)
    (frame,) = renderer.render(renderer.prepare(face), [motion])
    moved = int(np.count_nonzero((frame != face.pixels).any(axis=2)))
    yield Finding("frame", "ok", f"{renderer.name} rendered {PIXELS} x {PIXELS} pixels, of which {moved} moved")

    with tempfile.TemporaryDirectory(prefix="talkstyle-", dir=places.temporary_folder()) as folder:
        path = Path(folder, "trial.mp4")
        sound = open_audio(_SENTENCE).read(limit_seconds=1)
        write_video(path, [frame], rate=1, audio=open_audio(sound))
        (read,) = VideoReader(path)
        away = np.abs(read.image.astype(int) - frame).mean()
        heard = open_audio(path).read().duration
        detail = f"a frame with sound was written as mp4 and read again: {away:.1f} of 255 off, {float(heard):.1f} s"
        yield Finding("video", "ok", detail)
        if not unmet(["talkstyle[c2pa]"]):
            try:
                Signer.test().sign(path, title=path.name)
            except Exception as error:
                yield failed("signing", error, state="note")
            else:
                yield Finding("signing", "ok", "the mp4 was signed with a test certificate")


_SENTENCE: Final = Path(__file__).parents[1] / "demo" / "data" / "sentence.flac"

TRIALS: Final[Mapping[str, Callable[[], Iterator[Finding]]]] = {
    "video": _video,  # the longest first
    "motion": _motion,
    "detection": _detection,
}


def _findings(name: str) -> Iterator[Finding]:
    """Run one trial here."""
    try:
        yield from TRIALS[name]()
    except Exception as error:
        yield failed(name, error)
    for cache in places.passing_caches():
        hint = f"Set {places.CACHE_VARIABLE} to a folder that this user alone can write to."
        yield Finding("cache", "note", f"no place for {cache}'s: each process makes it anew", hint)


def _main(name: str) -> None:
    """Run one trial here, a line of JSON on stdout for each finding; what libraries print goes to stderr."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        for finding in _findings(name):
            out.write(json.dumps(asdict(finding)) + "\n")
            out.flush()


if __name__ == "__main__":
    _main(sys.argv[1])
