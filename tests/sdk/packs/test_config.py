import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.errors import ConfigError, PackIncompatible, PackInvalid, SdkError
from sdk.packs.card import card
from sdk.packs.config import CONFIG_MAX_BYTES, PackConfig, Provenance, Training


@pytest.fixture
def fields(pack):
    return json.loads(pack.config.to_bytes())


def parse(fields):
    return PackConfig.parse(json.dumps(fields).encode(), where="here")


def test_the_same_bytes_come_back(pack):
    data = pack.config.to_bytes()
    assert PackConfig.parse(data, where="here") == pack.config
    assert PackConfig.parse(data, where="here").to_bytes() == data


def test_everything_that_training_says_survives(make_pack):
    training = Training(
        seconds=12.5,
        steps=100,
        seed=7,
        settings={"lr": 3e-4, "steps": 100, "paired": True, "schedule": "cosine"},
        references=(Provenance(kind="clip", length=12.5, sha256="0" * 64),),
        held_out=(400, 750),
        before={"r": 0.41},
        after={"r": 0.55},
        baselines={"mean shift": {"r": 0.41}},
        null={"r": 0.27},
    )
    config = make_pack(training=training).config
    assert PackConfig.parse(config.to_bytes(), where="here").training == training


def test_unknown_keys_are_ignored_and_unknown_features_refused(fields):
    fields["invented_later"] = {"deep": [1, 2]}
    fields["base"]["invented_later"] = 1
    parse(fields)
    fields["required_features"] = ["per-phoneme"]
    with pytest.raises(PackIncompatible, match="per-phoneme"):
        parse(fields)


def test_a_newer_version_is_said_to_be_newer_whatever_else_it_changed(fields):
    with pytest.raises(PackIncompatible, match="Upgrade"):
        parse({"format": "talkstyle-pack", "format_version": 2})
    with pytest.raises(PackIncompatible, match="face frame"):
        parse({**fields, "face_frame": 2})


@pytest.mark.parametrize("key", ["format", "format_version", "name", "base", "encoder", "face_frame", "delta"])
def test_what_must_be_there(fields, key):
    del fields[key]
    with pytest.raises(PackInvalid, match=key):
        parse(fields)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "something-else"),
        ("format_version", "1"),
        ("format_version", 0),
        ("format_version", True),
        ("name", ""),
        ("name", "a" * 65),
        ("name", 3),
        ("summary", "x" * 1001),
        ("summary", "turned \u202e around"),
        ("license", "../../etc/passwd"),
        ("license", ["mit"]),
        ("delta", {"kind": "full"}),
        ("training", {"seconds": -1, "steps": 1, "seed": 1}),
        ("training", {"seconds": 1, "steps": 1, "seed": 1, "before": {"r": None}}),
        ("training", {"seconds": 1, "steps": 1, "seed": 1, "settings": {"file": "/home/me/clip.mp4"}}),
        ("training", {"seconds": 1, "steps": 1, "seed": 1, "settings": {"file": "C:\\me"}}),
    ],
)
def test_fields_that_are_wrong(fields, key, value):
    with pytest.raises(PackInvalid, match=key):
        parse({**fields, key: value})


@pytest.mark.parametrize(
    "name",
    [
        "../up", "a/b", "a\\b", ".hidden", "~", "-rf", "nul", "CON.txt", "com1", "a\0b", "a\nb", "x\u202ey", "x\u200by",
        "tail ", " head", "dot.", "cafe\u0301", "\ud800", "a:b", "<b>", "\U000e0041", "\ue000",
    ],
)  # fmt: skip
def test_names_that_play_tricks(fields, name, make_pack):
    with pytest.raises(PackInvalid):
        parse({**fields, "name": name})
    with pytest.raises(ConfigError):
        make_pack(name=name)


@pytest.mark.parametrize("name", ["rap", "Große Oper", "速い話", "0.7 rap + 0.3 calm", "नमस्ते", "été 2"])
def test_names_that_people_use(fields, name):
    assert parse({**fields, "name": name}).name == name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b'{"format": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 10_000,
        b'{"format": "talkstyle-pack", "format_version": 1' + b"0" * 5000 + b"}",
    ],
)
def test_bytes_that_are_no_config(data):
    with pytest.raises(PackInvalid):
        PackConfig.parse(data, where="here")


def test_a_key_that_stands_twice(pack):
    data = pack.config.to_bytes().replace(b'"summary": ""', b'"summary": "", "summary": ""')
    with pytest.raises(PackInvalid, match="twice"):
        PackConfig.parse(data, where="here")


def test_size_and_what_an_error_repeats(fields):
    with pytest.raises(PackInvalid, match="KiB"):
        PackConfig.parse(b" " * (CONFIG_MAX_BYTES + 1), where="here")
    with pytest.raises(PackInvalid) as caught:
        parse({**fields, "delta": {"k" * 10_000: 1}, "name": "n" * 50_000, "base": "secret" * 900})
    assert len(str(caught.value)) < 800
    assert "secret" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PARTS = [
    "format_version",
    "name",
    "summary",
    "license",
    "consent",
    "base",
    "encoder",
    "face_frame",
    "delta",
    "training",
    "mix",
]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(PARTS), json_values, min_size=1, max_size=3))
def test_any_json_is_read_or_refused(make_pack, changes):
    fields = json.loads(make_pack().config.to_bytes())
    try:
        config = parse({**fields, **changes})
    except SdkError:
        return
    assert PackConfig.parse(config.to_bytes(), where="again") == config


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(SdkError):
        PackConfig.parse(data, where="here")


def test_the_gain_is_what_compression_left_of_what_was_measured(make_pack):
    assert make_pack().gain is None
    whole = make_pack(training=Training(seconds=10, steps=1, seed=0, after={"gain": 0.6, "style": 2.0}))
    assert whole.gain == whole.config.gain == 0.6
    assert whole.compress(2).gain == 0.6
    small = whole.compress(2, score=lambda pack: 1.0 if pack.delta.rank == 0 else 0.9)
    assert small.gain == pytest.approx(0.54)
    assert b'"gain": 0.6' in small.config.to_bytes()
    assert "54% of the distance" in card(small.config)
    unmeasured = make_pack(training=Training(seconds=10, steps=1, seed=0, after={"style": 2.0}))
    assert unmeasured.gain is None
