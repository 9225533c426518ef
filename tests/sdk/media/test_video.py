import io
from fractions import Fraction

import av
import numpy as np
import pytest

from sdk.errors import MediaCorrupt, MediaNotFound, MediaTrackMissing
from sdk.media import VideoReader, probe, write_image

from .conftest import click, encode_sound, encode_video, grey, names_of_corners


def with_matrix(data, matrix):
    """Write a display matrix (a, b, c, d) into an mp4's track header."""
    data = bytearray(data)
    at = data.find(b"tkhd") + 4 + 40  # version 0
    fixed = [matrix[0], matrix[1], 0, matrix[2], matrix[3], 0, 0, 0]
    for index, value in enumerate(fixed):
        data[at + 4 * index : at + 4 * index + 4] = (value << 16).to_bytes(4, "big", signed=True)
    data[at + 32 : at + 36] = (1 << 30).to_bytes(4, "big")
    return bytes(data)


def test_frames_with_their_times():
    data = encode_video([grey(10 * k) for k in range(20)], rate=Fraction(30000, 1001))
    video = VideoReader(data)
    frames = list(video)
    assert video.size == (96, 64)
    assert not video.has_audio
    assert video.frame_rate == Fraction(30000, 1001)
    assert float(video.duration) == pytest.approx(20 * 1001 / 30000, abs=1e-3)
    assert [frame.time for frame in frames] == [k * Fraction(1001, 30000) for k in range(20)]
    assert all(frame.image.shape == (64, 96, 3) and frame.image.dtype == np.uint8 for frame in frames)
    assert np.abs([frame.image.mean() - 10 * k for k, frame in enumerate(frames)]).max() < 3
    assert [frame.time for frame in video] == [frame.time for frame in frames]


def test_variable_frame_rate():
    times = [Fraction(0), Fraction(1, 30), Fraction(1, 10), Fraction(1, 2), Fraction(3, 5)]
    for container_format in ("mp4", "matroska"):
        data = encode_video([grey(40 * k) for k in range(5)], times=times, container_format=container_format)
        frames = list(VideoReader(data))
        assert [float(frame.time) for frame in frames] == pytest.approx([float(t) for t in times], abs=0.001)
        assert [round(frame.image.mean() / 40) for frame in frames] == list(range(5))


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), "RGBW"),
        ((0, 1, -1, 0), "WRGB"),  # a quarter turn clockwise, as phones held upright write it
        ((-1, 0, 0, -1), "BWRG"),
        ((0, -1, 1, 0), "GBWR"),
        ((-1, 0, 0, 1), "GRWB"),  # mirrored
        ((0, 1, 1, 0), "RWBG"),  # mirrored and turned
    ],
)
def test_rotation_is_applied_once(corners, matrix, shown):
    data = with_matrix(encode_video([corners] * 3), matrix)
    video = VideoReader(data)
    frame = next(iter(video))
    assert names_of_corners(frame.image) == shown
    assert video.size == frame.image.shape[1::-1]
    assert video.size == ((64, 96) if matrix[0] == 0 else (96, 64))
    info = probe(data)
    assert (info.width, info.height) == video.size


def test_stretched_pixels_are_made_square():
    def stretch(aspect):
        return lambda context: setattr(context, "sample_aspect_ratio", aspect)

    wide = VideoReader(encode_video([grey(9)] * 2, setup=stretch(Fraction(4, 3))))
    tall = VideoReader(encode_video([grey(9)] * 2, setup=stretch(Fraction(1, 2))))
    assert wide.size == (128, 64)
    assert tall.size == (96, 128)
    assert next(iter(wide)).image.shape == (64, 128, 3)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuvj420p"])
def test_pixel_formats(corners, pix_fmt):
    frame = next(iter(VideoReader(encode_video([corners] * 2, pix_fmt=pix_fmt))))
    assert names_of_corners(frame.image) == "RGBW"
    assert frame.image[48, 24].min() > 245  # white is white, whatever the range


def test_other_codecs(corners):
    for codec, container_format, pix_fmt in (
        ("libvpx-vp9", "webm", "yuv420p"),
        ("ffv1", "matroska", "bgr0"),
        ("libx265", "mp4", "yuv420p"),
        ("mjpeg", "mov", "yuvj420p"),
    ):
        data = encode_video([corners] * 4, codec=codec, container_format=container_format, pix_fmt=pix_fmt)
        frames = list(VideoReader(data))
        assert len(frames) == 4, codec
        assert names_of_corners(frames[0].image) == "RGBW"


def test_hdr_is_told():
    def pq(context):
        context.color_trc, context.color_primaries, context.colorspace = 16, 9, 9

    data = encode_video([grey(100)] * 2, pix_fmt="yuv420p10le", setup=pq)
    assert any("HDR, PQ" in text for text in VideoReader(data).warnings)
    assert VideoReader(encode_video([grey(100)] * 2)).warnings == []


def test_paths_bytes_file_objects(tmp_path):
    data = encode_video([grey(50)] * 5)
    path = tmp_path / "ein Clip ü.mp4"
    path.write_bytes(data)
    for source in (path, str(path), data, io.BytesIO(data)):
        assert len(list(VideoReader(source))) == 5


def test_missing_empty_no_picture(tmp_path):
    with pytest.raises(MediaNotFound):
        VideoReader(tmp_path / "none.mp4")
    with pytest.raises(MediaCorrupt, match="0 bytes"):
        VideoReader(b"")
    with pytest.raises(MediaCorrupt, match="byte"):
        VideoReader(b"x" * 5000)
    with pytest.raises(MediaTrackMissing):
        VideoReader(encode_sound(click(), "m4a"))


def test_a_truncated_video_names_the_second():
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (64, 96, 3), dtype=np.uint8) for _ in range(100)]
    whole = encode_video(noise, container_format="mp4")
    with pytest.raises(MediaCorrupt, match="byte"):  # its index stood at the end
        VideoReader(whole[: len(whole) // 2])
    for container_format in ("avi", "matroska"):
        data = encode_video(noise, container_format=container_format)
        with pytest.raises(MediaCorrupt, match=r"stop at second [12]\.\d\d"):
            list(VideoReader(data[: len(data) // 2]))


@pytest.mark.parametrize(("codec", "container_format"), [("libx264", "mp4"), ("libvpx-vp9", "webm")])
def test_a_damaged_first_frame_names_the_second(codec, container_format):
    data = encode_video([grey(90)] * 10, codec=codec, container_format=container_format)
    with av.open(io.BytesIO(data)) as container:
        first = bytes(next(container.demux(video=0)))
    damaged = data.replace(first, b"\xff" * len(first), 1)
    assert damaged != data
    for read in (VideoReader, probe):
        with pytest.raises(MediaCorrupt, match=r"damaged or cut off; its pictures stop at second 0\.00"):
            read(damaged)


def test_what_cannot_seek_is_probed():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    assert probe(Pipe(encode_video([grey(0)] * 5))).kind == "video"


def test_a_cover_picture_is_no_video(tmp_path, corners):
    write_image(tmp_path / "cover.png", corners)
    body = b"\0image/png\0\3\0" + (tmp_path / "cover.png").read_bytes()
    frame = b"APIC" + len(body).to_bytes(4, "big") + b"\0\0" + body
    size = len(frame)
    tag = b"ID3\3\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + frame
    info = probe(tag + encode_sound(click(), "mp3"))
    assert (info.kind, info.has_video) == ("audio", False)


def test_probe(tmp_path, corners):
    write_image(tmp_path / "still.png", corners)
    still = probe(tmp_path / "still.png")
    assert (still.kind, still.width, still.height, still.duration, still.has_video) == ("image", 96, 64, None, False)
    clip = probe(encode_video([grey(0)] * 50, sound=click()))
    assert (clip.kind, clip.has_audio, clip.has_video, clip.frame_rate) == ("video", True, True, 25)
    assert float(clip.duration) == pytest.approx(2)
    sound = probe(encode_sound(click(), "mp3"))
    assert (sound.kind, sound.has_audio, sound.has_video, sound.width) == ("audio", True, False, None)
    assert float(sound.duration) == pytest.approx(2, abs=0.05)
    with pytest.raises(MediaCorrupt):
        probe(b"nothing")
    with pytest.raises(MediaNotFound):
        probe(tmp_path / "none")
