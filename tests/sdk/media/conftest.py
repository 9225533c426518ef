"""Media made on the spot: clicks, tones and flashes at known times."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

# container, codec and sample format of what users bring
SOUNDS = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "flac": ("flac", "flac", "s16"),
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "m4a": ("ipod", "aac", "fltp"),
    "ogg": ("ogg", "vorbis", "fltp"),
    "opus": ("ogg", "libopus", "flt"),
    "mka": ("matroska", "aac", "fltp"),
    "webm": ("webm", "libopus", "flt"),
}


def click(*, rate=48000, seconds=2.0, at=0.75, width=0.0005):
    """Silence [N] with one short bump whose middle stands at a known second."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.8 * np.exp(-(((time - at) / width) ** 2))).astype(np.float32)


def tone(*, rate=44100, seconds=1.0, frequency=440.0, level=0.5):
    return (level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def peak(samples, rate):
    """The second at which the bump stands: the centre of the energy around the loudest sample."""
    middle = int(np.abs(samples).argmax())
    low = max(0, middle - rate // 100)
    part = np.square(samples[low : middle + rate // 100].astype(np.float64))
    return (low + float((part * np.arange(len(part))).sum() / part.sum())) / rate


def encode_sound(samples, kind, *, rate=48000, late=0, gap=None):
    """Encode [N] or [N, C]; ``late`` and ``gap=(second, seconds)`` shift timestamps."""
    container_format, codec, sample_format = SOUNDS[kind]
    samples = samples[:, None] if samples.ndim == 1 else samples
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        layout = "mono" if samples.shape[1] == 1 else "stereo"
        options = {"strict": "experimental"}
        stereo_only = codec == "vorbis" and layout == "mono"
        if stereo_only:  # this encoder knows stereo alone
            samples, layout = np.repeat(samples, 2, axis=1), "stereo"
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.codec_context.layout = layout
        stream.codec_context.format = sample_format
        if codec in ("aac", "libmp3lame", "libopus", "vorbis"):
            stream.codec_context.bit_rate = 128_000
        if sample_format == "s16":
            samples = np.round(samples * 32767).astype(np.int16)
        fifo = av.AudioFifo()
        frame = make_frame(samples, sample_format, layout, rate)
        frame.pts = 0
        fifo.write(frame)
        size = stream.codec_context.frame_size or 1024
        position = 0
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 1024
        while (piece := fifo.read(size, partial=True)) is not None:
            shift = late + (gap[1] if gap and position >= gap[0] * rate else 0)
            piece.pts = position + round(shift * rate)
            piece.time_base = Fraction(1, rate)
            position += piece.samples
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


def make_frame(samples, sample_format, layout, rate):
    planar = sample_format.endswith("p")
    data = samples.T if planar else samples.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), format=sample_format, layout=layout)
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    return frame


def encode_video(
    images, *, rate=25, times=None, codec="libx264", container_format="mp4", pix_fmt="yuv420p", sound=None, setup=None
):
    """Encode pictures [H, W, 3]; ``times`` in seconds makes the frame rate variable; ``sound`` is mono at 48 kHz."""
    file = io.BytesIO()
    base = Fraction(1, 90000)
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(
            codec, rate=rate, options={"crf": "10", "preset": "ultrafast"} if "26" in codec else {}
        )
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = base
        if setup:
            setup(stream.codec_context)
        audio = None
        if sound is not None:
            audio = container.add_stream("aac", rate=48000)
            audio.codec_context.layout = "mono"
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            second = Fraction(index) / Fraction(rate) if times is None else Fraction(times[index])
            frame.pts = round(second / base)
            frame.time_base = base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            for start in range(0, len(sound), 1024):
                frame = make_frame(sound[start : start + 1024, None], "fltp", "mono", 48000)
                frame.pts = start
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return file.getvalue()


def grey(level, *, height=64, width=96):
    return np.full((height, width, 3), level, np.uint8)


@pytest.fixture
def corners():
    """A picture [64, 96, 3] whose corners are red, green, blue and white, clockwise from the top left."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, :48], image[:32, 48:] = (255, 0, 0), (0, 255, 0)
    image[32:, :48], image[32:, 48:] = (255, 255, 255), (0, 0, 255)
    return image


def names_of_corners(image):
    """Read the picture above back, as a string of four letters clockwise from the top left."""
    height, width = image.shape[:2]
    letters = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W"}
    places = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.75), (0.75, 0.25)]
    colours = [image[round(y * height), round(x * width)] for y, x in places]
    return "".join(letters.get(tuple(int(v > 128) for v in colour), "?") for colour in colours)
