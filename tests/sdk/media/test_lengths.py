import io
import struct

import av
import numpy as np
import pytest

from sdk.errors import MediaCorrupt
from sdk.media import open_audio, probe, read_audio

from .conftest import make_frame, tone

RATE = 16000
UNKNOWN = (0, 0x7FFFFFFF, 0x7FFFF000, 0x7FFFFFFF - 36, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF - 44)
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf60.16.100\0"
SOUND = tone(rate=RATE, seconds=1.5)
FORMATS = {"8 bit": (1, 8), "16 bit": (1, 16), "24 bit": (1, 24), "float": (3, 32)}


def in_format(kind):
    if kind == "float":
        return SOUND.astype("<f4").tobytes()
    if kind == "8 bit":
        return np.round(SOUND * 127 + 128).astype(np.uint8).tobytes()
    if kind == "16 bit":
        return np.round(SOUND * 32767).astype("<i2").tobytes()
    return np.round(SOUND * 8388607).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def wav(kind="16 bit", *, riff=None, size=None, before=b"", after=b"", extensible=False):
    """A wav of ``SOUND``; ``riff`` and ``size`` are what its header says of the file and of the sound."""
    tag, bits = FORMATS[kind]
    sound = in_format(kind)
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, 1, RATE, RATE * bits // 8, bits // 8, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 4, tag) + bytes.fromhex("000000001000800000aa00389b71")
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + before
    body += b"data" + struct.pack("<I", len(sound) if size is None else size) + sound + after
    return b"RIFF" + struct.pack("<I", len(body) if riff is None else riff) + body


def check_whole(source):
    samples = read_audio(source).samples
    assert len(samples) == len(SOUND)
    assert np.abs(samples - SOUND).max() < 0.01


@pytest.mark.parametrize("size", UNKNOWN, ids=hex)
@pytest.mark.parametrize("kind", FORMATS)
def test_unknown_sizes_reach_to_the_end(kind, size):
    for extensible in (False, True):
        for riff in (size, None, 0, 0xFFFFFFFF):
            for before in (b"", LIST):
                check_whole(wav(kind, riff=riff, size=size, before=before, extensible=extensible))
    assert open_audio(wav(kind, size=size)).duration == 1.5
    check_whole(wav(kind, riff=size))


@pytest.mark.parametrize("size", UNKNOWN, ids=hex)
def test_chunks_behind_the_sound_are_no_sound(size):
    for after in (LIST, LIST + b"id3 " + struct.pack("<I", 5) + b"abcde\0"):
        check_whole(wav(riff=0xFFFFFFFF, size=size, after=after))


def test_a_file_of_names_of_chunks_is_read_in_a_moment():
    after = (b"LIST" + bytes(4)) * 40_000 + b"end"  # every name leads to all that follow, and none to the file's end
    assert open_audio(wav(size=0xFFFFFFFF, after=after)).duration > 1.5


def test_a_count_of_samples_that_is_unknown_too():
    for count in (0, 0x7FFFFFFF, 0xFFFFFFFF):
        fact = b"fact" + struct.pack("<II", 4, count)
        check_whole(wav("float", riff=0, size=0xFFFFFFFF, before=fact))
        compressed = streamed("adpcm").replace(b"LIST", fact + b"LIST", 1)
        assert read_audio(compressed).duration == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_unknown_64_bit_sizes(name):
    for size in (0, (1 << 63) - 1, (1 << 64) - 1, 0xFFFFFFFF, len(SOUND) * 2):
        plain = wav(riff=0xFFFFFFFF, size=0xFFFFFFFF)
        count = 0 if size == len(SOUND) * 2 else size
        sizes = b"ds64" + struct.pack("<IQQQI", 28, size, size, count, 0)
        check_whole(name + plain[4:12] + sizes + plain[12:])


def test_a_stream_may_end_within_a_sample():
    samples = read_audio(wav("24 bit", size=0xFFFFFFFF)[:-1]).samples
    assert len(samples) == len(SOUND) - 1


def test_a_plausible_size_with_sound_missing_is_damage():
    for size in (None, len(SOUND) * 2 + 44, 0x60000000, 0xA0000000):
        for riff in (None, 0, 0xFFFFFFFF):
            with pytest.raises(MediaCorrupt, match="stops at second"):
                read_audio(wav(size=size, riff=riff)[:-2000])


@pytest.mark.parametrize("size", UNKNOWN, ids=hex)
def test_no_sound_at_all_is_damage(size):
    head = wav(riff=size, size=size)[:44]
    for data in (head, head + LIST):
        with pytest.raises(MediaCorrupt):
            read_audio(data)


def test_paths_pipes_and_file_objects(tmp_path):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

    data = wav(riff=0xFFFFFFFF, size=0xFFFFFFFF, before=LIST)
    path = tmp_path / "speech.wav"
    path.write_bytes(data)
    for make in (lambda: path, lambda: data, lambda: io.BytesIO(data), lambda: Pipe(data)):
        check_whole(make())
        assert probe(make()).duration == 1.5


STREAMS = {
    "wav": ("wav", "pcm_s16le", {}),
    "wav float": ("wav", "pcm_f32le", {}),
    "rf64": ("wav", "pcm_s16le", {"rf64": "always"}),
    "adpcm": ("wav", "adpcm_ms", {}),
    "caf": ("caf", "pcm_s16be", {}),
    "au": ("au", "pcm_s16be", {}),
    "flac": ("flac", "flac", {}),
    "opus": ("ogg", "libopus", {}),
    "live webm": ("webm", "libopus", {"live": "1"}),
    "fragmented mp4": ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "adts": ("adts", "aac", {}),
    "mp3": ("mp3", "libmp3lame", {"write_xing": "0"}),
    "mpegts": ("mpegts", "aac", {}),
}


def streamed(kind, *, rate=48000):
    """Three seconds, as an encoder writes them where it cannot go back to the header."""

    class Pipe:
        def __init__(self):
            self.written = bytearray()

        def write(self, data):
            self.written += data

    container_format, codec, options = STREAMS[kind]
    pipe = Pipe()
    with av.open(pipe, "w", format=container_format, container_options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = make_frame(np.round(tone(rate=rate, seconds=3) * 32767).astype(np.int16)[:, None], "s16", "mono", rate)
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return bytes(pipe.written)


@pytest.mark.parametrize("kind", STREAMS)
def test_what_encoders_write_to_a_pipe_is_read(kind):
    audio = read_audio(streamed(kind))
    assert audio.duration == pytest.approx(3, abs=0.1)
    assert np.abs(audio.samples[40000:46000]).max() > 0.4


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF], ids=hex)
def test_unknown_sizes_of_au(size):
    data = streamed("au")
    assert read_audio(data[:8] + size.to_bytes(4, "big") + data[12:]).duration == 3


def test_plausible_sizes_of_caf_and_au_with_sound_missing_are_damage():
    caf, au = streamed("caf"), streamed("au")
    at = caf.find(b"data") + 4
    caf = caf[:at] + (len(caf) - at - 8).to_bytes(8, "big") + caf[at + 8 :]
    au = au[:8] + (len(au) - 32).to_bytes(4, "big") + au[12:]
    for data in (caf, au):
        assert read_audio(data).duration == 3
        with pytest.raises(MediaCorrupt):
            read_audio(data[:-20000])


@pytest.mark.parametrize("kind", ["opus", "adts"])
def test_streams_one_behind_the_other_are_read_to_the_end(kind):
    data = streamed(kind)
    samples = open_audio(data + data + data).read().samples
    assert len(samples) / RATE == pytest.approx(9, abs=0.2)
    for second in (1, 4, 7):
        assert 0.4 < np.abs(samples[second * RATE : (second + 1) * RATE]).max() < 0.6
