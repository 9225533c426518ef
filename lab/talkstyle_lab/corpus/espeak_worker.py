"""Speaks one text with espeak-ng's library, in its own process; needs only Python.

The library keeps state between texts: only a fresh process speaks the same text the same way twice. Reads JSON
(``text``, ``voice``, ``settings``) from standard input. Writes a line of JSON (``rate`` and ``marks``: pairs of an IPA
symbol and the sample at which it begins; or ``error``), then the sound as 16-bit samples. Given ``pieces`` (a list of
texts) and ``voice`` alone, it only spells: the line has ``spelt``, each piece in IPA, symbols of one sound tied by ^.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import itertools
import json
import sys
from typing import Any

_SYNCHRONOUS, _PHONEMES, _IPA_NAMES, _DONT_EXIT, _UTF8, _PHONEME_EVENT = 2, 1, 2, 0x8000, 1, 7
_TIED_IPA = 0x02 | 0x80 | ord("^") << 8
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
        with contextlib.suppress(OSError):
            if name:
                return ctypes.CDLL(name)
    return None


def _start(voice: str) -> tuple[Any, str, int]:
    """The library, set to a voice, an error or nothing, and its samples per second."""
    library = _library()
    if library is None:
        return None, "the library espeak-ng is not installed", 0
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEMES | _IPA_NAMES | _DONT_EXIT)
    if rate <= 0:
        return None, "espeak-ng did not start; its data may be missing", 0
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        return None, f"espeak-ng has no voice {voice}", 0
    return library, "", rate


def spell(pieces: list[str], voice: str) -> tuple[dict[str, Any], bytes]:
    """The content of the worker's line; there is no sound."""
    library, error, _ = _start(voice)
    if error:
        return {"error": error}, b""
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    spelt = []
    for piece in pieces:
        left = ctypes.c_char_p(piece.encode())
        clauses = []
        while left.value:  # one clause a call, which moves the pointer on, and clears it at the end
            clauses.append(library.espeak_TextToPhonemes(ctypes.byref(left), _UTF8, _TIED_IPA).decode())
        spelt.append(" ".join(clauses))
    return {"spelt": spelt}, b""


def speak(text: str, voice: str, settings: dict[str, int]) -> tuple[dict[str, Any], bytes]:
    """The content of the worker's line, and the sound."""
    library, error, rate = _start(voice)
    if error:
        return {"error": error}, b""
    sound: list[bytes] = []
    marks: list[tuple[str, int]] = []

    def take(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            sound.append(ctypes.string_at(samples, 2 * count))
        spoken = (e for e in itertools.takewhile(lambda e: e.type != 0, events) if e.type == _PHONEME_EVENT)
        marks.extend((e.id.string.decode("utf-8", "ignore"), e.sample) for e in spoken)
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    for key, value in settings.items():
        library.espeak_SetParameter(_SETTINGS[key], value, 0)
    data = text.encode()
    library.espeak_Synth(ctypes.c_char_p(data), ctypes.c_size_t(len(data) + 1), 0, 1, 0, _UTF8, None, None)
    return {"rate": rate, "marks": marks}, b"".join(sound)


if __name__ == "__main__":
    _order = json.load(sys.stdin)
    _head, _sound = (spell if "pieces" in _order else speak)(**_order)
    sys.stdout.buffer.write(json.dumps(_head).encode() + b"\n" + _sound)
