import io
import itertools
import tracemalloc
import wave
from fractions import Fraction

import numpy as np
import pytest

from sdk.data import Audio
from sdk.errors import (
    ConfigError,
    InputError,
    MediaCorrupt,
    MediaError,
    MediaNotFound,
    MediaTrackMissing,
    NotFiniteError,
)
from sdk.media import open_audio, read_audio
from sdk.warnings import TalkstyleWarning

from .conftest import SOUNDS, click, encode_sound, encode_video, grey, peak, tone


def wav_bytes(samples, rate):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


@pytest.mark.parametrize("rate", [16000, 48000])
@pytest.mark.parametrize("kind", SOUNDS)
def test_a_click_stays_where_it_is(kind, rate):
    data = encode_sound(click(at=0.75), kind)
    audio = read_audio(data, rate=rate)
    tolerance = 0.0002 if kind in ("wav", "flac") else 0.001
    assert audio.rate == rate
    assert peak(audio.samples, rate) == pytest.approx(0.75, abs=tolerance)
    assert audio.duration == pytest.approx(2.0, abs=1024 / 48000)


def test_the_sound_track_of_a_video():
    for container_format, name in (("mp4", "mp4"), ("mov", "mov"), ("matroska", "mkv")):
        data = encode_video([grey(0)] * 50, sound=click(at=1.25), container_format=container_format)
        assert peak(read_audio(data).samples, 16000) == pytest.approx(1.25, abs=0.001), name


def test_ten_minutes_do_not_drift():
    rate, seconds = 44100, 600
    second = np.round(tone(rate=rate) * 32767).astype(np.int16)
    reader = open_audio((np.tile(second, seconds), rate))
    count, last = 0, np.zeros(0, np.float32)
    for chunk in reader:
        count, last = count + len(chunk), np.concatenate([last, chunk])[-8000:]
    assert count == seconds * 16000
    # 440 Hz has a whole number of periods in every second: the phase at the very end is the phase at the beginning.
    assert np.abs(last[:-200] - tone(rate=16000)[-8000:-200]).max() < 0.01


def test_memory_does_not_grow():
    class Long(io.RawIOBase):
        """Two minutes of wav that are nowhere: a header, then zeros."""

        head = wav_bytes(np.zeros(1), 16000)[:40] + (2 * 16000 * 120).to_bytes(4, "little")
        size, at = len(head) + 2 * 16000 * 120, 0

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, offset, whence=0):
            self.at = offset + (0, self.at, self.size)[whence]
            return self.at

        def tell(self):
            return self.at

        def readinto(self, buffer):
            count = min(len(buffer), self.size - self.at)
            buffer[:count] = (self.head[self.at :] + bytes(count))[:count]
            self.at += count
            return count

    reader = open_audio(Long())
    tracemalloc.start()
    try:
        assert sum(len(chunk) for chunk in reader) == 120 * 16000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # as float32 the whole would take 7.7 MB
    finally:
        tracemalloc.stop()


def test_reading_again_gives_the_same_even_side_by_side():
    data = encode_sound(tone(rate=48000, seconds=2), "mp3")
    for source in (data, io.BytesIO(data)):
        reader = open_audio(source)
        pairs = list(itertools.zip_longest(reader, reader))
        assert len(pairs) > 2
        assert all(np.array_equal(a, b) for a, b in pairs)
        assert np.array_equal(reader.read().samples, np.concatenate([a for a, _ in pairs]))
        assert reader.at(8000).read().duration == pytest.approx(2)


def test_paths_bytes_file_objects_arrays(tmp_path):
    data = wav_bytes(tone(rate=16000), 16000)
    path = tmp_path / "Grüße an 世界.wav"
    path.write_bytes(data)
    unseekable = io.BytesIO(data)
    unseekable.seekable = lambda: False
    moved = io.BytesIO(data)
    moved.seek(100)
    samples = tone(rate=16000)
    expected = read_audio(path).samples
    assert len(expected) == 16000
    with path.open("rb") as file:
        for source in (
            str(path),
            data,
            file,
            io.BytesIO(data),
            unseekable,
            moved,
            Audio(samples, 16000),
            (samples, 16000),
        ):
            assert np.allclose(read_audio(source).samples, expected, atol=1e-4)
    whole = np.round(np.stack([samples, samples], axis=1) * 32767).astype(np.int16)
    assert np.allclose(read_audio((whole, 16000)).samples, expected, atol=1e-4)
    assert open_audio(path).duration == Fraction(1)
    assert len(read_audio(path, limit_seconds=0.25).samples) == 4000


def test_a_late_track_is_padded():
    for kind in ("m4a", "mka"):
        audio = read_audio(encode_sound(click(at=0.75), kind, late=0.5))
        assert peak(audio.samples, 16000) == pytest.approx(1.25, abs=0.002)


def test_a_gap_is_silence():
    for kind in ("m4a", "mka"):
        samples = click(at=0.5) + click(at=1.5)
        audio = read_audio(encode_sound(samples, kind, gap=(1.0, 0.5)))
        assert peak(audio.samples[:16000], 16000) == pytest.approx(0.5, abs=0.002)
        assert peak(audio.samples[16000:], 16000) == pytest.approx(1.0, abs=0.002)


def test_an_endless_gap_is_refused():
    data = encode_sound(click(at=0.5), "mka", gap=(1.0, 7200))
    with pytest.raises(MediaCorrupt, match="jump"):
        read_audio(data)


def test_clipping_is_told_with_its_share():
    loud = np.clip(3 * tone(rate=16000), -1, 1)
    with pytest.warns(TalkstyleWarning, match=r"clipped: \d\d\.\d\d %"):
        read_audio(wav_bytes(loud, 16000))
    quiet = open_audio(wav_bytes(tone(rate=16000, level=0.97), 16000))
    assert sum(len(chunk) for chunk in quiet) == 16000
    assert quiet.warnings == []


def test_a_low_rate_is_told_with_its_figure():
    with pytest.warns(TalkstyleWarning, match="8000 Hz"):
        audio = read_audio(wav_bytes(tone(rate=8000), 8000))
    assert len(audio.samples) == 16000


def test_opposite_channels_do_not_cancel():
    voice = tone(rate=16000)
    with pytest.warns(TalkstyleWarning, match="opposite phase"):
        audio = read_audio(wav_bytes(np.stack([voice, -voice], axis=1), 16000))
    assert np.abs(audio.samples - voice).max() < 1e-3
    in_phase = read_audio(wav_bytes(np.stack([voice, voice], axis=1), 16000))
    assert np.abs(in_phase.samples - voice).max() < 1e-3
    one_sided = read_audio(wav_bytes(np.stack([voice, 0 * voice], axis=1), 16000))
    assert np.abs(one_sided.samples - voice / 2).max() < 1e-3


def test_missing_empty_folder_nonsense(tmp_path):
    empty = tmp_path / "empty.wav"
    empty.touch()
    nonsense = tmp_path / "nonsense.mp3"
    nonsense.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(MediaNotFound, match=r"none\.wav"):
        open_audio(tmp_path / "none.wav")
    with pytest.raises(MediaNotFound, match="folder"):
        open_audio(tmp_path)
    with pytest.raises(MediaCorrupt, match="0 bytes"):
        open_audio(empty)
    with pytest.raises(MediaCorrupt, match="0 bytes"):
        open_audio(b"")
    with pytest.raises(MediaError):
        open_audio(nonsense).read()
    with pytest.raises(MediaTrackMissing, match="sound"):
        open_audio(encode_video([grey(0)] * 5))
    with pytest.raises(InputError, match="binary"):
        open_audio(io.StringIO("text"))
    with pytest.raises(InputError, match="not sound"):
        open_audio(3)
    with pytest.raises(ConfigError):
        open_audio(wav_bytes(tone(rate=16000), 16000), rate=0)


def test_a_header_without_sound():
    with pytest.raises(MediaCorrupt):
        open_audio(wav_bytes(np.zeros(0), 16000)).read()


def test_a_playlist_cannot_read_other_files(tmp_path):
    (tmp_path / "secret.wav").write_bytes(wav_bytes(tone(rate=16000), 16000))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaCorrupt):
        open_audio(playlist)
    script = tmp_path / "script.ffconcat"
    script.write_text("ffconcat version 1.0\nfile secret.wav\n")
    with pytest.raises(MediaCorrupt):
        open_audio(script)


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_truncated_file_names_the_second(kind):
    noise = 0.3 * np.random.default_rng(0).standard_normal(48000 * 4).clip(-3, 3).astype(np.float32)
    data = encode_sound(noise, kind)
    if kind == "m4a":
        data = faststart(data)
    assert read_audio(data).duration == pytest.approx(4, abs=0.05)
    with pytest.raises(MediaCorrupt, match=r"stops at second [012]\.\d\d"):
        read_audio(data[: len(data) // 2])


def faststart(data):
    """Move an mp4's index to the front, as files made for the web have it (a muxer cannot do that in memory)."""
    boxes, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        boxes.append(data[at : at + size])
        at += size
    head = [box for box in boxes if box[4:8] == b"ftyp"]
    moov = bytearray(next(box for box in boxes if box[4:8] == b"moov"))
    rest = [box for box in boxes if box[4:8] not in (b"ftyp", b"moov")]
    table = moov.find(b"stco")
    for index in range(int.from_bytes(moov[table + 8 : table + 12], "big")):
        place = slice(table + 12 + 4 * index, table + 16 + 4 * index)
        moov[place] = (int.from_bytes(moov[place], "big") + len(moov)).to_bytes(4, "big")
    return b"".join([*head, bytes(moov), *rest])


@pytest.mark.parametrize("kind", sorted(set(SOUNDS) - {"wav"}))  # wav has nothing to check its samples by
def test_damage_in_the_middle_names_the_second(kind):
    noise = 0.3 * np.random.default_rng(0).standard_normal(48000 * 4).clip(-3, 3).astype(np.float32)
    data = bytearray(encode_sound(noise, kind))
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    with pytest.raises(MediaCorrupt, match=r"at second [012]\.\d\d"):
        read_audio(bytes(data))


def test_not_finite_is_named():
    samples = tone(rate=16000).astype(np.float64)
    samples[4000] = np.nan
    with pytest.raises(NotFiniteError, match=r"nan at second 0\.250"):
        read_audio((samples, 16000))
    data = np.where(np.arange(16000) == 8000, np.inf, 0).astype("<f4").tobytes()
    head = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += (3).to_bytes(2, "little") + (1).to_bytes(2, "little") + (16000).to_bytes(4, "little")
    head += (64000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (32).to_bytes(2, "little")
    with pytest.raises(NotFiniteError, match=r"inf at second 0\.500"):
        read_audio(head + b"data" + len(data).to_bytes(4, "little") + data)


@pytest.mark.parametrize(
    ("array", "rate", "error"),
    [
        (np.zeros(0, np.float32), 16000, MediaCorrupt),
        (np.zeros((2, 2, 2), np.float32), 16000, InputError),
        (np.zeros(100, np.bool_), 16000, InputError),
        (np.zeros(100, np.int64), 16000, InputError),
        (np.zeros(100, np.float32), 0, InputError),
    ],
)
def test_arrays_that_are_no_sound(array, rate, error):
    with pytest.raises(error):
        open_audio((array, rate))
