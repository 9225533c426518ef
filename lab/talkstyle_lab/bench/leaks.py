"""What calls in a row leave behind in a process: memory and threads after some of them, and after many."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import sdk
from sdk.demo import load_assets
from sdk.drawing import drawn_face
from sdk.errors import ConfigError, SdkError
from sdk.media import MediaInput, read_audio, write_image
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.bench import timing
from talkstyle_lab.bench.footprint import Footprint, footprint
from talkstyle_lab.bench.measure import drawn_reference

VERBS: Final = ("animate", "adapt", "inspect", "evaluate")
CALLS: Final = (10, 100)
SECONDS: Final = 3.0  # of the drawn reference: the shortest that all verbs take
SOUND_SECONDS: Final = 1.0
SIZE: Final = 256  # of the drawn portrait
STEPS: Final = 2


@dataclass(frozen=True)
class LeakRow:
    """What a process held after its calls of one verb."""

    verb: str
    calls: tuple[int, ...]
    held: tuple[Footprint, ...]  # after so many calls each

    @property
    def growth(self) -> Footprint:
        """The last less the first."""
        first, last = self.held[0], self.held[-1]
        unique = None if first.unique is None or last.unique is None else last.unique - first.unique
        return Footprint(last.resident - first.resident, unique, last.threads - first.threads)


def run_leaks(
    *,
    calls: Sequence[int] = CALLS,
    verbs: Sequence[str] = VERBS,
    clip: Path | None = None,
    portrait: Path | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[LeakRow]:
    """Call each verb again and again, each verb in a fresh process, and read what that holds after some calls.

    Args:
        calls: After how many; in any order.
        verbs: Of ``VERBS``.
        clip: What to learn from and look at; a drawn face that speaks for three seconds by default.
        portrait: What to animate; a drawn face of 256 x 256 pixels by default.
        on_progress: Called after each call.
        cancel: Stops the work between calls.

    Raises:
        ConfigError: There are no two numbers of calls to compare, or a verb is not known.
        SdkError: A call failed.
    """
    wanted = tuple(sorted(set(calls)))
    if len(wanted) < 2 or wanted[0] < 1:
        raise ConfigError(f"calls={list(calls)} compares nothing", where="calls", hint="Give two numbers from 1 on.")
    for verb in verbs:
        if verb not in VERBS:
            raise ConfigError(f"no verb {verb!r}", where="verbs", hint=f"There are {', '.join(VERBS)}.")
    footprint()  # raises now if it cannot be read
    report = Reporter(on_progress, cancel)
    with timing.scratch_folder() as name:
        folder = Path(name)
        if portrait is None:
            portrait = folder / "portrait.png"
            write_image(portrait, drawn_face(SIZE).pixels)
        if clip is None:
            clip = folder / "reference.mp4"
            if set(verbs) != {"animate"}:
                drawn_reference(clip, SECONDS, report)
        rows = []
        for number, verb in enumerate(verbs):
            held = []
            for done, reading in enumerate(_fresh_process(verb, wanted, clip, portrait, folder), 1):
                if reading is not None:
                    held.append(reading)
                report("calls", (number + done / wanted[-1]) / len(verbs), verb)
            rows.append(LeakRow(verb, wanted, tuple(held)))
    return rows


def _fresh_process(
    verb: str, wanted: Sequence[int], clip: Path, portrait: Path, folder: Path
) -> Iterator[Footprint | None]:
    """What a process says after each of its calls: what it holds after those that are wanted, else nothing."""
    given = [verb, wanted, *(str(path.absolute()) for path in (clip, portrait, folder))]
    words = [sys.executable, "-W", "ignore", "-m", __name__, json.dumps(given)]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                reading = json.loads(line)
                yield None if reading is None else Footprint(**reading)
        except BaseException:  # cancelled
            process.kill()
            raise
        if process.wait():
            said.seek(0)
            last = (said.read().strip().splitlines() or ["no message"])[-1]
            raise SdkError(f"a call failed in a process of its own, with code {process.returncode}: {last}", where=verb)


def _call(verb: str, clip: MediaInput, portrait: Path, folder: Path) -> Callable[[], object]:
    """What is called again and again."""
    if verb == "animate":
        sound = read_audio(load_assets().sentence, limit_seconds=SOUND_SECONDS)
        return lambda: sdk.animate(portrait, sound).save(folder / "animated.mp4")
    config = sdk.FitConfig(steps=STEPS)
    if verb == "adapt":
        return partial(sdk.adapt, clip, config=config)
    if verb == "inspect":
        return partial(sdk.inspect, clip)
    return partial(sdk.evaluate, sdk.StylePack.load("calm"), clip)


def _main() -> None:
    verb, wanted, *places = json.loads(sys.argv[1])
    call = _call(verb, *map(Path, places))
    for number in range(1, wanted[-1] + 1):
        call()
        reading = asdict(footprint()) if number in wanted else None
        sys.stdout.write(json.dumps(reading) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
