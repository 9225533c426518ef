"""Checkpoints of a few thousand random numbers, in the format that real ones have."""

import json

import pytest

SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


@pytest.fixture(scope="session")
def make_checkpoint(tmp_path_factory):
    """A function that writes a checkpoint: its kind, its seed, and changes to its configuration."""
    import torch
    import transformers

    kinds = {
        "hubert": (transformers.HubertConfig, transformers.HubertModel),
        "wav2vec2": (transformers.Wav2Vec2Config, transformers.Wav2Vec2Model),
    }

    def make(name, *, seed=0, normalise=True, **changes):
        config, model = kinds[name]
        folder = tmp_path_factory.mktemp(name)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model(config(**{**SMALL, **changes})).save_pretrained(folder)
        settings = {"do_normalize": normalise, "sampling_rate": 16_000}
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
        return folder

    return make


@pytest.fixture(scope="session")
def hubert(make_checkpoint):
    return make_checkpoint("hubert")


@pytest.fixture(scope="session")
def wav2vec2(make_checkpoint):
    return make_checkpoint("wav2vec2")
