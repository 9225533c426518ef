"""Sound in, frames out: what is pushed is heard, the mouth follows, and the face idles without it."""

from itertools import islice

import numpy as np
import pytest

import sdk
from sdk.data import Audio, Controls
from sdk.errors import ComponentMismatch, ConfigError, LiveClosed, LiveInUse
from tests.sdk.animation.fakes import RATE, Generator, Renderer
from tests.sdk.session.sessions import animator, motion, opened, opening, sound, speech, speed, until_end


def test_every_sample_comes_out_once_in_order_and_bit_for_bit():
    session, pcm = opened(), speech(2.345)
    session.push_audio(pcm.tobytes(), RATE)
    session.flush()
    frames = until_end(session)
    heard = sound(frames)
    assert sum(frame.spoken for frame in frames) == len(pcm) == np.count_nonzero(heard)
    np.testing.assert_array_equal(heard[heard != 0], pcm)
    begins = int(np.flatnonzero(heard)[0])
    np.testing.assert_array_equal(heard[begins : begins + len(pcm)], pcm)
    assert [frame.index for frame in frames] == [*range(len(frames))]
    assert all(frame.time == frame.index / session.fps for frame in frames)
    assert frames[-1].spoken > 0  # the end is told with the last sample, not after it
    assert not any(frame.end_of_utterance for frame in frames[:-1])


@pytest.mark.parametrize("fps", [25, 29.97, 60])
def test_each_frame_has_the_sound_of_its_own_time(fps):
    session = opened(fps=fps, rate=44_100)
    frames = list(islice(session, 500))
    edges = [int(frame.index * 44_100 / session.fps) for frame in frames] + [int(500 * 44_100 / session.fps)]
    assert [len(frame.sound) for frame in frames] == np.diff(edges).tolist()


def test_ragged_pieces_move_as_one_piece():
    pcm, random = speech(3, rate=24_000), np.random.default_rng(1)
    whole, ragged = opened(rate=24_000), opened(rate=24_000)
    whole.push_audio(pcm, 24_000)
    at = 0
    while at < len(pcm):
        size = int(random.choice([1, 7, 160, 479, 5000]))
        ragged.push_audio(pcm[at : at + size].tobytes(), 24_000)
        at += size
    for session in (whole, ragged):
        session.flush()
    one, many = until_end(whole), until_end(ragged)
    np.testing.assert_array_equal(sound(one), sound(many))
    np.testing.assert_array_equal(motion(one).expression, motion(many).expression)
    np.testing.assert_array_equal(motion(one).pose, motion(many).pose)


def test_sound_comes_late_by_the_look_ahead_and_the_lips_with_it():
    session, pcm = opened(), np.concatenate([speech(1), np.zeros(RATE // 2, np.int16), speech(1, seed=1)])
    session.push_audio(pcm, RATE)
    session.flush()
    frames = until_end(session)
    begins = int(np.flatnonzero(sound(frames))[0]) / RATE
    assert session.delay_seconds - 0.06 < begins < session.delay_seconds
    assert session.delay_seconds == pytest.approx(Generator.lookahead / 60, abs=0.04)
    course = opening(frames)
    first = int(begins * 25)
    assert (course[: first - 5] == 0).all()
    assert course[first + 1 : first + 24].min() > 0.3
    assert course[first + 24 + 8] < 0.1 * course.max()  # half a second's pause closes it


def test_without_sound_the_face_idles_and_no_seam_shows():
    session = opened()
    for k in range(4):
        session.push_audio(speech(0.8, seed=k), RATE)
        session.flush()
        frames = [*until_end(session), *islice(session, 30 + 7 * k)]
        assert (opening(frames[-20:]) == 0).all()
        steps = np.abs(np.diff(motion(frames).pose[:, 1:3], axis=0)).max()
        assert 0 < steps < 0.02  # radians between frames: the head never stands still and never jumps
        session.flush()  # nothing has begun: nothing ends
    idle = list(islice(session, 1500))
    assert not any(frame.end_of_utterance or frame.spoken for frame in idle)
    lids = motion(idle).expression[:, [37, 41], 1]
    shut = lids[:, 0] - lids[:, 1] > 0.9 * (lids[:, 0] - lids[:, 1]).max()
    assert 8 < np.count_nonzero(np.diff(shut.astype(int)) == 1) < 40  # blinks in a minute


def test_an_interruption_drops_what_waits_and_closes_the_mouth_evenly():
    session = opened()
    session.push_audio(speech(60), RATE)
    frames = list(islice(session, 50))
    said = session.interrupt()
    assert said * RATE == sum(frame.spoken for frame in frames)
    assert session.queued_seconds == 0
    after = list(islice(session, 50))
    assert sum(frame.spoken for frame in after) == 0
    assert not any(frame.end_of_utterance for frame in after)
    assert (opening(after)[3:] == 0).all()  # closed in the fourth frame after
    course = [*frames[-20:], *after]
    assert speed(course)[19:].max() < max(speed(frames).max(), 0.3 / 0.133)
    assert np.abs(np.diff(motion(course).pose, axis=0)).max() < 0.2
    assert session.interrupt() == 0


def test_after_an_interruption_the_next_utterance_is_spoken_whole():
    session, pcm = opened(), speech(1, seed=3)
    session.push_audio(speech(5), RATE)
    list(islice(session, 30))
    session.interrupt()
    session.push_audio(pcm, RATE)
    session.flush()
    frames = until_end(session)
    heard = sound(frames)
    np.testing.assert_array_equal(heard[heard != 0], pcm)
    assert opening(frames)[-10:].min() > 0.3
    assert speed(frames).max() < 10


def test_sound_that_comes_as_it_is_spoken_has_no_gaps():
    session, pcm = opened(), speech(4)
    frames, it = [], iter(session)
    for k in range(100):
        session.push_audio(pcm[k * 640 : (k + 1) * 640], RATE)
        frames.append(next(it))
    session.flush()
    frames += list(islice(it, 20))
    heard = sound(frames)
    begins = int(np.flatnonzero(heard)[0])
    np.testing.assert_array_equal(heard[begins : begins + len(pcm)], pcm)
    assert session.gaps == 0


def test_where_an_utterance_runs_dry_silence_is_put_between_and_nothing_is_lost():
    session, pcm, it, frames = opened(), speech(2), None, []
    it = iter(session)
    session.push_audio(pcm[: RATE // 2], RATE)
    frames += list(islice(it, 30))
    session.push_audio(pcm[RATE // 2 :], RATE)
    frames += list(islice(it, 80))
    session.flush()
    frames += until_end(it)
    heard = sound(frames)
    np.testing.assert_array_equal(heard[heard != 0], pcm)
    assert session.gaps > 0


def test_a_few_last_samples_do_not_wait_for_more():
    session = opened()
    session.push_audio(speech(0.005), RATE)
    assert sum(frame.spoken for frame in islice(session, 20)) == RATE // 200


def test_speaking_lasts_until_the_last_sample_is_delivered():
    session = opened()
    session.push_audio(speech(0.5), RATE)
    session.flush()
    it, spoken = iter(session), 0
    assert session.speaking
    while session.speaking:
        spoken += next(it).spoken
    assert spoken == RATE // 2
    session.take()  # made, and not delivered
    assert session.speaking


def test_each_utterance_ends_in_a_frame_of_its_own():
    session = opened()
    for k in range(5):
        session.push_audio(speech(0.004, seed=k), RATE)
        session.flush()
    frames = list(islice(session, 60))
    assert sum(frame.end_of_utterance for frame in frames) == 5
    assert sum(frame.spoken for frame in frames) == 5 * RATE // 250


def test_other_controls_take_over_without_a_jump():
    session = opened()
    session.push_audio(speech(4), RATE)
    frames = list(islice(session, 40))
    session.controls = {"mouth": 0.0, "head": 0.0}
    assert session.controls == Controls(mouth=0.0, head=0.0)
    frames += list(islice(session, 30))
    assert opening(frames)[30] > 0.3
    assert opening(frames)[-1] == 0
    assert motion(frames).pose[-1] == pytest.approx(0)
    assert speed(frames)[39:48].max() < speed(frames)[:39].max() + 0.5


def test_the_region_is_the_renderers_or_the_picture():
    class Patch(Renderer):
        def region(self, prepared):
            return (8, 4, 40, 30)

    session = opened(parts={"renderer": Patch()}, region="face")
    frame = next(iter(session))
    assert frame.box == session.box == (8, 4, 40, 30)
    assert frame.image.shape == (26, 32, 3)
    assert session.still.shape == session.cover.shape == (48, 64, 3)
    assert opened(region="face").box == opened().box == (0, 0, 64, 48)


def test_the_first_frame_of_each_iteration_says_that_it_is_generated():
    session = opened()
    for _ in range(2):
        frames = list(islice(session, 3))
        assert [frame.notice is None for frame in frames] == [False, True, True]
        assert "AI-generated" in frames[0].notice.text
        assert "digitalsourcetype" in frames[0].notice.tags
    changed = np.abs(session.cover.astype(int) - session.still).max(axis=(1, 2)) > 0
    assert changed[-3:].all()
    assert not changed[:24].any()


def test_a_closed_session_ends_its_iterations_and_takes_nothing():
    with opened() as session:
        it = iter(session)
        next(it)
    assert session.closed
    assert list(it) == []
    for call in (
        lambda: session.push_audio(b"", RATE),
        session.flush,
        session.interrupt,
        lambda: session.set_style(None),
        lambda: setattr(session, "controls", Controls()),
    ):
        with pytest.raises(LiveClosed):
            call()
    session.close()


def test_one_iteration_at_a_time():
    session = opened()
    it = iter(session)
    next(it)
    with pytest.raises(LiveInUse):
        iter(session)
    with pytest.raises(LiveInUse):
        session.__aiter__()
    del it
    for _ in session:
        break
    assert next(iter(session)).index == 2  # the next one goes on where the last one was left


def test_a_renderer_that_fails_loses_no_sound():
    session, pcm = opened(parts={"renderer": Renderer(fail_at=20)}), speech(1)
    session.push_audio(pcm, RATE)
    session.flush()
    before = []
    with pytest.raises(RuntimeError, match="broke"):
        before.extend(session)
    after = until_end(session)
    assert (len(before), after[0].skipped) == (19, 1)  # one picture was rendered at the opening
    heard = sound([*before, *after])
    np.testing.assert_array_equal(heard[heard != 0], pcm)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fps": 0},
        {"rate": 100},
        {"region": "mouth"},
        {"paced": 1},
        {"queue_seconds": -1},
        {"reserve_seconds": float("nan")},
        {"strength": 11},
        {"controls": {"nose": 1}},
    ],
)
def test_options_that_make_no_sense_are_told(wrong):
    with pytest.raises(ConfigError):
        opened(**wrong)


def test_offline_and_live_motion_of_one_sound_agree(demo_sentence):
    """Lips and jaw to a thousandth of an eye distance; head and upper face come 67 ms later."""
    from sdk.animation import Animator
    from sdk.session import open_session

    shared, face = Animator(detector=animator().detector), demo_sentence.portrait
    session = open_session(shared, face, rate=16_000, paced=False)
    session.push_audio(demo_sentence.samples, 16_000)
    session.flush()
    frames = [*until_end(session), *islice(session, 25)]
    played = Audio(sound(frames).astype(np.float32) / 32768, 16_000)
    offline = shared.animate(face, played).motion
    live = motion(frames)
    assert len(offline) == len(live)
    end = -20  # an animation closes the mouth at its end, a session has none
    lips = np.abs(offline.expression - live.expression)[:end, [*range(17), *range(48, 68)]]
    assert lips.max() < 1e-3
    assert opening(frames).max() > 0.1
    late = np.abs(offline.pose[:end] - live.pose[:end])[10:]
    assert late[:, :3].max() < np.deg2rad(2)


def test_a_shipped_style_takes_over_without_a_jump_and_the_look_ahead_is_the_generators(demo_sentence):
    from sdk.animation import Animator
    from sdk.session import open_session

    parts = {"renderer": Renderer(), "detector": animator().detector}

    def spoken(style, then):
        session = open_session(Animator(**parts), demo_sentence.portrait, style=style, rate=16_000, paced=False)
        session.push_audio(demo_sentence.samples, 16_000)
        session.flush()
        it = iter(session)
        frames = list(islice(it, 60))
        if then != style:
            session.set_style(then)
        return session, speed(frames + list(islice(it, 90)))

    session, changed = spoken(None, "lively")
    faster = np.maximum(*(spoken(style, style)[1] for style in (None, "lively")))
    assert (changed[:58] <= faster[:58]).all()
    assert (changed[58:75] < 1.2 * faster[58:75] + 0.1).all()  # each frame lies between what both do there
    live = open_session(Animator(**parts, generator="tcn-live"), demo_sentence.portrait, paced=False)
    assert session.lookahead - live.lookahead == pytest.approx(0.2)
    assert session.delay_seconds - live.delay_seconds == pytest.approx(0.2, abs=0.01)
    with pytest.raises(ComponentMismatch):
        live.set_style("lively")  # made for tcn


def test_sdk_live_warns_and_opens(demo_sentence):
    parts = {name: getattr(animator(), name) for name in ("generator", "encoder", "renderer", "detector")}
    with sdk.live(demo_sentence.portrait, **parts, paced=False) as session:
        assert isinstance(session, sdk.LiveSession)
        assert isinstance(next(iter(session)), sdk.LiveFrame)
        with pytest.raises((ConfigError, ComponentMismatch)):
            session.set_style("rap")
