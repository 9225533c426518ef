import json
from fractions import Fraction

import numpy as np
import PIL.Image
import pytest

from sdk.errors import ConfigError, OutputError
from sdk.media import SequenceWriter, VideoWriter, open_audio, open_writer, read_audio

from .conftest import tone


def pictures(count=4, channels=4):
    return np.random.default_rng(0).integers(0, 256, (count, 33, 47, channels), dtype=np.uint8)


def write(path, frames, **options):
    with open_writer(path, size=(47, 33), rate=Fraction(30000, 1001), **options) as writer:
        for frame in frames:
            writer.write(frame)


def test_every_bit_comes_back_with_alpha(tmp_path):
    folder, frames = tmp_path / "shot", pictures()
    write(folder, frames, audio=open_audio((tone(rate=48000), 48000)))
    names = [f"frame-{index:05d}.png" for index in range(4)]
    assert sorted(entry.name for entry in folder.iterdir()) == [*names, "sequence.json", "sound.wav"]
    for name, frame in zip(names, frames, strict=True):
        np.testing.assert_array_equal(np.asarray(PIL.Image.open(folder / name)), frame)
    index = json.loads((folder / "sequence.json").read_text())
    assert (index["rate"], index["size"], index["frames"], index["alpha"]) == ("30000/1001", [47, 33], 4, True)
    assert index["digital_source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert abs(read_audio(folder / index["sound"], rate=48000).duration - Fraction(4004, 30000)) < Fraction(1, 48000)


def test_each_file_says_that_it_was_generated(tmp_path):
    write(tmp_path / "shot", pictures(1, 3))
    with PIL.Image.open(tmp_path / "shot" / "frame-00000.png") as image:
        image.load()
        assert image.mode == "RGB"
        assert image.text["Comment"] == "AI-generated: made with talkstyle"
        packet = image.text["XML:com.adobe.xmp"]
    assert 'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/composite' in packet


def test_a_background_takes_the_place_of_the_alpha(tmp_path):
    frames = pictures(1)
    frames[0, :, :, 3] = 0
    write(tmp_path / "shot", frames, background=(1, 2, 3))
    assert np.asarray(PIL.Image.open(tmp_path / "shot" / "frame-00000.png")).tolist()[5][5] == [1, 2, 3]
    assert not json.loads((tmp_path / "shot" / "sequence.json").read_text())["alpha"]


def test_names_of_the_callers(tmp_path):
    write(tmp_path / "shot" / "x_%03d.png", pictures(2))
    assert sorted(entry.name for entry in (tmp_path / "shot").iterdir()) == ["sequence.json", "x_000.png", "x_001.png"]


def test_only_a_sequence_is_replaced(tmp_path):
    folder = tmp_path / "shot"
    folder.mkdir()
    write(folder, pictures(5))
    write(folder, pictures(2))
    assert len(list(folder.glob("*.png"))) == 2
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"other files, such as notes\.txt"):
        write(folder, pictures(2))
    with pytest.raises(OutputError, match="other files"):
        write(tmp_path / "frame-%05d.png", pictures(2))
    assert (folder / "notes.txt").read_text() == "mine"
    assert len(list(folder.glob("*.png"))) == 2


def test_an_error_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "shot"
    write(folder, pictures(2))

    def failing():
        yield from pictures(1)
        raise RuntimeError("the renderer failed")

    with pytest.raises(RuntimeError, match="renderer"):
        write(folder, failing())
    with pytest.raises(OutputError, match="no frame"):
        write(folder, [])
    assert [entry.name for entry in tmp_path.iterdir()] == ["shot"]
    assert len(list(folder.glob("*.png"))) == 2


def test_the_path_names_the_form(tmp_path):
    options = {"size": (47, 33), "rate": 25}
    (tmp_path / "v1.2").mkdir()
    for path in ("a", "a.b/", "v1.2", "a/f-%d.png"):
        assert isinstance(open_writer(f"{tmp_path}/{path}", **options), SequenceWriter)
    for path in ("a.MP4", "a.m4v", "a.webm"):
        assert isinstance(open_writer(tmp_path / path, **options), VideoWriter)
    for path in ("a.gif", "a.png", "a-%d.jpg", "a-%s.png", "%d-%d.png"):
        with pytest.raises(ConfigError):
            open_writer(tmp_path / path, **options)
