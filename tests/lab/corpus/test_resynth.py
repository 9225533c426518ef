import numpy as np
import pytest

from talkstyle_lab.corpus.prosody import pitch_track
from talkstyle_lab.corpus.resynth import rap, resynthesise, sing


def test_new_durations_and_notes(babble):
    durations = np.array([e - s for _, s, e in babble.phones])
    durations[2] = 1.0
    sung = resynthesise(babble, durations, notes=np.full(len(durations), 5.0))
    assert abs(sung.duration - durations.sum()) < 0.01
    assert sung.phones[2][2] - sung.phones[2][1] == pytest.approx(1.0)
    assert [p[0] for p in sung.phones] == [p[0] for p in babble.phones]
    before, after = (np.median(h[h > 0]) for h in (pitch_track(babble.audio)[0], pitch_track(sung.audio)[0]))
    assert abs(12 * np.log2(after / before) - 5.0) < 1.0


def test_the_old_timing_and_pitch_give_the_old_sound(babble):
    same = resynthesise(babble, np.array([e - s for _, s, e in babble.phones]))
    (pitch, level), (old_pitch, old_level) = pitch_track(same.audio), pitch_track(babble.audio)
    both = (pitch > 0) & (old_pitch > 0)
    assert np.corrcoef(level, old_level)[0, 1] > 0.95
    assert np.median(np.abs(12 * np.log2(pitch[both] / old_pitch[both]))) < 0.5


def test_song_is_slower_and_rap_keeps_its_length(babble):
    song, verse = sing(babble, np.random.default_rng(0)), rap(babble, np.random.default_rng(0))
    assert song.duration > 1.15 * babble.duration
    assert 0.7 < verse.duration / babble.duration < 1.4
    for utterance in (song, verse):
        assert utterance.phones[-1][2] == utterance.duration
        assert all(a[2] == b[1] for a, b in zip(utterance.phones, utterance.phones[1:], strict=False))
