from fractions import Fraction

import av
import numpy as np
import pytest

from sdk.errors import ConfigError, InputError
from sdk.media import VideoReader, VideoWriter, open_audio, read_audio, write_video

from .conftest import click, grey, peak, tone


def decode(path):
    """The frames with their alpha, which only libvpx's own decoder gives."""
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
        return [frame for packet in packets for frame in decoder.decode(packet)]


def ghost(shift=0):
    """Red on transparent, half of it half so, with a colour of its own where nothing is seen."""
    image = np.zeros((64, 96, 4), np.uint8)
    image[:, :, 1] = 90
    image[16:48, 20 + shift : 60 + shift] = (200, 40, 40, 255)
    image[16:48, 20 + shift : 40 + shift, 3] = 128
    return image


def test_alpha_is_kept(tmp_path):
    path = tmp_path / "out.webm"
    write_video(path, [ghost(index) for index in range(12)], rate=25)
    frames = decode(path)
    assert len(frames) == 12
    assert {frame.format.name for frame in frames} == {"yuva420p"}
    for index in (0, 11):
        got, expected = frames[index].to_ndarray(format="rgba").astype(int), ghost(index).astype(int)
        assert np.abs(got[..., 3] - expected[..., 3]).mean() < 2
        assert np.abs(got[24:40, 44 + index : 56 + index] - expected[24:40, 44 + index : 56 + index]).max() < 16


def test_a_background_takes_the_place_of_the_alpha(tmp_path):
    path = tmp_path / "out.webm"
    write_video(path, [ghost()] * 3, rate=25, background=(0, 0, 250))
    (first, *_) = decode(path)
    assert first.format.name == "yuv420p"
    assert np.abs(next(iter(VideoReader(path))).image[4, 4].astype(int) - (0, 0, 250)).max() < 12


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(60)])
def test_picture_and_sound_coincide_and_end_together(tmp_path, rate):
    path = tmp_path / "out.webm"
    count = round(2 * rate)
    sound = open_audio((click(at=float(20 / rate), seconds=3), 48000))
    write_video(path, (grey(255 if index == 20 else 0) for index in range(count)), rate=rate, audio=sound)
    frames = list(VideoReader(path))
    assert len(frames) == count
    assert all(abs(frame.time - index / rate) <= Fraction(1, 1000) for index, frame in enumerate(frames))
    brightest = max(frames, key=lambda frame: frame.image.mean())
    audio = read_audio(path, rate=48000)
    assert abs(peak(audio.samples, 48000) - float(brightest.time)) < 0.003
    assert abs(audio.duration - count / rate) < Fraction(1, 1000)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "vp9"
        assert container.streams.audio[0].codec_context.name == "opus"


def test_the_same_frames_give_the_same_file(tmp_path):
    images = [ghost(index) for index in range(10)]
    paths = [tmp_path / name for name in ("a.webm", "b.webm")]
    for path in paths:
        write_video(path, images, rate=25, audio=open_audio((tone(rate=48000), 48000)))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_it_says_that_it_was_generated(tmp_path):
    path = tmp_path / "out.webm"
    write_video(path, [grey(1)] * 3, rate=25, metadata={"artist": "me"})
    with av.open(str(path)) as container:
        tags = dict(container.metadata)
    assert tags["COMMENT"] == "AI-generated: made with talkstyle"
    assert tags["DIGITALSOURCETYPE"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert tags["ARTIST"] == "me"


def test_odd_sizes(tmp_path):
    path = tmp_path / "out.webm"
    image = np.full((63, 95, 4), 128, np.uint8)
    write_video(path, [image] * 2, rate=25)
    assert decode(path)[0].to_ndarray(format="rgba").shape == (64, 96, 4)


def test_what_does_not_go(tmp_path):
    with pytest.raises(InputError, match="frame 1"):
        write_video(tmp_path / "out.webm", [ghost(), ghost()[:, :, :3]], rate=25)
    with pytest.raises(ConfigError, match="C2PA"):
        VideoWriter(tmp_path / "out.webm", size=(96, 64), rate=25, signer=object())
    with pytest.raises(ConfigError, match="crf"):
        VideoWriter(tmp_path / "out.webm", size=(96, 64), rate=25, crf=64)
    with pytest.raises(ConfigError, match="background"):
        VideoWriter(tmp_path / "out.webm", size=(96, 64), rate=25, background=(0, 0, 256))
    assert list(tmp_path.iterdir()) == []
