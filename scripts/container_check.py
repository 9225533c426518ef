"""Run talkstyle as containers and services do: as a user without home, name or rights, over files that are read-only.

    python scripts/container_check.py              # every case, some minutes
    python scripts/container_check.py read-only    # those named
    python scripts/container_check.py --without demo

It needs Linux, root and setpriv (util-linux). One line a command: its exit code, seconds, peak memory of its process,
and what it left outside its output. The exit code is 1 where a command failed or left something.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

USER = "54321"  # nobody's
NOWHERE = "/proc/nowhere"  # which nobody can make
CACHES = ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "HF_HOME", "TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR")

# Environment variables; {place} is a folder that can be written to. "read-only" runs where nothing else can be.
CASES: dict[str, dict[str, str]] = {
    "no-home": {"HOME": "/nonexistent"},
    "nothing-set": {},
    "home-of-root": {"HOME": "/root"},
    "home-is-a-file": {"HOME": "/etc/hostname"},
    "own-cache": {"HOME": "/nonexistent", "TALKSTYLE_CACHE": "{place}"},
    "caches-blocked": {"HOME": "/nonexistent", **dict.fromkeys((*CACHES, "TALKSTYLE_CACHE", "TMPDIR"), NOWHERE)},
    "read-only": {"HOME": "/nonexistent"},
}
READ_ONLY = "mount -o remount,bind,ro / && mount --bind {work} {work} && mount -o remount,bind,rw {work} && exec "


def main(arguments: list[str]) -> int:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--without", action="append", default=[], help="leave a command out: doctor, demo ...")
    options = parser.parse_args(arguments)
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("setpriv") is None:
        sys.exit("This needs Linux, root and setpriv.")
    print(f"{'case':16}{'command':10}{'exit':>6}{'seconds':>9}{'peak MiB':>10}  left, or what went wrong")  # noqa: T201
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o755)
        _make_inputs(work)
        for case in options.cases or CASES:
            for name, words in _commands(work).items():
                if name not in options.without:
                    failed |= _run(case, name, words, work)
    return int(failed)


def _make_inputs(work: Path) -> None:
    """A portrait, a sound, and a clip of three seconds, all drawn or synthesised."""
    from sdk.demo import at_frame_rate, load_assets
    from sdk.drawing import drawn_clip, drawn_face
    from sdk.media import open_audio, write_image, write_video

    assets = load_assets(seconds=3)
    write_image(work / "portrait.png", drawn_face(512).pixels)
    motion = at_frame_rate(assets.motion, assets.speech.duration, Fraction(25))
    write_video(work / "clip.mp4", drawn_clip(motion), rate=25, audio=open_audio(assets.speech))


def _commands(work: Path) -> dict[str, list[str]]:
    clip, portrait = str(work / "clip.mp4"), str(work / "portrait.png")
    return {
        "doctor": ["doctor"],
        "demo": ["demo", "--quick", "--out", "out/demo"],
        "adapt": ["adapt", clip, "-o", "out/pack", "--steps", "10"],
        "animate": ["animate", portrait, clip, "--style", "calm", "-o", "out/out.mp4"],
    }


def _run(case: str, name: str, words: list[str], work: Path) -> bool:
    """Run a command in a folder of its own; print its line, and return whether it failed or left something."""
    stands = Path(tempfile.mkdtemp(dir=work))
    stands.chmod(0o755)
    out, place = stands / "out", stands / "place"
    for folder in (out, place):
        folder.mkdir()
        folder.chmod(0o777)
    environment = {key: value.format(place=place) for key, value in CASES[case].items()}
    if case != "read-only":
        environment.setdefault("TMPDIR", str(place))
    command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", sys.executable, "-m", "sdk.cli"]
    command += words
    if case == "read-only":
        command = ["unshare", "-m", "sh", "-c", READ_ONLY.format(work=out) + '"$@"', "sh", *command]
    begun = time.perf_counter()
    with (stands / "stderr").open("wb") as errors:
        child = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **environment}, cwd=stands, stdout=errors, stderr=errors
        )
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begun
    said = (stands / "stderr").read_text("utf-8", "replace").strip().splitlines()
    left = {path.name for path in stands.iterdir()} - {"out", "place", "stderr"}
    left |= {path.name for path in out.iterdir()} - {"demo", "pack", "out.mp4"}
    left |= set() if "TALKSTYLE_CACHE" in environment else {path.name for path in place.iterdir()}
    told = " ".join(sorted(left)) if child.returncode == 0 else next((x for x in said if "rror" in x), said[-1])
    line = f"{case:16}{name:10}{child.returncode:6}{took:9.1f}{usage.ru_maxrss / 1024:10.0f}  {told}"
    print(line.rstrip(), flush=True)  # noqa: T201
    return child.returncode != 0 or bool(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
