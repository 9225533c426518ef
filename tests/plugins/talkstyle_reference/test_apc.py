"""The paper's encoder: exact time, streams equal to whole files, bands of ``mel``, features near those known."""

import math

import numpy as np
import pytest
import torch

import sdk
from sdk import errors
from sdk.compatibility import check_compatible
from sdk.data import Audio
from sdk.interfaces import AudioEncoder
from sdk.packs import StylePack
from talkstyle_reference.apc import ApcEncoder
from talkstyle_reference.generators import TcnApcGenerator, TcnGenerator
from talkstyle_reference.mel import BANDS, MelEncoder
from talkstyle_reference.weights import read_weights
from tests.plugins.talkstyle_reference.test_mel import speechlike

RATE = 16_000


@pytest.fixture(scope="module")
def encoder():
    return ApcEncoder()


def test_it_keeps_the_interface(encoder):
    assert isinstance(encoder, AudioEncoder)
    assert (encoder.name, encoder.sample_rate, encoder.width) == ("apc", RATE, 1024)
    assert encoder.lookahead == MelEncoder.lookahead


@pytest.mark.parametrize("samples", [0, 1, 801, 16_001])
def test_frames_are_the_ceiling_of_sixty_a_second(encoder, samples):
    assert encoder.encode(Audio(np.zeros(samples, np.float32), RATE)).shape == (math.ceil(samples * 60 / RATE), 1024)


@pytest.mark.parametrize("chunk", [1, 267, 8000])
def test_a_stream_equals_the_whole(encoder, chunk):
    samples = speechlike(0.2 if chunk == 1 else 6.03)
    stream = encoder.stream()
    pieces = [stream.push(samples[at : at + chunk]) for at in range(0, len(samples), chunk)]
    joined = np.concatenate([*pieces, stream.finish()])
    np.testing.assert_allclose(joined, encoder.encode(Audio(samples, RATE)), atol=2e-5)


def test_it_looks_back_and_never_ahead(encoder):
    samples = speechlike(2.0)
    changed = samples.copy()
    frame = 60
    changed[math.ceil((frame / 60 + encoder.lookahead) * RATE) :] = 0.0
    before, after = (encoder.encode(Audio(s, RATE)) for s in (samples, changed))
    np.testing.assert_array_equal(before[: frame + 1], after[: frame + 1])
    assert not np.allclose(before[frame + 4], after[frame + 4])


def test_its_memory_reaches_back(encoder):
    # The same second after another one: mel bands would be nearly the same, a predictive net knows what came before.
    one, other, then = speechlike(0.6, seed=1), np.zeros(9600, np.float32), speechlike(0.3, seed=3)
    a, b = (encoder.encode(Audio(np.concatenate([first, then]), RATE))[38] for first in (one, other))
    assert np.abs(a - b).max() > 0.05


def test_features_are_rebuilt_from_known_ones(encoder):
    known = read_weights("apc")["database"]
    features = encoder.encode(Audio(speechlike(3.0), RATE)).reshape(-1, 512)
    mean = known.mean(axis=0)
    nearest = np.sqrt(np.stack([((known - f) ** 2).sum(axis=1).min() for f in features[::20]]))
    spread = np.sqrt(((known - mean) ** 2).sum(axis=1)).mean()
    assert nearest.mean() < 0.5 * spread  # on the manifold, though a buzz is no speech


def test_the_bands_are_those_of_mel(encoder):
    samples = speechlike(1.0)
    bands = encoder.mel.stream().push(samples)
    ours, _ = encoder.encode_mel(bands[None])
    np.testing.assert_allclose(ours[0], encoder.stream().push(samples), atol=1e-5)
    assert bands.shape[1] == 2 * BANDS


def test_sounds_can_be_encoded_together(encoder):
    bands = np.random.default_rng(0).standard_normal((3, 20, 160)).astype(np.float32)
    together, state = encoder.encode_mel(bands)
    later, _ = encoder.encode_mel(bands[:, :5], state)
    for row in range(3):
        alone, own = encoder.encode_mel(bands[row : row + 1])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-4)
        np.testing.assert_allclose(later[row], encoder.encode_mel(bands[row : row + 1, :5], own)[0][0], atol=1e-4)


def test_the_fingerprint_is_of_everything(encoder, monkeypatch):
    assert encoder.fingerprint() == ApcEncoder().fingerprint()
    tensors = read_weights("apc")
    for name in ("mean", "database", "layers.weight_hh_l2"):
        changed = {**tensors, name: tensors[name] * np.float32(1.01)}
        monkeypatch.setattr("talkstyle_reference.apc.read_weights", lambda *_, changed=changed: dict(changed))
        assert ApcEncoder().fingerprint() != encoder.fingerprint()


def test_another_rate_is_refused(encoder):
    with pytest.raises(errors.InputError, match="44100"):
        encoder.encode(Audio(np.zeros(10, np.float32), 44_100))


def test_its_generator_fits_it():
    generator = TcnApcGenerator()
    assert (generator.name, generator.encoder, generator.features) == ("tcn-apc", "apc", 1024)
    assert generator.encoder_sha256 == ApcEncoder().fingerprint()
    assert isinstance(generator, TcnGenerator)
    named = TcnGenerator(encoder="apc")  # the same weights, by their encoder's name
    assert all(torch.equal(a, b) for a, b in zip(generator.parameters(), named.parameters(), strict=True))


def test_one_word_chooses_both():
    adapter = sdk.StyleAdapter(generator="tcn-apc", device="cpu")
    assert (adapter.encoder.name, adapter.generator.features) == ("apc", 1024)


@pytest.mark.parametrize(("encoder", "generator"), [("apc", "tcn"), ("mel", "tcn-apc"), ("apc", "lstm")])
def test_generators_refuse_each_others_encoders(encoder, generator):
    with pytest.raises(errors.ConfigError, match="was trained on"):
        sdk.StyleAdapter(encoder=encoder, generator=generator, device="cpu")


@pytest.mark.parametrize(("base", "made_with", "other"), [("tcn-apc", "apc", "mel"), ("tcn", "mel", "apc")])
def test_a_pack_refuses_another_encoder(base, made_with, other, tmp_path):
    generator = sdk.load("motion-generator", base)
    fitted = {name: parameter.detach() + 1e-3 for name, parameter in generator.named_parameters()}
    pack = StylePack.create(name="x", base=generator, fitted=fitted, encoder=sdk.load("audio-encoder", made_with))
    pack.save(tmp_path / "pack")
    pack = StylePack.load(tmp_path / "pack")
    check_compatible(generator, sdk.load("audio-encoder", made_with), pack)
    with pytest.raises(errors.PackIncompatible, match=f"made with the encoder {made_with}.*this is {other}"):
        check_compatible(generator, sdk.load("audio-encoder", other), pack)
