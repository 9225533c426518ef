"""The whole path on real clips, portraits and voices, where ``TALKSTYLE_MEDIA`` names them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import sdk
from sdk.media import VideoReader, probe, read_audio
from sdk.registry import resolve

pytestmark = pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")

QUICK = {"steps": 30, "batch": 2}


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("mediapipe")
    return resolve("landmark-detector", "mediapipe")


@pytest.fixture(scope="module")
def obama(media, detector):
    talk = media / "talk"
    adapter = sdk.StyleAdapter(detector=detector, device="cpu", config=sdk.FitConfig(steps=60))
    return adapter.fit(talk / "obama.mp4", audio=talk / "obama.wav", name="talk"), adapter.last


def frames_with_a_face(path: Path, detector, every: int) -> float:
    images = [frame.image for k, frame in enumerate(VideoReader(path)) if k % every == 0]
    return float(np.mean([bool(detector.detect([image])[0]) for image in images]))


def check_video(path: Path, sound: Path, detector, *, every: int = 5) -> None:
    """H.264 and AAC, as long as the sound within one frame, and a face in at least 99 % of the frames looked at."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.codec_context.name == "h264"
        assert audio.codec_context.name == "aac"
        length = Fraction(video.duration) * video.time_base
        heard = Fraction(audio.duration) * audio.time_base
    wanted = read_audio(sound).duration
    assert abs(length - wanted) <= Fraction(1, 25)
    assert abs(heard - length) <= Fraction(1, 25)
    assert frames_with_a_face(path, detector, every) >= 0.99


def test_a_clip_with_its_own_sound_file(obama, media, detector, tmp_path):
    pack, fitted = obama
    training = pack.config.training
    assert training.after["style"] < training.before["style"]
    assert training.after["lmd"] < training.before["lmd"]
    assert training.after["opening_r"] > training.null["opening_r"]
    assert -0.3 <= fitted.offset <= 0.3
    pack.save(tmp_path / "pack")
    speech = media / "speech" / "english.wav"
    film = sdk.animate(media / "portraits" / "studio.png", speech, style=f"{tmp_path}/pack", device="cpu")
    check_video(film.save(tmp_path / "film.mp4"), speech, detector)


def test_a_tall_clip_with_a_small_face_and_sound_inside(media, detector, tmp_path):
    clip = media / "talk" / "bench.mp4"
    assert probe(clip).height == 1920
    pack = sdk.adapt(clip, name="tall", detector=detector, device="cpu", config=sdk.FitConfig(**QUICK))
    assert pack.config.training.after["style"] < pack.config.training.before["style"]


@pytest.mark.parametrize("name", ["furious", "sad"])
def test_a_silent_clip_and_any_speech(media, detector, name):
    pack = sdk.adapt(
        audio=media / "speech" / "english.wav",
        images=media / "style" / f"{name}.mp4",
        detector=detector,
        device="cpu",
        config=sdk.FitConfig(**QUICK),
    )
    assert pack.config.training.settings["paired"] is False
    assert pack.config.training.after["style"] < pack.config.training.before["style"]


@pytest.mark.parametrize("portrait", ["painted.png", "s7.jpg", "s8.jpg", "studio.png"])
def test_every_portrait_speaks(media, detector, portrait, obama, tmp_path):
    speech = read_audio(media / "speech" / "english.wav")
    film = sdk.animate(
        media / "portraits" / portrait,
        sdk.Audio(speech.samples[: 2 * speech.rate], speech.rate),
        style=obama[0],
        detector=detector,
        device="cpu",
    )
    path = film.save(tmp_path / "film.mp4")
    assert len(film) == 50
    assert frames_with_a_face(path, detector, 5) >= 0.99
