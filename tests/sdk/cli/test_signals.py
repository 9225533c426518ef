"""What a signal leaves of a command: nothing half-written, and the status that shells expect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import sdk
from sdk.cli.signals import as_interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")

HEAD = """
import itertools, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
import numpy as np
from sdk.cli.errors import report
from sdk.files import atomic_file, atomic_folder
from sdk.media import open_writer

def wait():
    print("there", flush=True)
    for _ in range(600):  # a signal just before a sleep does not end it
        time.sleep(0.1)

def file():
    with atomic_file("out.txt") as place:
        place.write_text("half")
        wait()

def folder():
    with atomic_folder("pack") as place:
        (place / "half").touch()
        wait()

def video(name="out.mp4"):
    with open_writer(name, size=(64, 64), rate=25) as writer:
        for _ in range(30):
            writer.write(np.zeros((64, 64, 3), np.uint8))
        wait()

def frames():
    video("shots/")

def finishing():
    writer = open_writer("shots/", size=(64, 64), rate=25)

    def goes_on(place, frames):
        list(frames)
        for number in itertools.takewhile(lambda _: not writer._stop.is_set(), itertools.count()):
            (place / str(number)).touch()
            if number == 2000:  # so many take a moment to remove
                print("there", flush=True)

    writer._encode = goes_on
    with writer:
        writer.write(np.zeros((64, 64, 3), np.uint8))

"""


def start(code, folder):
    environment = os.environ | {"PYTHONPATH": str(Path(sdk.__file__).parents[1])}
    words = [sys.executable, "-c", HEAD + code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, cwd=folder, text=True, env=environment, **pipes)


@pytest.mark.parametrize(
    ("work", "number"),
    [
        ("file", signal.SIGHUP),
        ("folder", signal.SIGTERM),
        ("video", signal.SIGTERM),
        ("frames", signal.SIGHUP),
        ("finishing", signal.SIGTERM),
        ("finishing", signal.SIGINT),
    ],
)
def test_a_command_that_is_ended_leaves_nothing_and_says_why(tmp_path, work, number):
    with start(f"sys.exit(report([], {work}))", tmp_path) as process:
        try:
            assert process.stdout.readline() == "there\n"
            process.send_signal(number)
            if number != signal.SIGINT:
                process.send_signal(number)  # supervisors send several
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 128 + number, err
    assert "error: interrupted" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_what_nohup_ignores_stays_ignored(tmp_path):
    code = """
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
sys.exit(report([], lambda: os.kill(os.getpid(), signal.SIGHUP)))
"""
    with start(code, tmp_path) as process:
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_handlers_of_the_program_around_it_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with as_interrupts():
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_outside_the_main_thread_signals_are_left_alone():
    found = []

    def inside():
        with as_interrupts():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
