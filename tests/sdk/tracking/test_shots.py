"""Cuts, people who are never seen together, and the rate at which a picture changes, in clips made of drawn scenes."""

import numpy as np
import PIL.Image
import pytest

from sdk.data import Landmarks
from sdk.errors import FaceAmbiguous, FrameRateTooLow, ReferenceTooShort
from sdk.face import normalise
from sdk.media import VideoReader, write_video
from sdk.tracking import load_clip
from tests.sdk.tracking.conftest import Script, face, write_clip

AT = (160.0, 70.0)


def scene(seed, count, *, zoom=1.0, start=0):
    """Frames of a person's picture, which drifts to and fro, and the faces in them."""
    colours = np.random.default_rng(seed).integers(0, 255, (15, 30, 3), dtype=np.uint8)
    wide = np.asarray(PIL.Image.fromarray(colours).resize((480, 240), PIL.Image.Resampling.BICUBIC))
    frames, faces = [], []
    for k in range(start, start + count):
        shift = abs(k % 80 - 40)
        image = PIL.Image.fromarray(wide[:, 60 + shift : 380 + shift])
        small = image.resize((round(320 * zoom), round(240 * zoom)), PIL.Image.Resampling.BICUBIC)
        shown = PIL.Image.new("RGB", (320, 240))
        shown.paste(small, tuple(round(place * (1 - zoom)) for place in AT))
        frames.append(np.asarray(shown))
        opening = 0.1 * abs(np.sin(k / 4))
        faces.append([face(eyes=100 * zoom, at=(AT[0] + (20 - shift) * zoom, AT[1]), opening=opening)])
    return frames, faces


def joined(*scenes):
    return [one for frames, _ in scenes for one in frames], [one for _, faces in scenes for one in faces]


def card(count):
    image = np.full((240, 320, 3), 20, np.uint8)
    image[100:140, 40:280] = 230
    return [image] * count, [[]] * count


def load(tmp_path, made, *, fps=30, **options):
    frames, faces = made
    path = write_clip(tmp_path / "clip.mp4", [k / fps for k in range(len(frames))], frames=frames)
    return load_clip(path, detector=Script(faces), **options)


def said(track):
    return "\n".join(track.warnings)


def shows(track):
    return [shot.shows for shot in track.shots]


def test_a_clip_without_a_cut_is_one_shot(tmp_path):
    track = load(tmp_path, scene(1, 150))
    assert shows(track) == ["face"]
    assert track.spans == (slice(0, 300),)
    assert track.valid.all()
    assert track.warnings == ()
    assert track.rate == pytest.approx(30, abs=1)


def test_of_two_never_seen_together_the_one_seen_longest_is_followed(tmp_path):
    made = joined(scene(1, 60), scene(2, 45), scene(1, 60, start=20), scene(2, 30))
    track = load(tmp_path, made)
    assert shows(track) == ["face", "other", "face", "other"]
    assert [shot.start for shot in track.shots] == pytest.approx([0, 2, 3.5, 5.5])
    assert track.valid.sum() / 60 == pytest.approx(4, abs=0.15)
    assert not track.valid[125:205].any()
    assert "cut at 2.00, 3.50, 5.50 s" in said(track)
    assert "2 people" in said(track)
    assert "face 0 is followed, in 0-59 (0.00-1.97 s), 105-164 (3.50-5.47 s)" in said(track)
    assert "face 1 in 60-104 (2.00-3.47 s), 165-194 (5.50-6.47 s)" in said(track)
    assert "no face" not in said(track)
    other = load(tmp_path, made, face=1)
    assert shows(other) == ["other", "face", "other", "face"]


def test_two_seen_together_still_want_a_choice(tmp_path):
    frames, faces = joined(scene(1, 90), scene(2, 60))
    beside = [[one[0], face(eyes=60, at=(50.0, 60.0))] if k < 60 else one for k, one in enumerate(faces)]
    with pytest.raises(FaceAmbiguous):
        load(tmp_path, (frames, beside))


def test_a_title_card_is_left_out(tmp_path):
    track = load(tmp_path, joined(card(45), scene(1, 90), card(30), scene(1, 30)))
    assert shows(track) == ["nobody", "face", "nobody", "face"]
    assert "no face in 75 of 195 frames, left out: 0-44 (0.00-1.47 s), 135-164 (4.50-5.47 s)" in said(track)
    assert not track.valid[:88].any()


def test_no_motion_leads_across_a_cut_to_a_closer_view(tmp_path):
    track = load(tmp_path, joined(scene(1, 75), scene(1, 75, zoom=1.3, start=75)))
    assert shows(track) == ["face", "face"]
    assert track.valid.sum() == pytest.approx(298, abs=1)
    start = track.spans[1].start
    assert track.spans == (slice(0, start), slice(start, 300))
    assert not track.valid[start - 1 : start + 1].all()  # there is no step from one shot to the other
    motion = track.motion()
    steps = np.abs(np.diff(motion.pose[:, 3:5], axis=0))[track.valid[1:] & track.valid[:-1]]
    assert steps.max() < 0.1
    halves = [motion.pose[span, 3:5] for span in track.spans]
    assert np.abs(np.median(halves[0], axis=0) - np.median(halves[1], axis=0)).max() < 0.02
    # As if one camera had filmed both, the closer view's head would be larger, and move further.
    one = normalise(track.points, valid=track.valid)
    travel = [np.ptp(moved.pose[track.spans[1], 3]) for moved in (motion, one)]
    assert travel[0] < 0.9 * travel[1]


def test_a_cross_fade_belongs_to_nobody(tmp_path):
    (a, faces_a), (b, faces_b) = scene(1, 90), scene(2, 75)
    mixed = [((15 - k) / 16 * a[74] + (k + 1) / 16 * b[15]).astype(np.uint8) for k in range(15)]
    track = load(tmp_path, ([*a[:75], *mixed, *b[15:]], faces_a[:90] + faces_b[15:]))
    assert shows(track) == ["face", "other"]
    assert track.shots[0].end == pytest.approx(2.5, abs=0.15)
    assert track.shots[1].start == pytest.approx(3.0, abs=0.15)
    assert not track.valid[156:].any()


def test_a_flash_is_no_cut(tmp_path):
    frames, faces = scene(1, 120)
    lit = [np.asarray(one // 3 + 165, np.uint8) if 60 <= k < 63 else one for k, one in enumerate(frames)]
    track = load(tmp_path, (lit, faces))
    assert shows(track) == ["face"]
    assert track.valid.all()


def test_slides_beside_a_speaker_are_no_cut(tmp_path):
    frames, faces = scene(1, 120)
    pages = []
    for k, one in enumerate(frames):
        slide = PIL.Image.fromarray(scene(10 + k // 40, 1)[0][0]).resize((640, 480))
        slide.paste(PIL.Image.fromarray(one), (320, 240))
        pages.append(np.asarray(slide))
    moved = [[Landmarks(one.points + np.float32([320, 240, 0]), one.score)] for (one,) in faces]
    path = write_clip(tmp_path / "clip.mp4", [k / 30 for k in range(120)], size=(640, 480), frames=pages)
    assert shows(load_clip(path, detector=Script(moved))) == ["face"]


def test_light_that_changes_is_no_cross_fade(tmp_path):
    frames, faces = scene(1, 120)
    lit = [np.asarray(one // 2 + min(100, max(0, 4 * (k - 40))), np.uint8) for k, one in enumerate(frames)]
    assert shows(load(tmp_path, (lit, faces))) == ["face"]


def test_a_shot_in_which_the_face_is_tiny_is_left_out(tmp_path):
    track = load(tmp_path, joined(scene(1, 90), scene(1, 60, zoom=0.28)))
    assert "under 48 pixels wide in 60 of" in said(track)
    assert track.valid.sum() / 60 == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize(("hold", "rate"), [(2, 15), (15, 2), (4, 7.5)])
def test_frames_that_repeat_do_not_count(tmp_path, hold, rate):
    frames, faces = scene(1, 150)
    repeated = [frames[k // hold * hold] for k in range(150)], [faces[k // hold * hold] for k in range(150)]
    if rate < 10:
        with pytest.raises(FrameRateTooLow, match="times a second"):
            load(tmp_path, repeated)
        return
    track = load(tmp_path, repeated)
    assert track.rate == pytest.approx(rate, abs=0.6)
    assert "changes only 15 times a second" in said(track)
    assert shows(track) == ["face"]


@pytest.mark.parametrize("fps", [2, 8])
def test_too_few_frames_a_second(tmp_path, fps):
    with pytest.raises(FrameRateTooLow) as caught:
        load(tmp_path, scene(1, 4 * fps), fps=fps)
    assert "images=" in str(caught.value)


def test_a_picture_that_stands_still_is_left_out(tmp_path):
    frames, faces = scene(1, 150)
    frames[60:100], faces[60:100] = [frames[60]] * 40, [faces[60]] * 40
    track = load(tmp_path, (frames, faces))
    assert "stands still for over 1 s in 40 of 150 frames, which are left out: 60-99" in said(track)
    assert not track.valid[124:196].any()
    assert track.rate == pytest.approx(30, abs=1)


def test_little_is_left_of_a_clip_cut_to_pieces(tmp_path):
    made = joined(*(scene(seed, 25) for seed in range(1, 7)))
    with pytest.raises(ReferenceTooShort):
        load(tmp_path, made)


@pytest.mark.parametrize("name", ["lecture1", "short3"])
def test_real_clips_have_no_cuts_but_those_that_are_made(media, mediapipe, tmp_path, name):
    def square(clip, count):
        frames = []
        for _, frame in zip(range(count), VideoReader(media / "tune" / f"{clip}.mp4"), strict=False):
            side = min(frame.image.shape[:2])
            picture = PIL.Image.fromarray(frame.image[:side, :side])
            frames.append(np.asarray(picture.resize((256, 256), PIL.Image.Resampling.BICUBIC)))
        return frames

    alone = load_clip(media / "tune" / f"{name}.mp4", detector=mediapipe)
    assert shows(alone) == ["face"]
    path = tmp_path / "joined.mp4"
    write_video(path, [*square(name, 90), *square("short4", 45)], rate=30)
    track = load_clip(path, detector=mediapipe)
    assert shows(track) == ["face", "other"]
    assert track.shots[1].start == pytest.approx(3, abs=0.01)
