"""Speak one text with espeak-ng's library, in a process of its own; needs nothing but Python.

A process for each text, since the library keeps state between texts: only a fresh one says the same text the same way
twice. Reads JSON (``text``, ``voice``, ``settings``) from standard input. Writes one line of JSON (``rate`` and
``marks``: pairs of an IPA symbol and the sample at which it begins; or ``error``), then the sound as 16-bit samples.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import sys
from typing import Any

_SYNCHRONOUS, _PHONEMES, _IPA_NAMES, _DONT_EXIT, _UTF8, _PHONEME_EVENT = 2, 1, 2, 0x8000, 1, 7
_SETTINGS = {"rate": 1, "pitch": 3, "range": 4, "gap": 7}


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    # espeak_EVENT in speak_lib.h
    _fields_ = [
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    ]  # fmt: skip


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def _library() -> Any:
    for name in ("libespeak-ng.so.1", "libespeak-ng.dylib", "libespeak-ng.dll", ctypes.util.find_library("espeak-ng")):
        try:
            if name:
                return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def speak(text: str, voice: str, settings: dict[str, int]) -> tuple[dict[str, Any], bytes]:
    """What the worker writes: the line's content, and the sound."""
    library = _library()
    if library is None:
        return {"error": "the library espeak-ng is not installed"}, b""
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEMES | _IPA_NAMES | _DONT_EXIT)
    if rate <= 0:
        return {"error": "espeak-ng did not start; its data may be missing"}, b""
    sound: list[bytes] = []
    marks: list[tuple[str, int]] = []

    def take(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            sound.append(ctypes.string_at(samples, 2 * count))
        index = 0
        while events[index].type != 0:
            if events[index].type == _PHONEME_EVENT:
                marks.append((events[index].id.string.decode("utf-8", "ignore"), events[index].sample))
            index += 1
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        return {"error": f"espeak-ng has no voice {voice}"}, b""
    for key, value in settings.items():
        library.espeak_SetParameter(_SETTINGS[key], value, 0)
    data = text.encode()
    library.espeak_Synth(ctypes.c_char_p(data), ctypes.c_size_t(len(data) + 1), 0, 1, 0, _UTF8, None, None)
    return {"rate": rate, "marks": marks}, b"".join(sound)


if __name__ == "__main__":
    _head, _sound = speak(**json.load(sys.stdin))
    sys.stdout.buffer.write(json.dumps(_head).encode() + b"\n" + _sound)
