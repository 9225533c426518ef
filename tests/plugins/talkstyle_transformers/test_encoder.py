"""Both encoders on small random checkpoints: the contract, exact times, identity, and what a checkpoint can lack."""

import json
import shutil

import numpy as np
import pytest

import sdk
from sdk import errors
from sdk.data import Audio
from sdk.testing import checks

pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")

RATE = 16_000
KINDS = ["hubert", "wav2vec2"]


@pytest.fixture(params=KINDS)
def name(request):
    return request.param


@pytest.fixture
def folder(name, request):
    return request.getfixturevalue(name)


def load(name, folder, **config):
    return sdk.load("audio-encoder", name, model=str(folder), **config)


def sound(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("config", [{}, {"chunk": 0.5, "context": 0.2}, {"chunk": 0.1, "context": 0.0}], ids=str)
@pytest.mark.parametrize("demand", checks("audio-encoder"), ids=lambda demand: demand.name)
def test_it_keeps_the_contract(name, folder, demand, config):
    demand.run(load(name, folder, **config))


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_a_short_sound_gives_what_transformers_gives(name, make_checkpoint, norm):
    import torch
    import transformers

    folder = make_checkpoint(name, feat_extract_norm=norm, do_stable_layer_norm=norm == "layer", conv_bias=True)
    samples = sound(1.5)
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(folder)
    with torch.no_grad():
        network = transformers.AutoModel.from_pretrained(folder).eval()
        wanted = network(**extractor(samples, sampling_rate=RATE, return_tensors="pt")).last_hidden_state[0].numpy()
    found = load(name, folder).encode(Audio(samples, RATE))
    assert found.shape == (90, 24)
    middles = (np.arange(len(wanted)) * 320 + 200) / RATE
    at = np.clip(np.arange(90) / 60, middles[0], middles[-1])
    exact = np.stack([np.interp(at, middles, column) for column in wanted.T], axis=1)
    np.testing.assert_allclose(found, exact, atol=1e-4)


def test_a_long_sound_is_heard_in_windows_of_bounded_length(name, folder, monkeypatch):
    encoder = load(name, folder, chunk=1.0, context=0.5)
    heard = []
    listen = encoder._encode_window
    monkeypatch.setattr(encoder, "_encode_window", lambda samples: heard.append(len(samples)) or listen(samples))
    features = encoder.encode(Audio(sound(20.0), RATE))
    assert features.shape == (1200, 24)
    assert max(heard) <= 2.1 * RATE
    assert encoder.lookahead == pytest.approx(1.5, abs=0.03)


def test_the_level_of_a_sound_makes_no_difference(name, folder):
    encoder = load(name, folder)
    loud, quiet = (encoder.encode(Audio(sound(1.0) * level, RATE)) for level in (1.0, 0.2))
    np.testing.assert_allclose(loud, quiet, atol=2e-2)


def test_the_identity_is_of_the_checkpoint_and_of_how_it_listens(name, folder, make_checkpoint):
    plain = load(name, folder).fingerprint()
    assert plain == load(name, shutil.copytree(folder, folder.with_name(f"{folder.name}-copy"))).fingerprint()
    shutil.rmtree(folder.with_name(f"{folder.name}-copy"))
    others = [load(name, folder, **c).fingerprint() for c in ({"layer": 1}, {"chunk": 1.0}, {"context": 0.5})]
    others += [load(name, make_checkpoint(name, **c)).fingerprint() for c in ({"seed": 1}, {"normalise": False})]
    assert len({plain, *others}) == 6


def test_layers_are_counted_from_either_end(name, folder):
    audio = Audio(sound(0.5), RATE)
    first, last = (load(name, folder, layer=n).encode(audio) for n in (1, 3))
    np.testing.assert_array_equal(first, load(name, folder, layer=-3).encode(audio))
    np.testing.assert_array_equal(last, load(name, folder).encode(audio))
    assert not np.allclose(first, last)


@pytest.mark.parametrize("layer", [0, 4, -4])
def test_a_layer_that_is_not_there_is_refused(name, folder, layer):
    with pytest.raises(errors.ConfigError, match="has 3"):
        load(name, folder, layer=layer)


@pytest.mark.parametrize("config", [{"chunk": 0}, {"chunk": "long"}, {"models": "x"}], ids=str)
def test_options_are_checked(name, folder, config):
    with pytest.raises(errors.ConfigError, match=r"chunk|models"):
        load(name, folder, **config)


@pytest.mark.parametrize("options", [{"chunk": 0}, {"models": "x"}], ids=str)
def test_options_of_the_class_itself_are_checked(name, folder, options):
    from talkstyle_transformers import encoder

    kind = {"hubert": encoder.HubertEncoder, "wav2vec2": encoder.Wav2Vec2Encoder}[name]
    with pytest.raises(errors.ConfigError, match=rf"^{next(iter(options))}: .*{kind.__name__}"):
        kind(folder, **options)


def test_another_rate_and_what_is_not_finite_are_refused(name, folder):
    encoder = load(name, folder)
    with pytest.raises(errors.InputError, match="44100"):
        encoder.encode(Audio(np.zeros(10, np.float32), 44_100))
    with pytest.raises(errors.NotFiniteError):
        encoder.stream().push(np.array([0.0, np.inf], np.float32))


def test_a_folder_of_its_name_is_found_among_the_models(name, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TALKSTYLE_MODELS", str(tmp_path))
    with pytest.raises(errors.ModelFileMissing, match=f"given no checkpoint.*{name},model=.*TALKSTYLE_MODELS"):
        sdk.load("audio-encoder", name)
    shutil.copytree(folder, tmp_path / name)
    assert sdk.load("audio-encoder", name).fingerprint() == load(name, folder).fingerprint()


@pytest.fixture
def harmed(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "harmed")


def test_pickles_are_not_read(name, harmed):
    import torch

    (harmed / "model.safetensors").unlink()
    torch.save({}, harmed / "pytorch_model.bin")
    with pytest.raises(errors.ModelFileMissing, match=r"no model\.safetensors.*safetensors format only"):
        load(name, harmed)


def test_foreign_code_is_not_run(name, harmed):
    config = json.loads((harmed / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"}
    (harmed / "config.json").write_text(json.dumps(config))
    (harmed / "evil.py").write_text("raise SystemExit('this ran')")
    assert load(name, harmed).width == 24


@pytest.mark.parametrize("harm", ["truncated", "lacking", "no config", "config is no JSON", "other sizes"])
def test_damage_is_named(name, harmed, harm):
    from safetensors.numpy import load_file, save_file

    weights, config = harmed / "model.safetensors", harmed / "config.json"
    if harm == "truncated":
        weights.write_bytes(weights.read_bytes()[:5000])
    elif harm == "lacking":
        tensors = {key: value for key, value in load_file(weights).items() if "layers.1." not in key}
        save_file(tensors, weights, metadata={"format": "pt"})
    elif harm == "no config":
        config.unlink()
    elif harm == "config is no JSON":
        config.write_text("{")
    else:
        config.write_text(json.dumps({**json.loads(config.read_text()), "intermediate_size": 52}))
    with pytest.raises(errors.ModelFileMissing, match=r"cannot be read|lacks \d+ tensors|missing or damaged") as caught:
        load(name, harmed)
    assert str(harmed) in (caught.value.where or "")


def test_a_checkpoint_of_another_kind_is_refused(hubert):
    with pytest.raises(errors.ConfigError, match="of the kind 'hubert', not 'wav2vec2'"):
        load("wav2vec2", hubert)


def test_a_checkpoint_of_another_rate_is_refused(name, harmed):
    (harmed / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')
    with pytest.raises(errors.ConfigError, match="8000 Hz"):
        load(name, harmed)


def test_a_folder_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(errors.ModelFileMissing, match="no such folder"):
        load(name, tmp_path / "none")


def test_a_repository_comes_from_the_cache_offline(name, folder, tmp_path, monkeypatch):
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(errors.ModelFileMissing, match=r"'ann/small' is not on this machine.*hf download ann/small"):
        load(name, "ann/small")
    repository = cache / "models--ann--small"
    shutil.copytree(folder, repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    assert load(name, "ann/small").fingerprint() == load(name, folder).fingerprint()
    assert load(name, "ann/small", local_files_only=True).width == 24


def test_one_line_names_checkpoint_and_options(hubert):
    encoder = sdk.load("audio-encoder", f"hubert,model={hubert},layer=2,chunk=0.5")
    assert encoder.fingerprint() == load("hubert", hubert, layer=2, chunk=0.5).fingerprint()


def test_nothing_is_drawn_on_the_terminal(name, folder, capfd):
    load(name, folder)
    assert capfd.readouterr() == ("", "")
