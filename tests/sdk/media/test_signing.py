import datetime as dt
import json

import numpy as np
import pytest

from sdk.errors import ComponentUnavailable, ConfigError, MediaNotFound, OutputError
from sdk.media import Signer, VideoReader, open_writer, probe, signing
from sdk.media.signing import _test_pair, as_signer
from sdk.registry import requirements

from .conftest import grey


def write(path, signer, frames=3):
    with open_writer(path, size=(96, 64), rate=25, signer=signer) as writer:
        for _ in range(frames):
            writer.write(grey(9))


def manifest(path):
    c2pa = pytest.importorskip("c2pa")
    with c2pa.Reader(path) as reader:
        return reader.get_validation_state(), reader.get_active_manifest(), json.loads(reader.json())


def test_a_signer_needs_the_extra(monkeypatch):
    monkeypatch.setattr(requirements, "unmet", lambda wanted: wanted)
    for make in (Signer.test, lambda: Signer(b"", b""), lambda: as_signer("test")):
        with pytest.raises(ComponentUnavailable, match=r'pip install "talkstyle\[c2pa\]"'):
            make()
    assert as_signer(None) is None
    with pytest.raises(ConfigError, match="not a signer"):
        as_signer("me")


@pytest.mark.parametrize("name", ["out.mp4", "shot/frame-%05d.png"])
def test_the_signature_holds_and_says_what_it_is(tmp_path, name):
    pytest.importorskip("c2pa")
    write(tmp_path / name, Signer.test())
    path = tmp_path / name.replace("%05d", "00002")
    state, active, everything = manifest(path)
    assert state == "Valid"
    assert {status["code"] for status in everything["validation_status"]} == {"signingCredential.untrusted"}
    (actions,) = [each["data"]["actions"] for each in active["assertions"] if each["label"].startswith("c2pa.actions")]
    assert actions[0]["action"] == "c2pa.created"
    assert actions[0]["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert "NOT TRUSTED" in active["signature_info"]["issuer"]
    assert probe(path).width == 96
    assert not [entry for entry in path.parent.iterdir() if "signed" in entry.name]


def test_a_changed_file_is_found_out(tmp_path):
    pytest.importorskip("c2pa")
    path = tmp_path / "out.mp4"
    write(path, Signer.test(), frames=20)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"mdat") + 40] ^= 1
    path.write_bytes(data)
    assert manifest(path)[0] == "Invalid"


def test_the_pictures_stay_as_they_were(tmp_path):
    pytest.importorskip("c2pa")
    write(tmp_path / "plain.mp4", None)
    write(tmp_path / "signed.mp4", Signer.test())
    plain, signed = ([frame.image for frame in VideoReader(tmp_path / f"{name}.mp4")] for name in ("plain", "signed"))
    np.testing.assert_array_equal(plain, signed)


def test_chain_and_key_from_files_and_what_is_wrong_with_them(tmp_path):
    pytest.importorskip("c2pa")
    chain, key = _test_pair()
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(key)
    signer = Signer(tmp_path / "chain.pem", tmp_path / "key.pem")
    assert "NOT TRUSTED" in repr(signer)
    assert key.decode()[30:60] not in repr(signer)
    write(tmp_path / "out.mp4", signer)
    assert manifest(tmp_path / "out.mp4")[0] == "Valid"
    with pytest.raises(MediaNotFound):
        Signer(tmp_path / "none.pem", key)
    with pytest.raises(ConfigError, match="no PEM"):
        Signer(b"junk", key)
    with pytest.raises(ConfigError, match="key cannot be read"):
        Signer(chain, b"junk")
    with pytest.raises(ConfigError, match="does not belong"):
        Signer(chain, _test_pair()[1])


def test_what_cannot_be_signed_leaves_the_old_file(tmp_path):
    pytest.importorskip("c2pa")
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    signer = Signer.test()
    signer._algorithm = "nonsense"
    with pytest.raises(OutputError, match="could not be signed"):
        write(path, signer)
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("out.mp4", b"old")]


def test_certificates_that_c2pa_refuses_are_told_before_anything_is_made(monkeypatch):
    pytest.importorskip("c2pa")

    class LastYear(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime.now(tz) - dt.timedelta(days=365)

    monkeypatch.setattr(signing, "datetime", LastYear)
    with pytest.raises(ConfigError, match=r"C2PA refuses .* not valid at time of signing"):
        Signer(*_test_pair())
