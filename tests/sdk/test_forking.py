"""Forks of a process that has worked are told so; forks of one that has not, and spawned processes, work."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import sdk

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

HEAD = """
import multiprocessing, os, sys
import numpy as np
import sdk
from sdk.animation import Animator
from tests.sdk.animation import fakes

animator = Animator(generator=fakes.Generator(), encoder=fakes.Encoder(), renderer=fakes.Renderer(), device="cpu")

def frames():
    return len(list(animator.animate(fakes.portrait(), fakes.sound((1, 5)))))

def tried(work):
    try:
        return str(work())
    except sdk.ProcessForked as error:
        assert "spawn" in error.hint
        return "told"
"""


def run(code, tmp_path):
    """What a program prints."""
    (tmp_path / "program.py").write_text(HEAD + code)
    environment = os.environ | {"PYTHONPATH": str(Path(sdk.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "work",
    [
        "frames",
        "lambda: sdk.load('motion-generator', 'tcn')",
        "lambda: sdk.StyleAdapter(device='cpu')",
        "lambda: sdk.inspect('clip.mp4')",
        "lambda: list(made)",
    ],
)
def test_a_fork_of_a_process_that_has_worked_is_told(tmp_path, work):
    code = f"""
made = animator.animate(fakes.portrait(), fakes.sound((1, 5)))
frames()
if not os.fork():
    print(tried({work}), flush=True)
    os._exit(0)
os.wait()
print(frames())
"""
    assert run(code, tmp_path) == ["told", "25"]


def test_a_fork_before_the_first_use_works_and_so_does_its_parent(tmp_path):
    code = """
if not os.fork():
    print(frames(), flush=True)
    os._exit(0)
os.wait()
print(frames())
"""
    assert run(code, tmp_path) == ["25", "25"]


def test_a_fork_inside_a_save_is_told_and_leaves_it_to_its_parent(tmp_path):
    code = """
import sdk.media
with sdk.media.open_writer("out.mp4", size=(64, 64), rate=25) as writer:
    frame = np.zeros((64, 64, 3), np.uint8)
    writer.write(frame)
    if not os.fork():
        print(tried(lambda: writer.write(frame)), tried(lambda: writer.__exit__(None, None, None)), flush=True)
        os._exit(0)
    os.wait()
    writer.write(frame)
print(len(list(sdk.media.VideoReader("out.mp4"))))
"""
    assert run(code, tmp_path) == ["told", "told", "2"]


def test_pools_that_fork_are_told_and_those_that_spawn_work(tmp_path):
    code = """
if __name__ == "__main__":
    print(frames())
    for way in ("fork", "spawn"):
        with multiprocessing.get_context(way).Pool(1) as pool:
            print(pool.apply(tried, (frames,)), flush=True)
"""
    assert run(code, tmp_path) == ["25", "told", "25"]


def test_the_error_crosses_processes():
    error = pickle.loads(pickle.dumps(sdk.ProcessForked("a", hint="b")))
    assert (error.what, error.hint) == ("a", "b")
    assert isinstance(error, RuntimeError)
