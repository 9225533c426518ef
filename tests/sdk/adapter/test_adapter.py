"""From files to packs: real decoding, real detection on drawn faces, small networks of our own."""

import json
from fractions import Fraction

import numpy as np
import pytest

from sdk import adapt
from sdk.adapter import FitConfig, StyleAdapter
from sdk.data import Audio, Motion
from sdk.drawing import drawn_clip, drawn_face
from sdk.errors import AudioSilent, ConfigError, InputError, MediaTrackMissing, ReferenceTooShort, StyleWithoutEffect
from sdk.evaluation import evaluate
from sdk.geometry import canonical_face, mouth_width
from sdk.media import open_audio, write_image, write_video
from sdk.packs import StylePack
from sdk.registry import register
from sdk.warnings import TalkstyleWarning
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet, talking

SECONDS = 5
CONFIG = FitConfig(steps=25, learning_rate=3e-3, batch=2, window=120, critic_warmup=2, max_offset=0)


@pytest.fixture(scope="module")
def voice():
    """Noise that swells and fades as the drawn mouth opens and shuts."""
    rng = np.random.default_rng(0)
    swell = np.abs(np.sin(np.arange(SECONDS * 16000) * 60 / 16000 / 7))
    return Audio((rng.normal(size=SECONDS * 16000) * 0.1 * swell + 1e-3 * rng.normal(size=SECONDS * 16000)), 16000)


@pytest.fixture(scope="module")
def motion():
    swell = np.abs(np.sin(np.arange(SECONDS * 25) * 2.4 / 7)).astype(np.float32)
    return Motion(*talking(SECONDS * 25, opening=0.2, smile=0.02, loudness=swell), Fraction(25))


@pytest.fixture(scope="module")
def clip(tmp_path_factory, voice, motion):
    path = tmp_path_factory.mktemp("clip") / "a person's clip ü.mp4"
    write_video(path, drawn_clip(motion, size=256), rate=Fraction(25), audio=open_audio(voice))
    return path


@pytest.fixture(scope="module")
def silent_clip(tmp_path_factory, motion):
    path = tmp_path_factory.mktemp("silent") / "silent.mp4"
    write_video(path, drawn_clip(motion, size=256), rate=Fraction(25))
    return path


@pytest.fixture(scope="module")
def adapter():
    return StyleAdapter(
        encoder=LoudnessEncoder(), generator=TinyGenerator(), net=TinyNet(), device="cpu", config=CONFIG
    )


@pytest.fixture
def parts():
    with register("motion-generator", "tiny", TinyGenerator), register("audio-encoder", "loudness", LoudnessEncoder):
        yield


pytestmark = pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")


def test_a_clip_becomes_a_pack_that_moves_like_it(adapter, clip, tmp_path, parts):
    pack = adapter.fit(clip, name="drawn", license="cc0-1.0", consent="nobody: a drawing")
    training = pack.config.training
    assert training.after["style"] < training.before["style"]
    assert training.after["opening_r"] > 0.5
    assert (training.folds, training.measured_seconds, training.held_out) == (3, 3.0, None)
    assert training.null["opening_r"] > 0.5  # a second held out from each fit: chance can do much
    assert [r.kind for r in training.references] == ["clip"]
    assert training.references[0].length == pytest.approx(SECONDS, abs=0.1)

    pack.save(tmp_path / "drawn")
    text = (tmp_path / "drawn" / "config.json").read_text()
    assert "person" not in text
    assert str(tmp_path) not in text
    assert json.loads(text)["consent"] == "nobody: a drawing"
    loaded = StylePack.load(tmp_path / "drawn")
    assert loaded == pack

    result = evaluate(loaded, clip, device="cpu")
    assert result.scores["style"].style < result.scores["base"].style
    assert {"style", "base", "static mean", "mean shift", "mean and spread"} <= set(result.scores)


def test_the_same_seed_gives_the_same_file_bit_for_bit(adapter, clip, tmp_path):
    files = []
    for turn in ("one", "two"):
        adapter.fit(clip, seed=3).save(tmp_path / turn)
        files.append({p.name: p.read_bytes() for p in (tmp_path / turn).iterdir()})
    assert files[0] == files[1]
    adapter.fit(clip, seed=4).save(tmp_path / "three")
    assert files[0]["delta.safetensors"] != (tmp_path / "three" / "delta.safetensors").read_bytes()


def test_the_generator_is_never_changed(clip):
    generator = TinyGenerator()
    before = {k: v.clone() for k, v in generator.state_dict().items()}
    adapt(clip, encoder=LoudnessEncoder(), generator=generator, net=TinyNet(), device="cpu", config=CONFIG)
    assert all((generator.state_dict()[k] == v).all() for k, v in before.items())


def test_a_silent_video_and_any_sound_are_unpaired(adapter, silent_clip, voice):
    pack = adapter.fit(images=silent_clip, audio=voice)
    assert pack.config.training.settings["paired"] is False
    assert {r.kind for r in pack.config.training.references} == {"video", "audio"}
    assert pack.config.training.after["style"] < pack.config.training.before["style"]
    assert "opening_r" not in pack.config.training.after


def test_stills_and_any_sound_are_unpaired(adapter, voice, tmp_path):
    rng = np.random.default_rng(1)
    images = []
    for k in range(6):
        expression, _ = talking(1, smile=0.03, loudness=np.array([rng.uniform(0, 1)], np.float32))
        path = tmp_path / f"{k}.png"
        write_image(path, drawn_face(256, expression=expression[0]).pixels)
        images.append(path)
    pack = adapter.fit(images=images, audio=voice)
    assert pack.config.training.references[0].kind == "images"
    assert pack.config.training.references[0].length == 6
    with pytest.warns(TalkstyleWarning, match="too few to hold any out") as caught:
        one = adapter.fit(images=images[:1], audio=voice)
    assert one.config.training.folds is None
    assert {each.filename for each in caught} == {__file__}


def test_in_a_few_stills_what_changes_is_style_and_what_stays_is_the_persons_own(adapter, voice):
    """A wide mouth in every picture is a wide mouth; a person who smiles as they speak is seen to."""
    still, smiling = (talking(1, smile=by, opening=0.05, loudness=np.ones(1, np.float32))[0][0] for by in (0.0, 0.08))
    closed = talking(1, smile=0.0, opening=0.0, loudness=np.ones(1, np.float32))[0][0]
    gains = []
    for pictures in ([still] * 3, [smiling] * 3, [closed, smiling, smiling]):
        adapter.fit(images=[drawn_face(256, expression=one).pixels for one in pictures], audio=voice)
        seen = canonical_face() + adapter.last.motion.expression
        gains.append(mouth_width(seen).max() - mouth_width(canonical_face()))
    assert max(abs(gains[0]), abs(gains[1])) < 0.02
    assert gains[2] > 0.03


def test_a_clip_without_sound_names_the_ways_out(adapter, silent_clip):
    with pytest.raises(MediaTrackMissing, match="images="):
        adapter.fit(silent_clip)


@pytest.mark.parametrize(
    "given", [{}, {"audio": True}, {"images": True}, {"clip": True, "images": True, "audio": True}]
)
def test_what_to_learn_from_is_never_guessed(adapter, clip, voice, given):
    arguments = {"audio": voice} if "audio" in given else {}
    arguments |= {"images": [drawn_face(256).pixels]} if "images" in given else {}
    with pytest.raises(ConfigError, match="not clear what to learn from"):
        adapter.fit(*([clip] if "clip" in given else []), **arguments)
    with pytest.raises(ConfigError, match="empty"):
        adapter.fit(images=[], audio=voice)


def test_silence_teaches_nothing(adapter, clip):
    with pytest.raises(AudioSilent, match="nothing is heard"):
        adapter.fit(clip, audio=Audio(np.zeros(16000 * SECONDS), 16000))


def test_a_sound_under_two_seconds_is_too_short(adapter, voice):
    with pytest.raises(ReferenceTooShort, match=r"1\.0 s"):
        adapter.fit(images=[drawn_face(256).pixels], audio=Audio(voice.samples[:16000], 16000))


def test_nan_in_the_sound_is_named(adapter, clip):
    samples = np.zeros(16000 * SECONDS, np.float32)
    samples[777] = np.nan
    with pytest.raises(InputError, match="777"):
        adapter.fit(clip, audio=(samples, 16000))


def test_a_fit_that_moves_nothing_is_refused(clip):
    still = CONFIG.model_copy(update={"steps": 1, "learning_rate": 1e-9})
    adapter = StyleAdapter(
        encoder=LoudnessEncoder(), generator=TinyGenerator(), net=TinyNet(), device="cpu", config=still
    )
    with pytest.raises(StyleWithoutEffect):
        adapter.fit(clip)


def test_an_encoder_that_the_generator_does_not_know_is_refused():
    with pytest.raises(ConfigError, match="loudness"):
        StyleAdapter(encoder="mel", generator=TinyGenerator(), net=TinyNet(), device="cpu")


def test_a_seed_has_a_range(adapter, clip):
    with pytest.raises(ConfigError, match="seed"):
        adapter.fit(clip, seed=-1)
