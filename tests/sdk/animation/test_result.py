"""What an ``Animation`` is asked for: files of every form, and single frames."""

from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest

from sdk.animation import animate
from sdk.data import Portrait
from sdk.errors import ComponentBroken, ConfigError, OutputError
from sdk.media import VideoReader
from tests.sdk.animation import fakes


class Ghost(fakes.Renderer):
    """Keeps the alpha, as a renderer of a transparent portrait has to."""

    def prepare(self, portrait):
        self.prepared += 1
        return np.dstack([portrait.pixels, portrait.alpha])


def make(*, alpha=False, seconds=0.4, **options):
    who = fakes.portrait()
    if alpha:
        mask = np.zeros((48, 64), np.uint8)
        mask[8:, 8:56] = 255
        who = Portrait(who.pixels, who.landmarks, mask)
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": Ghost() if alpha else None}
    parts["renderer"] = parts["renderer"] or fakes.Renderer()
    return animate(who, fakes.sound((seconds, 1)), device="cpu", **{**parts, **options})


@pytest.mark.parametrize("fps", [24, 25, "30000/1001", 60])
def test_webm_has_the_alpha_the_sound_and_the_length(tmp_path, fps):
    animation = make(alpha=True, fps=fps)
    path = animation.save(tmp_path / "out.webm")
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        frames = [frame for packet in container.demux(video=0) for frame in decoder.decode(packet)]
    assert len(frames) == len(animation)
    alpha = frames[-1].to_ndarray(format="rgba")[..., 3].astype(int)
    assert np.abs(alpha - next(iter(animation))[..., 3]).mean() < 2
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert abs(samples / 48000 - animation.duration) <= 0.001


def test_a_sequence_is_the_frames(tmp_path):
    animation = make(alpha=True)
    folder = animation.save(tmp_path / "shots")
    for index, frame in enumerate(animation):
        np.testing.assert_array_equal(np.asarray(PIL.Image.open(folder / f"frame-{index:05d}.png")), frame)
    assert (folder / "sound.wav").exists()
    assert animation.save(tmp_path / "more" / "f%03d.png").name == "f%03d.png"
    assert (tmp_path / "more" / "f009.png").exists()


@pytest.mark.parametrize(("background", "seen"), [(None, 255), ((10, 20, 30), (10, 20, 30))])
def test_mp4_is_laid_over_the_background(tmp_path, background, seen):
    path = make(alpha=True).save(tmp_path / "out.mp4", background=background)
    assert np.abs(next(iter(VideoReader(path))).image[2, 60].astype(int) - seen).max() < 8


def test_saved_twice_it_is_the_same_file(tmp_path):
    first = make().save(tmp_path / "a.mp4").read_bytes()
    assert make().save(tmp_path / "b.mp4").read_bytes() == first


def test_other_forms_are_refused_before_anything_is_made(tmp_path):
    renderer = fakes.Renderer()
    animation = make(renderer=renderer)
    for path, options in (("out.gif", {}), ("out.webm", {"background": (0, 0)}), ("out.mp4", {"signer": "me"})):
        with pytest.raises(ConfigError):
            animation.save(tmp_path / path, **options)
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(OutputError, match="other files"):
        animation.save(tmp_path)
    assert renderer.rendered == 0


def test_signed(tmp_path):
    c2pa = pytest.importorskip("c2pa")
    path = make().save(tmp_path / "out.mp4", signer="test")
    with c2pa.Reader(path) as reader:
        assert reader.get_validation_state() == "Valid"


@pytest.mark.parametrize("fps", [25, "30000/1001", 60])
def test_a_frame_at_a_time(fps):
    renderer = fakes.Renderer()
    animation = make(fps=fps, seconds=1.0, renderer=renderer)
    frames = list(animation)
    before = renderer.rendered
    for index in (0, 7, 14, len(frames) - 1):
        for seconds in (index / animation.fps, float(index / animation.fps), (index + Fraction(1, 2)) / animation.fps):
            np.testing.assert_array_equal(animation.frame(seconds), frames[index])
    assert renderer.rendered - before == 12
    for seconds in (-0.01, animation.duration, 99, float("nan")):
        with pytest.raises(ConfigError, match="no frame at second"):
            animation.frame(seconds)


def test_a_renderer_that_makes_none_of_one_frame_is_named():
    class Lossy(fakes.Renderer):
        def render(self, prepared, motions):
            return iter(())

    with pytest.raises(ComponentBroken, match="'fake' made 0 frames of 1"):
        make(renderer=Lossy()).frame(0)
