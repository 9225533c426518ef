import threading
import tracemalloc
import warnings
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from sdk.animation import Animation, animate
from sdk.animation.synthesis import MotionSynthesizer
from sdk.data import Audio, Controls
from sdk.errors import (
    Cancelled,
    ComponentBroken,
    ComponentMismatch,
    ConfigError,
    FaceAmbiguous,
    FaceNotFound,
    MediaCorrupt,
    MediaNotFound,
    NotFiniteError,
    OutputError,
    StyleNotFound,
)
from sdk.geometry import BROWS, canonical_face, eye_opening, mouth_opening
from sdk.progress import CancelToken
from sdk.registry import register
from sdk.warnings import TalkstyleWarning
from tests.sdk.animation import fakes


def make(audio, portrait=None, **options):
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": fakes.Renderer()}
    return animate(fakes.portrait() if portrait is None else portrait, audio, **{**parts, "device": "cpu", **options})


def opening(motion):
    return mouth_opening(canonical_face() + motion.expression)


def test_frames_are_made_as_they_are_asked_for():
    renderer = fakes.Renderer()
    animation = make(fakes.sound((10, 1)), renderer=renderer)
    assert renderer.prepared == 1
    assert renderer.rendered == 0
    next(iter(animation))
    assert renderer.rendered == 1
    assert len(animation) == 250
    assert animation.fps == 25
    assert animation.duration == 10
    assert animation.size == (64, 48)


def test_each_iteration_begins_again_and_gives_the_same():
    audio = fakes.sound((1, 1), (1, 0), (1, 1))
    animation = make(audio)
    first, second, other = list(animation), list(animation), list(make(audio))
    assert len(first) == 75
    assert first[0].shape == (48, 64, 3)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, other)
    assert np.abs(animation.motion.pose - make(audio, seed=1).motion.pose).max() > 0.003


def test_two_iterations_at_once_do_not_disturb_each_other():
    animation = make(fakes.sound((2, 1)))
    expected = list(animation)
    pairs = list(zip(animation, animation, strict=True))
    np.testing.assert_array_equal([a for a, _ in pairs], expected)
    np.testing.assert_array_equal([b for _, b in pairs], expected)


def test_motion_is_what_the_renderer_is_given():
    animation = make(fakes.sound((1, 1), (1, 0)), fps=29.97)
    motion = animation.motion
    assert motion.rate == Fraction(30000, 1001)
    assert len(motion) == len(animation) == 60
    seen = np.array([frame[0, 0, 0] for frame in animation])
    np.testing.assert_array_equal(seen, np.clip(1000 * motion.expression[:, 66, 1], 0, 255).astype(np.uint8))


@pytest.mark.parametrize("fps", [25, 29.97, 60, 12.5])
def test_the_mouth_moves_when_the_sound_does(fps):
    motion = make(fakes.sound((1, 0), (0.5, 1), (1, 0), (0.5, 1), (1, 0)), fps=fps).motion
    moving = opening(motion) > 0.12  # over the rest that the generator shows in silence
    times = np.flatnonzero(moving) / float(motion.rate)
    for begin, end in ((1.0, 1.5), (2.5, 3.0)):
        inside = times[(times > begin - 0.3) & (times < end + 0.3)]
        assert inside[0] == pytest.approx(begin, abs=1 / fps + 1 / 60)
        assert inside[-1] == pytest.approx(end, abs=1 / fps + 1 / 60)


def test_there_is_no_drift_in_three_minutes():
    motion = make(fakes.sound((179, 0), (1, 1)), fps=29.97).motion
    first = np.flatnonzero(opening(motion) > 0.12)[0] / motion.rate
    assert float(first) == pytest.approx(179, abs=0.05)
    assert abs(motion.duration - 180) < Fraction(1, 29)


def test_silence_closes_the_mouth_and_the_eyes_blink_on():
    with pytest.warns(TalkstyleWarning, match="nothing is heard"):
        animation = make(fakes.sound((20, 0)))
    motion = animation.motion
    assert np.abs(motion.expression[:, 48:]).max() == 0
    assert np.abs(motion.expression[:, :17]).max() == 0
    lids = eye_opening(canonical_face() + motion.expression)
    assert lids.min() < 0.1 * lids.max()
    assert np.degrees(np.ptp(motion.pose[:, 1])) > 0.5
    assert animation.warnings == ("nothing is heard in the sound: the mouth stays closed",)


def test_the_mouth_is_closed_at_both_ends_and_in_pauses():
    motion = make(fakes.sound((1, 1), (1, 0), (1, 1)), fps=60).motion
    openings = opening(motion)
    closed = openings.min()
    assert openings[0] == openings[-1] == openings[90] == closed
    assert openings[30] > closed + 0.1


def test_head_eyes_and_mouth_never_jump():
    generator = fakes.Generator(rest=0.3)  # a mouth that always stands open
    torch.nn.init.zeros_(generator.gain)
    motion = make(fakes.sound((1, 0), (2, 1), (2, 0), (1, 1)), fps=60, generator=generator).motion
    idle = motion.pose[:, 1:]  # the fake generator turns the head about x by the loudness, which jumps
    assert np.abs(np.diff(idle, axis=0)).max() < np.radians(0.3)
    lids = eye_opening(canonical_face() + motion.expression)
    assert np.abs(np.diff(lids)).max() < 0.4 * lids.max()
    assert opening(motion).max() > 0.29
    assert np.abs(np.diff(opening(motion))).max() < 0.07


def test_controls():
    audio = fakes.sound((8, 1))
    plain = make(audio).motion
    still = make(audio, controls=Controls(head=0)).motion
    assert np.abs(still.pose).max() == 0
    np.testing.assert_array_equal(still.expression, plain.expression)  # the blinks among it
    staring = make(audio, controls=Controls(blink=0)).motion
    assert np.abs(staring.expression[:, 36:48]).max() == 0
    np.testing.assert_array_equal(staring.pose, plain.pose)
    calm = make(audio, controls=Controls(mouth=0.5, brows=0)).motion
    np.testing.assert_allclose(calm.expression[:, 48:], plain.expression[:, 48:] / 2, atol=1e-6)
    assert np.abs(calm.expression[:, BROWS]).max() == 0


@pytest.mark.filterwarnings("ignore:nothing is heard")
@pytest.mark.parametrize("samples", [1, 800, 1601])
def test_a_very_short_sound_has_a_frame(samples):
    animation = make(Audio(fakes.sound((1, 1)).samples[:samples], 16000))
    assert len(list(animation)) == len(animation.motion) == len(animation) >= 1


def test_the_sounds_warnings_are_told_once_and_kept():
    loud = np.clip(5 * np.sin(np.arange(16000) / 10), -1, 1).astype(np.float32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        animation = make((loud, 16000))
    assert [str(each.message) for each in caught] == list(animation.warnings)
    assert len(animation.warnings) == 1
    assert "clipped" in animation.warnings[0]
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"fps": 0}, ConfigError),
        ({"strength": float("nan")}, ConfigError),
        ({"seed": -1}, ConfigError),
        ({"seed": 1.5}, ConfigError),
        ({"generator": object()}, ComponentBroken),
        ({"style": "./no-such-style"}, StyleNotFound),
    ],
)
def test_what_is_wrong_is_found_before_the_portrait_is_read_and_the_sound_is_listened_to(options, error):
    picture, detector, stages = np.zeros((256, 192, 3), np.uint8), fakes.Detector(), []
    with pytest.raises(error):
        make(fakes.sound((1, 1)), picture, detector=detector, on_progress=lambda p: stages.append(p.stage), **options)
    assert "listen" not in stages
    assert detector.seen == 0


def test_a_picture_is_looked_at_first_and_its_warnings_are_kept():
    picture = np.random.default_rng(0).integers(0, 255, (256, 192, 3), dtype=np.uint8)
    detector = fakes.Detector()
    with pytest.warns(TalkstyleWarning, match="pixels wide"):
        animation = make(fakes.sound((1, 1)), portrait=picture, detector=detector)
    assert detector.seen == 1
    assert animation.size == (192, 256)
    assert len(animation.warnings) == 1


@pytest.mark.parametrize(("faces", "error"), [(0, FaceNotFound), (2, FaceAmbiguous)])
def test_no_face_and_too_many_are_found_before_heavy_work(faces, error):
    def never(progress):
        assert progress.stage != "listen"

    renderer = fakes.Renderer()
    picture = np.zeros((256, 192, 3), np.uint8)
    detector = fakes.Detector(faces)
    with pytest.raises(error):
        make(fakes.sound((1, 1)), portrait=picture, detector=detector, renderer=renderer, on_progress=never)
    assert renderer.prepared == 0


def test_bad_sound(tmp_path):
    with pytest.raises(MediaNotFound):
        make(tmp_path / "none.wav")
    with pytest.raises(MediaCorrupt):
        make((np.zeros(0, np.float32), 16000))
    with pytest.raises(NotFiniteError, match=r"second 0\.500"):
        make((np.where(np.arange(16000) == 8000, np.nan, 0).astype(np.float32), 16000))


def test_an_encoder_of_another_width_is_refused():
    encoder = fakes.Encoder()
    encoder.width = 7
    with pytest.raises(ComponentMismatch, match="takes 1 features, and the encoder 'fake' gives 7"):
        make(fakes.sound((1, 1)), encoder=encoder)


def test_an_encoder_that_keeps_no_time_is_named():
    class Slow(fakes.Encoder):
        def stream(self):
            stream = super().stream()
            stream.finish = lambda: np.zeros((3, 1), np.float32)
            return stream

    with pytest.raises(ComponentBroken, match="3 frames too many"):
        list(make(fakes.sound((1, 1)), encoder=Slow()))


def test_a_renderer_that_loses_frames_is_named(tmp_path):
    class Lossy(fakes.Renderer):
        def render(self, prepared, motions):
            yield from list(super().render(prepared, motions))[:-2]

    with pytest.raises(ComponentBroken, match="made 23 frames of 25"):
        make(fakes.sound((1, 1)), renderer=Lossy()).save(tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_the_callers_generator_stays_as_it_is():
    generator = fakes.Generator().train()
    before = generator.gain.detach().clone()
    list(make(fakes.sound((1, 1)), generator=generator))
    assert generator.training
    assert torch.equal(generator.gain, before)


@pytest.mark.parametrize("fps", [25, "30000/1001"])
def test_save_writes_picture_and_sound_of_one_length(tmp_path, fps):
    audio = fakes.sound((1, 1), (1.013, 0))
    animation = make(audio, fps=fps)
    done = []
    path = animation.save(tmp_path / "out.mp4", on_progress=lambda p: done.append(p.fraction))
    assert path == tmp_path / "out.mp4"
    assert done == [pytest.approx((k + 1) / len(animation)) for k in range(len(animation))]
    with av.open(str(path)) as container:
        video, track = container.streams.video[0], container.streams.audio[0]
        assert video.codec_context.name == "h264"
        assert track.codec_context.name == "aac"
        assert video.average_rate == animation.fps
        frames = sum(1 for _ in container.decode(video=0))
        assert frames == len(animation)
        assert abs(frames / animation.fps - audio.duration) <= 1 / animation.fps
        assert abs(track.duration * track.time_base - audio.duration) <= 1 / animation.fps


def test_motion_is_the_same_after_save_which_keeps_none_of_it(tmp_path):
    animation = make(fakes.sound((1, 1)))
    expected = make(fakes.sound((1, 1))).motion
    animation.save(tmp_path / "out.mp4")
    assert "motion" not in vars(animation)
    np.testing.assert_array_equal(animation.motion.expression, expected.expression)
    np.testing.assert_array_equal(animation.motion.pose, expected.pose)


def test_an_error_leaves_no_file_and_the_old_one_in_place(tmp_path):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="renderer broke"):
        make(fakes.sound((2, 1)), renderer=fakes.Renderer(fail_at=30)).save(target)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.mp4", b"old")]
    with pytest.raises(OutputError):
        make(fakes.sound((1, 1))).save(tmp_path / "missing" / "out.mp4")


def test_cancelling_leaves_no_file(tmp_path):
    token = CancelToken()

    def stop(progress):
        if progress.fraction and progress.fraction > 0.5:
            token.cancel()

    with pytest.raises(Cancelled):
        make(fakes.sound((2, 1))).save(tmp_path / "out.mp4", on_progress=stop, cancel=token)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Cancelled):
        make(fakes.sound((1, 1)), cancel=token)
    later = CancelToken()
    frames = iter(make(fakes.sound((10, 1)), cancel=later))
    next(frames)
    later.cancel()
    with pytest.raises(Cancelled):
        list(frames)


def test_progress_of_the_listening():
    seen = []
    make(fakes.sound((3, 1)), on_progress=seen.append)
    fractions = [progress.fraction for progress in seen if progress.stage == "listen"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_threads_can_share_an_animation():
    animation = make(fakes.sound((2, 1)))
    expected = list(animation)
    results = {}
    threads = [threading.Thread(target=lambda k=k: results.update({k: list(animation)})) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for frames in results.values():
        np.testing.assert_array_equal(frames, expected)


class Endless:
    """A sound of many minutes that is nowhere in memory."""

    rate, warnings = 16000, ()

    def __init__(self, seconds):
        self.seconds = seconds

    def __iter__(self):
        random = np.random.default_rng(0)
        for second in range(self.seconds):
            yield (0.1 * (second % 3 > 0) * random.standard_normal(16000)).astype(np.float32)


def test_memory_does_not_grow_with_the_sound():
    def peak(seconds):
        synthesizer = MotionSynthesizer(
            encoder=fakes.Encoder(),
            generator=fakes.Generator().eval(),
            device=torch.device("cpu"),
            controls=Controls(),
            seed=0,
            fps=Fraction(25),
        )
        renderer = fakes.Renderer()
        animation = Animation(
            synthesizer=synthesizer,
            audio=Endless(seconds),
            sound_duration=Fraction(seconds),
            renderer=renderer,
            prepared=renderer.prepare(fakes.portrait((8, 8))),
            size=(8, 8),
            warnings=(),
            cancel=None,
        )
        tracemalloc.start()
        try:
            count = sum(1 for _ in animation)
            return count, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    (_, short), (count, long) = peak(10), peak(90)
    assert count == 2250
    assert long < 1.2 * short + 100_000


def test_the_device_reaches_the_parts_that_take_one():
    made = []

    class Placed(fakes.Renderer):
        def __init__(self, device="auto"):
            super().__init__()
            made.append(torch.device(device))

    class Plain(fakes.Renderer):
        def __init__(self):
            super().__init__()
            made.append("plain")

    with register("renderer", "placed", Placed), register("renderer", "plain", Plain):
        make(fakes.sound((1, 1)), renderer="placed", device="cpu")
        make(fakes.sound((1, 1)), renderer="plain", device="cpu")
    assert made == [torch.device("cpu"), "plain"]
