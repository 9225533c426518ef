"""Singing and rap: new timing and pitch for speech, by pitch-synchronous overlap-add.

TD-PSOLA (Moulines & Charpentier, 1990): windows of two periods, one at each pulse, are added at new distances. The
formants stay, and with them the phones.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from talkstyle_lab.corpus.phones import PAUSE, PHONES
from talkstyle_lab.corpus.prosody import HOP, gaussian, pitch_track
from talkstyle_lab.corpus.speech import RATE, Utterance, gapless, to_int16

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))


def sing(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Hold the vowels on notes of a scale, with glides and vibrato."""
    beat = rng.uniform(0.28, 0.62)
    scale = _SCALES[rng.integers(len(_SCALES))]
    degree, base = 0, rng.uniform(0.0, 7.0)
    note = base
    durations, notes = [], []
    for label, start, end in utterance.phones:
        length = end - start
        if PHONES[label].kind == "vowel":
            wanted = beat * rng.choice([0.5, 1.0, 1.0, 2.0, 4.0], p=[0.25, 0.3, 0.2, 0.18, 0.07])
            length = float(np.clip(wanted, length, 12 * length))
            degree = int(np.clip(degree + rng.integers(-3, 4), -3, len(scale) + 2))
            octave, step = divmod(degree, len(scale))
            note = base + scale[step] + 12 * octave
        elif label != PAUSE:
            length *= rng.uniform(1.0, 1.3)
        durations.append(length)
        notes.append(note)
    vibrato = rng.uniform(0.15, 0.8), rng.uniform(4.8, 6.6)
    return resynthesise(utterance, np.array(durations), notes=np.array(notes), vibrato=vibrato)


def rap(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Move the vowels' onsets towards a beat, and flatten the pitch."""
    step = 60.0 / rng.uniform(80.0, 120.0) / 4
    strength = rng.uniform(0.5, 0.9)
    bounds = np.array([times for _, *times in utterance.phones])
    onsets = [start for label, start, _ in utterance.phones if PHONES[label].kind == "vowel"]
    moved = [o + strength * (step * round(o / step) - o) for o in onsets]
    # Two onsets on one step would leave no time between them.
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + 0.6 * (onsets[i] - onsets[i - 1]))
    knots_in = [0.0, *onsets, utterance.duration]
    knots_out = [0.0, *moved, moved[-1] + utterance.duration - onsets[-1]] if onsets else [0.0, utterance.duration]
    durations = np.diff(np.interp(bounds, knots_in, knots_out), axis=1)[:, 0]
    return resynthesise(utterance, np.maximum(durations, 0.01), flatten=rng.uniform(0.3, 0.9))


def resynthesise(
    utterance: Utterance,
    durations: NDArray[np.float64],
    *,
    notes: NDArray[np.float64] | None = None,
    vibrato: tuple[float, float] = (0.0, 5.5),
    flatten: float = 0.0,
) -> Utterance:
    """Give every phone a new duration, and the voice a new pitch.

    Args:
        utterance: Speech.
        durations: Seconds for each of its phones.
        notes: Semitones above the voice's median for each phone; None keeps its melody.
        vibrato: Of the notes: depth in semitones and rate in Hz.
        flatten: Without notes: how far the melody is reduced to its median, 0 to 1.
    """
    if not utterance.phones:
        return utterance
    edges_in = np.array([0.0, *(end for _, _, end in utterance.phones)])
    edges_out = np.concatenate([[0.0], np.cumsum(durations)])
    hertz, _ = pitch_track(utterance.audio)
    voiced = hertz > 0
    if not voiced.any():
        return utterance
    median = float(np.median(hertz[voiced]))
    fine = np.arange(int(edges_out[-1] * 100) + 2) / 100
    source = np.interp(fine, edges_out, edges_in)
    own = np.interp(np.arange(len(hertz)), np.flatnonzero(voiced), hertz[voiced])
    melody = 12 * np.log2(np.interp(source * 100, np.arange(len(own)), own) / median)
    if notes is None:
        target = (1 - flatten) * melody
    else:
        index = np.clip(np.searchsorted(edges_out, fine, side="right") - 1, 0, len(notes) - 1)
        since = fine - edges_out[index]
        swell = np.clip((since - 0.2) / 0.3, 0, 1)
        target = gaussian(np.asarray(notes, dtype=np.float64)[index], 4)
        target += vibrato[0] * swell * np.sin(2 * np.pi * vibrato[1] * fine) + 0.08 * melody
    wanted = np.clip(median * 2 ** (target / 12), 55, 620)
    audio = _overlap_add(utterance.audio, hertz, edges_in, edges_out, wanted)
    labels, edges = (label for label, _, _ in utterance.phones), pairwise(edges_out.tolist())
    phones = ((label, start, end) for label, (start, end) in zip(labels, edges, strict=True))
    return replace(utterance, audio=audio, phones=gapless(phones, len(audio) / RATE))


def _pulses(audio: NDArray[np.float64], hertz: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pulses' places and periods in samples; a pulse every 10 ms where there is no voice."""
    places: list[int] = []
    periods: list[int] = []
    at = 0
    while at < len(audio):
        pitch = hertz[min(at // HOP, len(hertz) - 1)]
        period = int(RATE / pitch) if pitch > 0 else HOP
        if pitch > 0:
            reach = max(period // 4, 1)
            low = max(at - reach, (places[-1] + period // 2) if places else 0)
            near = audio[low : at + reach + 1]
            at = low + int(near.argmax()) if len(near) else at
        places.append(at)
        periods.append(period)
        at += period
    return np.array(places), np.array(periods)


def _overlap_add(
    audio: NDArray[np.int16],
    hertz: NDArray[np.float64],
    edges_in: NDArray[np.float64],
    edges_out: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> NDArray[np.int16]:
    sound = audio.astype(np.float64)
    places, periods = _pulses(sound, hertz)
    pad = 400
    padded = np.pad(sound, pad)
    count = round(edges_out[-1] * RATE)
    result = np.zeros(count + 2 * pad)
    weight = np.zeros_like(result)
    windows = {p: np.hanning(2 * p + 1) for p in set(periods.tolist())}
    at = 0.0
    while at < count:
        source = np.interp(at / RATE, edges_out, edges_in) * RATE
        index = int(np.clip(np.searchsorted(places, source), 0, len(places) - 1))
        if index > 0 and source - places[index - 1] < places[index] - source:
            index -= 1
        period, place = int(periods[index]), int(places[index])
        target = slice(int(at) + pad - period, int(at) + pad + period + 1)
        result[target] += windows[period] * padded[place + pad - period : place + pad + period + 1]
        weight[target] += windows[period]
        voiced = hertz[min(place // HOP, len(hertz) - 1)] > 0
        at += RATE / wanted[min(int(at / RATE * 100), len(wanted) - 1)] if voiced else period
    return to_int16((result / np.maximum(weight, 0.5))[pad : pad + count])
