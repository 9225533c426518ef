"""Files with more than one track of a kind, and what is said of them."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from sdk.errors import MediaCorrupt
from sdk.media import VideoReader, open_audio, probe, read_audio, write_image
from sdk.warnings import TalkstyleWarning

from .conftest import encode_video, grey, make_frame, tone

RATE = 48000


def encode_tracks(videos, sounds, *, container_format="mp4", languages=()):
    """Encode grey levels, each for 25 frames, and sounds [N], each as a track of its own."""
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        tracks = []
        for level in videos:
            stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
            tracks.append((stream, level))
        for index, sound in enumerate(sounds):
            stream = container.add_stream("aac", rate=RATE, layout="mono")
            if index < len(languages):
                stream.metadata["language"] = languages[index]
            tracks.append((stream, sound))
        for stream, content in tracks:
            if stream.type == "video":
                for position in range(25):
                    frame = av.VideoFrame.from_ndarray(grey(content), format="rgb24")
                    frame.pts, frame.time_base = position, Fraction(1, 25)
                    container.mux(stream.encode(frame))
            else:
                for start in range(0, len(content), 1024):
                    frame = make_frame(content[start : start + 1024, None], "fltp", "mono", RATE)
                    frame.pts = start
                    container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return file.getvalue()


def frequency(samples, rate):
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))


@pytest.mark.parametrize("container_format", ["mp4", "matroska", "mpegts"])
def test_several_sound_tracks_are_told(container_format):
    sounds = [tone(rate=RATE, frequency=300), tone(rate=RATE, frequency=900)]
    data = encode_tracks([80], sounds, container_format=container_format, languages=("eng", "deu"))
    with pytest.warns(TalkstyleWarning, match=r"2 sound tracks; number 1 \(eng\) was taken"):
        audio = read_audio(data)
    assert frequency(audio.samples, audio.rate) == pytest.approx(300, abs=5)
    reader = open_audio(data)
    assert len(reader.warnings) == len(reader.at(8000).warnings) == 1
    assert VideoReader(data).warnings == []


@pytest.mark.parametrize("container_format", ["mp4", "matroska", "mpegts"])
def test_several_video_tracks_are_told(container_format):
    data = encode_tracks([40, 200, 120], [tone(rate=RATE)], container_format=container_format)
    video = VideoReader(data)
    assert any("3 video tracks; number 1 was taken" in text for text in video.warnings)
    assert np.abs([frame.image.mean() - 40 for frame in video]).max() < 5
    assert open_audio(data).warnings == []


def test_one_track_of_each_is_nothing_to_tell():
    data = encode_tracks([80], [tone(rate=RATE)])
    assert VideoReader(data).warnings == []
    assert open_audio(data).warnings == []


def test_a_track_in_an_unknown_codec_is_passed_over():
    sounds = [tone(rate=RATE, frequency=300), tone(rate=RATE, frequency=900)]
    data = encode_tracks([80], sounds, container_format="matroska")
    damaged = data.replace(b"A_AAC", b"A_NEW", 1)
    with pytest.warns(TalkstyleWarning, match="2 sound tracks; number 2 was taken"):
        audio = read_audio(damaged)
    assert frequency(audio.samples, audio.rate) == pytest.approx(900, abs=5)
    with pytest.raises(MediaCorrupt, match="unknown codec"):
        open_audio(data.replace(b"A_AAC", b"A_NEW"))


def test_a_cover_is_no_second_video(tmp_path, corners):
    write_image(tmp_path / "cover.png", corners)
    picture = (tmp_path / "cover.png").read_bytes()

    def box(name, body):
        return (8 + len(body)).to_bytes(4, "big") + name + body

    cover = box(b"data", b"\0\0\0\x0e" + bytes(4) + picture)
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    meta = box(b"udta", box(b"meta", bytes(4) + handler + box(b"ilst", box(b"covr", cover))))
    for data, kind in (
        (encode_tracks([80], [tone(rate=RATE)]), "video"),
        (encode_tracks([], [tone(rate=RATE)]), "audio"),
    ):
        at = data.rfind(b"moov") - 4  # the last box
        size = int.from_bytes(data[at : at + 4], "big")
        assert at + size == len(data)
        covered = data[:at] + (size + len(meta)).to_bytes(4, "big") + data[at + 4 :] + meta
        with av.open(io.BytesIO(covered)) as container:
            assert len(container.streams.video) == 1 + (kind == "video")
        assert probe(covered).kind == kind
        if kind == "video":
            assert VideoReader(covered).warnings == []


def moving_bar():
    """A bar that moves between the fields of a frame, and so looks like a comb where they are taken as one picture."""
    images = []
    for index in range(10):
        image = np.zeros((64, 96, 3), np.uint8)
        image[0::2, 10 + 4 * index : 30 + 4 * index] = 255
        image[1::2, 12 + 4 * index : 32 + 4 * index] = 255
        images.append(image)
    return images


def combing(video):
    lines = np.array([frame.image[..., 0] for frame in video], float)
    return np.abs(2 * lines[:, 1:-1] - lines[:, :-2] - lines[:, 2:]).mean()


@pytest.mark.parametrize(
    ("codec", "container_format", "pix_fmt"),
    [
        ("libx264", "mp4", "yuv420p"),
        ("libx264", "matroska", "yuv422p10le"),
        ("mpeg2video", "mpegts", "yuv420p"),
        ("mpeg4", "avi", "yuv420p"),
    ],
)
def test_interlaced_fields_become_one_picture(codec, container_format, pix_fmt):
    def encode(flags):
        def setup(context):
            context.time_base, context.options = Fraction(1, 25), flags

        return VideoReader(
            encode_video(moving_bar(), codec=codec, container_format=container_format, pix_fmt=pix_fmt, setup=setup)
        )

    video, whole = encode({"flags": "+ildct+ilme"}), encode({})
    assert any("interlaced" in text for text in video.warnings)
    assert [frame.time for frame in video] == [frame.time for frame in whole]
    assert len(list(video)) == 10
    assert combing(video) < 1
    assert combing(whole) > 10
    assert whole.warnings == []
