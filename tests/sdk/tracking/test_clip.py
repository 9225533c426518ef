from fractions import Fraction
from itertools import chain

import numpy as np
import pytest

from sdk.data import Landmarks, Motion
from sdk.drawing import drawn_clip
from sdk.errors import (
    Cancelled,
    ComponentBroken,
    FaceAmbiguous,
    FaceNotFound,
    FaceTooSmall,
    FaceUnreliable,
    MediaCorrupt,
    ModelFileMissing,
    ReferenceTooShort,
)
from sdk.face import normalise
from sdk.geometry import mouth_opening
from sdk.progress import CancelToken, Reporter
from sdk.tracking import load_clip
from tests.sdk.tracking.conftest import Script, face, write_clip

LEFT, RIGHT = (100.0, 110.0), (240.0, 110.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Six seconds at 30 frames a second."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", [k / 30 for k in range(180)])


def steady(count=180, **options):
    return [[face(**options)] for _ in range(count)]


def test_a_good_clip_has_no_warnings(clip):
    detector = Script(steady())
    track = load_clip(clip, detector=detector)
    assert track.points.shape == (360, 68, 3)
    assert track.points.dtype == np.float32
    assert track.valid.all()
    assert track.duration == 6
    assert track.size == (320, 240)
    assert track.width == pytest.approx(face().width)
    assert track.sharpness > 12
    assert track.warnings == ()
    assert len(track.sha256) == 64
    assert detector.largest_batch <= 8  # frames are never all held


def test_bytes_and_files_are_the_same_clip(clip):
    by_path = load_clip(clip, detector=Script(steady()))
    by_bytes = load_clip(clip.read_bytes(), detector=Script(steady()))
    with clip.open("rb") as file:
        by_file = load_clip(file, detector=Script(steady()))
    assert by_path.sha256 == by_bytes.sha256 == by_file.sha256
    assert np.array_equal(by_path.points, by_bytes.points)
    assert np.array_equal(by_path.points, by_file.points)


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(24000, 1001), Fraction(60)])
def test_frames_stand_at_their_timestamps(tmp_path, fps):
    times = [float(k / fps) for k in range(round(4 * fps))]
    path = write_clip(tmp_path / "clip.mp4", times)
    track = load_clip(path, detector=Script([[face(at=(100 + 10 * time, 110))] for time in times]))
    clock = np.arange(len(track.points)) / 60
    inner = clock <= times[-1]
    expected = 100 + 10 * clock[inner]
    assert np.abs((track.points[inner, 36, 0] + track.points[inner, 45, 0]) / 2 - expected).max() < 0.01
    assert len(track.points) == pytest.approx(240, abs=1)


def test_a_variable_frame_rate(tmp_path):
    steps = np.random.default_rng(1).choice([1 / 60, 1 / 30, 1 / 15, 1 / 10], size=90)
    times = np.concatenate([[0.0], np.cumsum(steps)])
    path = write_clip(tmp_path / "clip.mp4", times)
    track = load_clip(path, detector=Script([[face(at=(100 + 10 * time, 110))] for time in times]))
    clock = np.arange(len(track.points)) / 60
    inner = clock <= times[-1]
    middle = (track.points[:, 36, 0] + track.points[:, 45, 0]) / 2
    assert np.abs(middle[inner] - (100 + 10 * clock[inner])).max() < 0.01
    assert track.valid[inner].all()


def test_gaps_are_bridged_or_left_out_and_named(clip):
    entries = steady()
    for frame in chain(range(12), range(30, 36), range(90, 120), [150]):
        entries[frame] = []
    track = load_clip(clip, detector=Script(entries))
    text = "\n".join(track.warnings)
    assert "7 of 180 frames, interpolated: 30-35 (1.00-1.17 s), 150 (5.00 s)" in text
    assert "42 of 180 frames, left out: 0-11 (0.00-0.37 s), 90-119 (3.00-3.97 s)" in text
    assert track.valid[60:75].all()
    assert not track.valid[182:238].any()
    assert not track.valid[:20].any()
    assert track.valid[240:].all()
    assert np.isfinite(track.points).all()


def test_nobody_is_seen(clip):
    with pytest.raises(FaceNotFound, match="180 frames"):
        load_clip(clip, detector=Script([[]] * 180))


def test_two_faces_want_a_choice(clip):
    small, large = face(eyes=60, at=LEFT), face(eyes=110, at=RIGHT)
    entries = [[small, large] if k % 4 == 0 else [large] for k in range(180)]
    with pytest.raises(FaceAmbiguous) as caught:
        load_clip(clip, detector=Script(entries))
    assert len(caught.value.boxes) == 2
    assert caught.value.boxes[0] == pytest.approx(large.box, abs=0.5)
    assert "largest" in str(caught.value)
    for choice, width in (("largest", 110), (0, 110), (large.box, 110)):
        assert load_clip(clip, detector=Script(entries), face=choice).width == pytest.approx(face(eyes=width).width)
    with pytest.raises(ReferenceTooShort):  # the other is in every fourth frame only: no gap, but few enough
        load_clip(clip, detector=Script([[small, large] if k < 40 else [large] for k in range(180)]), face=1)


@pytest.mark.parametrize(
    ("eyes", "share"),
    [(30, 1.0), (60, 0.15)],
    ids=["under a third as wide", "in under a fifth of the frames"],
)
def test_a_face_in_passing_does_not_count(clip, eyes, share):
    other, large = face(eyes=eyes, at=LEFT), face(eyes=110, at=RIGHT)
    entries = [[other, large] if k < 180 * share else [large] for k in range(180)]
    track = load_clip(clip, detector=Script(entries))
    assert track.width == pytest.approx(large.width)


@pytest.mark.parametrize("choice", ["largest", (190.0, 60.0, 310.0, 250.0)])
def test_a_face_is_followed_whatever_the_order_and_size(clip, choice):
    # Both drift, their sizes wobble past each other, and the detector's order changes all the time.
    rng = np.random.default_rng(2)
    entries = []
    for k in range(180):
        one = face(eyes=100 + rng.normal(), at=(LEFT[0] + k / 10, LEFT[1]))
        two = face(eyes=100.5 + rng.normal(), at=(RIGHT[0] + k / 10, RIGHT[1]))
        entries.append([one, two] if rng.random() < 0.5 else [two, one])
    track = load_clip(clip, detector=Script(entries), face=choice)
    middle = (track.points[:, 36, 0] + track.points[:, 45, 0]) / 2
    assert np.abs(np.diff(middle)).max() < 1
    if choice != "largest":
        assert middle[0] == pytest.approx(RIGHT[0], abs=1)


def test_somebody_who_comes_back_elsewhere_is_the_same(clip):
    entries = [[face(at=LEFT)]] * 90 + [[]] * 30 + [[face(at=(300.0, 150.0))]] * 60
    track = load_clip(clip, detector=Script(entries))
    assert track.valid.sum() == pytest.approx(300, abs=6)


def test_no_face_there(clip):
    with pytest.raises(FaceNotFound, match="no face 3"):
        load_clip(clip, detector=Script(steady()), face=3)
    with pytest.raises(FaceNotFound, match="no face at"):
        load_clip(clip, detector=Script(steady()), face=(900.0, 900.0, 950.0, 950.0))


def test_a_turned_head(clip):
    track = load_clip(clip, detector=Script(steady(yaw=40)))
    assert any("turned by 40 degrees" in warning for warning in track.warnings)
    assert abs(track.yaw) == pytest.approx(40, abs=1)
    with pytest.raises(FaceUnreliable, match="70 degrees"):
        load_clip(clip, detector=Script(steady(yaw=70)))
    some = [[face(yaw=-75 if 60 <= k < 100 else 5)] for k in range(180)]
    track = load_clip(clip, detector=Script(some))
    assert any("40 of 180 frames" in warning and "60-99" in warning for warning in track.warnings)
    assert not track.valid[122:196].any()


def test_tiny_and_small(clip):
    with pytest.raises(FaceTooSmall, match="40 pixels"):
        load_clip(clip, detector=Script(steady(eyes=25)))
    assert any("96 pixels" in warning for warning in load_clip(clip, detector=Script(steady(eyes=60))).warnings)


def test_blurred(tmp_path):
    ramp = np.broadcast_to(np.linspace(0, 255, 320)[None, :, None], (240, 320, 3)).astype(np.uint8)
    frames = [ramp // 4 + np.uint8(k) for k in range(180)]
    path = write_clip(tmp_path / "soft.mp4", [k / 30 for k in range(180)], frames=frames)
    assert any("blurred" in warning for warning in load_clip(path, detector=Script(steady())).warnings)


def test_short(tmp_path):
    for seconds, outcome in ((1.5, "error"), (3, "warning"), (6, "fine")):
        count = round(30 * seconds)
        path = write_clip(tmp_path / f"{outcome}.mp4", [k / 30 for k in range(count)])
        if outcome == "error":
            with pytest.raises(ReferenceTooShort, match=r"1\.5 s"):
                load_clip(path, detector=Script(steady(count)))
        else:
            warnings = load_clip(path, detector=Script(steady(count))).warnings
            assert any(r"3.0 s" in warning for warning in warnings) == (outcome == "warning")


def test_long_but_hardly_seen(clip):
    with pytest.raises(ReferenceTooShort):
        load_clip(clip, detector=Script([[face()] if k < 45 else [] for k in range(180)]))


def broken_landmarks():
    bad = face()
    points = bad.points.copy()
    points[3, 1] = np.nan
    object.__setattr__(bad, "points", points)
    return bad


def test_a_detector_that_returns_nan_is_named_with_the_frame(clip):
    entries = steady()
    entries[21] = [broken_landmarks()]
    with pytest.raises(ComponentBroken, match=r"'script'.*finite.*frame 21 at 0\.70 s"):
        load_clip(clip, detector=Script(entries))


def test_a_detector_that_makes_landmarks_of_nan_is_named_with_the_frame(clip):
    class Bad(Script):
        def detect(self, images):
            found = super().detect(images)
            if self.seen > 21:
                Landmarks(np.full((68, 3), np.nan, np.float32))
            return found

    with pytest.raises(ComponentBroken, match=r"'script'.*nan"):
        load_clip(clip, detector=Bad(steady(400)))


def test_a_detector_that_raises_is_named_with_the_frame(clip):
    class Bad:
        name = "bad"
        depth = True

        def __init__(self):
            self.count = 0

        def detect(self, images):
            if len(images) == 1:
                self.count += 1
            if len(images) > 1 or self.count == 4:
                raise ZeroDivisionError("division by zero")
            return [[face()]]

    with pytest.raises(ComponentBroken, match=r"'bad' raised ZeroDivisionError.*frame 3 at 0\.10 s"):
        load_clip(clip, detector=Bad())


@pytest.mark.parametrize("error", [Cancelled("enough"), ModelFileMissing("no weights")])
def test_an_error_that_a_detector_raises_on_purpose_stays_as_it_is(clip, error):
    class Bad:
        name = "bad"
        depth = True

        def detect(self, images):
            raise error

    with pytest.raises(type(error)) as caught:
        load_clip(clip, detector=Bad())
    assert caught.value is error


def test_a_detector_that_counts_wrong(clip):
    class Bad(Script):
        def detect(self, images):
            return super().detect(images)[:-1]

    with pytest.raises(ComponentBroken, match="8 pictures with 7 lists"):
        load_clip(clip, detector=Bad(steady()))


def test_a_missing_model_file_stays_what_it_is(clip):
    with pytest.raises(ModelFileMissing, match="gone"):
        load_clip(clip, detector=Script([ModelFileMissing("the file is gone")]))


def test_flat_landmarks_get_depth(clip):
    flat = Landmarks(face().points * np.array([1, 1, 0], np.float32), depth=False)
    track = load_clip(clip, detector=Script([[flat]] * 180))
    assert np.ptp(track.points[0, :, 2]) > 60


def test_progress_and_cancel(clip):
    steps = []
    load_clip(clip, detector=Script(steady()), report=Reporter(steps.append))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {step.stage for step in steps} == {"detect"}
    token = CancelToken()
    detector = Script(steady())
    with pytest.raises(Cancelled):
        load_clip(clip, detector=detector, report=Reporter(lambda step: step.fraction and token.cancel(), token))
    assert 0 < detector.seen < 180


def test_a_damaged_clip(tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(MediaCorrupt):
        load_clip(path, detector=Script([]))


def test_motion_takes_the_neutral_face_from_the_frames_asked_for(clip):
    entries = [[face(opening=0.0 if k < 90 else 0.2)] for k in range(180)]
    track = load_clip(clip, detector=Script(entries))
    early = track.motion(slice(0, 150))
    late = track.motion(slice(200, 360))
    assert len(early) == len(late) == 360
    assert mouth_opening(track.points)[-1] == pytest.approx(0.2, abs=0.01)
    assert early.expression[-1, 66, 1] == pytest.approx(0.2, abs=0.01)
    assert late.expression[-1, 66, 1] == pytest.approx(0.0, abs=0.01)
    expected = normalise(track.points, valid=slice(0, 150))
    assert np.array_equal(early.expression, expected.expression)


def talking(seconds, rate=30):
    """A mouth that opens and closes 2.3 times a second, on a head that sways."""
    time = np.arange(round(seconds * rate)) / rate
    opening = 0.09 * (1 - np.cos(2 * np.pi * 2.3 * time))
    expression = np.zeros((len(time), 68, 3))
    expression[:, [55, 56, 57, 58, 59, 65, 66, 67], 1] = opening[:, None]
    expression[:, 4:13, 1] = 0.8 * opening[:, None]
    pose = np.zeros((len(time), 6))
    pose[:, 1] = 0.15 * np.sin(2 * np.pi * 0.4 * time)
    return Motion(expression, pose, Fraction(rate))


def test_a_drawn_clip_end_to_end(tmp_path, mediapipe):
    motion = talking(3)
    path = write_clip(
        tmp_path / "drawn.mp4", [k / 30 for k in range(90)], size=(256, 256), frames=list(drawn_clip(motion))
    )
    track = load_clip(path, detector=mediapipe)
    assert track.valid.all()
    got = mouth_opening(track.points)[::2]
    truth = motion.expression[:, 66, 1]
    assert np.corrcoef(got[: len(truth)], truth[: len(got)])[0, 1] > 0.93
    turned = track.motion().pose[::2, 1]
    assert np.corrcoef(turned[: len(truth)], motion.pose[: len(turned), 1])[0, 1] > 0.97


@pytest.mark.parametrize(
    ("name", "frames", "size"),
    [("talk/bench.mp4", 600, (1080, 1920)), ("style/sad.mp4", 420, (256, 256))],
)
def test_real_clips(media, mediapipe, name, frames, size):
    track = load_clip(media / name, detector=mediapipe)
    assert len(track.points) == frames
    assert track.size == size
    assert track.valid.mean() > 0.99
    assert 0.01 < track.motion().expression.std() < 0.06
