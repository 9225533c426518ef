import subprocess
import sys
import threading
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from sdk.errors import ConfigError, InputError, MediaCorrupt, OutputError
from sdk.media import VideoReader, VideoWriter, check_output, open_audio, probe, read_audio, write_video, writer

from .conftest import click, encode_sound, grey, peak, tone


def end_of_pictures(path):
    video = VideoReader(path)
    return [frame.time for frame in video][-1] + 1 / video.frame_rate


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)])
@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "array"])
def test_click_and_flash_coincide(tmp_path, rate, kind):
    path = tmp_path / "out.mp4"
    flash = 40
    at = float(flash / rate)
    samples = click(at=at, seconds=4)
    source = (samples, 48000) if kind == "array" else encode_sound(samples, kind)
    count = round(3 * rate)
    images = (grey(255 if index == flash else 0) for index in range(count))
    assert write_video(path, images, rate=rate, audio=open_audio(source)) == count
    frames = list(VideoReader(path))
    assert [frame.time for frame in frames] == [index / rate for index in range(count)]
    brightest = max(frames, key=lambda frame: frame.image.mean())
    audio = read_audio(path, rate=48000)
    assert abs(peak(audio.samples, 48000) - float(brightest.time)) < 0.002
    assert abs(audio.duration - count / rate) < 1 / rate


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_sound_and_pictures_end_together(tmp_path, seconds):
    path = tmp_path / "out.mp4"
    write_video(path, [grey(9)] * 30, rate=25, audio=open_audio((tone(rate=16000, seconds=seconds), 16000)))
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert video.codec_context.pix_fmt == "yuv420p"
        assert float(video.duration * video.time_base) == pytest.approx(1.2, abs=1e-6)
        assert float(audio.duration * audio.time_base) == pytest.approx(1.2, abs=0.001)
    assert end_of_pictures(path) == Fraction(6, 5)


def test_the_same_frames_give_the_same_file(tmp_path):
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (128, 160, 3), dtype=np.uint8) for _ in range(30)]
    sound = encode_sound(tone(rate=48000, seconds=2), "mp3")
    files = [tmp_path / name / "out.mp4" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        write_video(file, images, rate=25, audio=open_audio(sound))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_it_says_that_it_was_generated(tmp_path):
    path = tmp_path / "out.mp4"
    write_video(path, [grey(1)] * 3, rate=25, metadata={"artist": "me", "comment": "none"})
    with av.open(str(path)) as container:
        metadata = dict(container.metadata)
    assert metadata["comment"] == "AI-generated: made with talkstyle"
    assert "ai-generated=true" in metadata["talkstyle"]
    assert metadata["artist"] == "me"
    assert not {"title", "creation_time", "encoder"} & set(metadata)
    data = path.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")  # playable while it loads
    assert b"Lavf" not in data
    assert str(tmp_path).encode() not in data


def test_the_mark_is_there_as_xmp_too(tmp_path):
    path = tmp_path / "out.mp4"
    write_video(path, [grey(1)] * 3, rate=25)
    with av.open(str(path), options={"export_xmp": "1"}) as container:
        packet = container.metadata["xmp"]
        source_type = container.metadata["digitalsourcetype"]
    assert source_type == "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    assert f'Iptc4xmpExt:DigitalSourceType="{source_type}"' in packet


def test_frames_are_made_while_others_are_encoded(tmp_path):
    """The encoder waits, inside its first frame, for a frame that is made after it: one after the other would hang."""
    later = threading.Event()

    class Sound:
        name = "a sound"

        def at(self, rate):
            return self

        def __iter__(self):
            assert later.wait(60), "encoding holds up the frames"
            yield np.zeros(96000, np.float32)

    with VideoWriter(tmp_path / "out.mp4", size=(96, 64), rate=10, audio=Sound()) as writer:
        for index in range(6):
            writer.write(grey(9))
            if index == 3:
                later.set()
    assert writer.frames == 6


def test_an_error_at_the_very_end_is_raised_and_hangs_nothing(tmp_path, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sdk.media.writer.mark_mp4", full)
    with pytest.raises(OutputError, match="No space left"):
        write_video(tmp_path / "out.mp4", [grey(0)] * 3, rate=25)
    assert list(tmp_path.iterdir()) == []


def test_odd_sizes_get_one_replicated_row_and_column(tmp_path):
    path = tmp_path / "out.mp4"
    image = np.full((63, 95, 3), 128, np.uint8)
    image[:, -9:], image[-9:] = 255, 0
    write_video(path, [image] * 3, rate=25, crf=5)
    frame = next(iter(VideoReader(path))).image
    assert frame.shape == (64, 96, 3)
    assert frame[20, -1].min() > 240
    assert frame[-1, 20].max() < 15


def test_alpha_is_laid_over_the_background(tmp_path):
    image = np.zeros((64, 96, 4), np.uint8)
    image[:, 48:, 3] = 255
    image[:32, :48, 3] = 128
    for background, empty, half in (((255, 255, 255), (255,) * 3, (127,) * 3), ((0, 200, 0), (0, 200, 0), (0, 100, 0))):
        path = tmp_path / "out.mp4"
        write_video(path, [image] * 3, rate=25, crf=5, background=background)
        frame = next(iter(VideoReader(path))).image.astype(int)
        assert np.abs(frame[48, 24] - empty).max() < 6
        assert np.abs(frame[16, 24] - half).max() < 6
        assert frame[32, 72].max() < 6


@pytest.mark.parametrize("size", [(96, 64), (1280, 720)])
def test_colours_come_back(tmp_path, size):
    path = tmp_path / "out.mp4"
    for colour in ((200, 150, 120), (30, 60, 160)):
        write_video(path, [np.full((size[1], size[0], 3), colour, np.uint8)] * 2, rate=25)
        assert np.abs(next(iter(VideoReader(path))).image.mean(axis=(0, 1)) - colour).max() < 3


def test_the_callers_buffer_can_be_used_again(tmp_path):
    path = tmp_path / "out.mp4"
    buffer = np.zeros((64, 96, 3), np.uint8)
    with VideoWriter(path, size=(96, 64), rate=25) as writer:
        for level in range(0, 200, 10):
            buffer[:] = level
            writer.write(buffer)
    assert [round(float(frame.image.mean()) / 10) for frame in VideoReader(path)] == list(range(20))


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")

    def failing():
        yield grey(0)
        raise RuntimeError("the renderer failed")

    with pytest.raises(RuntimeError, match="renderer"):
        write_video(path, failing(), rate=25)
    with pytest.raises(InputError, match="frame 1"):
        write_video(path, [grey(0), grey(0, width=98)], rate=25)
    with pytest.raises(OutputError, match="no frame"):
        write_video(path, [], rate=25)
    with pytest.raises(OutputError, match="no frame"), VideoWriter(path, size=(96, 64), rate=25):
        pass
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]
    assert not any(thread.name == "talkstyle-encoder" for thread in threading.enumerate())


def test_damaged_sound_surfaces_while_writing(tmp_path):
    noise = 0.3 * np.random.default_rng(0).standard_normal(48000 * 4).clip(-3, 3).astype(np.float32)
    data = encode_sound(noise, "wav")
    with pytest.raises(MediaCorrupt, match="second"):
        write_video(tmp_path / "out.mp4", [grey(0)] * 500, rate=25, audio=open_audio(data[: len(data) // 2]))
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        write_video(tmp_path / "none" / "out.mp4", [grey(0)], rate=25)
    for bad in ({"rate": 0}, {"rate": 25, "crf": 99}):
        with pytest.raises(ConfigError):
            write_video(tmp_path / "out.mp4", [grey(0)], **bad)
    with pytest.raises(ConfigError, match="mp4"):
        write_video(tmp_path / "out.avi", [grey(0)], rate=25)
    with pytest.raises(OutputError, match="not open"):
        VideoWriter(tmp_path / "out.mp4", size=(96, 64), rate=25).write(grey(0))


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on file sizes there")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    script = f"""
import resource, signal
import numpy as np
from sdk.errors import OutputError
from sdk.media import write_video
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
rng = np.random.default_rng(0)
frames = (rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(60))
try:
    write_video({str(path)!r}, frames, rate=25)
except OutputError as error:
    print("refused:", error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert "refused: the video could not be written" in done.stdout
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_unicode_paths(tmp_path):
    path = tmp_path / "mein Vidéo 世界.mp4"
    write_video(path, [grey(1)] * 3, rate=25)
    assert probe(path).kind == "video"
    assert path.stat().st_mode & 0o444


@pytest.mark.parametrize(
    ("name", "options", "error", "said"),
    [
        ("out.avi", {}, ConfigError, "not written as"),
        ("out.mp4", {"preset": "quickest"}, ConfigError, "preset="),
        ("out.mp4", {"crf": 99}, ConfigError, "crf=99"),
        ("out.webm", {"crf": "good"}, ConfigError, "crf=good"),
        ("none/out.mp4", {}, OutputError, "cannot write into"),
        ("folder.mp4", {}, OutputError, "a folder where the file"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_first_frame_is_made(tmp_path, name, options, error, said):
    def frames():
        pytest.fail("a frame was asked for")
        yield

    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(error, match=said):
        write_video(tmp_path / name, frames(), rate=25, **options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.mp4"]


def test_an_encoder_that_this_pyav_lacks_is_told_at_once(tmp_path, monkeypatch):

    monkeypatch.setitem(writer.SUFFIXES, ".mp4", replace(writer.MP4, video_codec="libnone"))
    with pytest.raises(OutputError, match=r"no encoder libnone.*pip install"):
        check_output(tmp_path / "out.mp4")


def test_a_video_does_not_replace_its_own_sound(tmp_path):
    path = tmp_path / "said.mp4"
    write_video(path, [grey(9)] * 5, rate=25, audio=open_audio((tone(seconds=1), 16000)))
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="also an input"):
        VideoWriter(path, size=(96, 64), rate=25, audio=open_audio(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".mp4", "x" * 300 + "/", "x" * 300 + "-%05d.png"])
def test_a_name_that_no_disk_takes_is_told_first(tmp_path, name):
    with pytest.raises(OutputError):
        check_output(f"{tmp_path}/{name}")
