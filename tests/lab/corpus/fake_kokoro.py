# ruff: noqa: RUF001 (IPA letters)
"""A network of a few nodes with Kokoro's inputs and outputs, and voices for it."""

import json

import numpy as np
import pytest

FRAMES = 4  # of each symbol
LETTERS = ";:,.!?— ˈˌːabdefhijklmnopqrstuvwxyzæçðøŋœɐɑɒɔəɚɛɜɡɣɪɲɹɾʁʃʊʌʎʒʔʝθβᵊᵻAIOQTWYʤʧʣʦ\u0303ʲʰɨ"
QUIET = 8  # the letters up to this one are spoken silently


def network(onnx):
    """Each symbol is a tone of 100 ms, as loud as the style's first value times the speed; punctuation is silent."""
    helper, tensor = onnx.helper, onnx.TensorProto
    tone = np.sin(2 * np.pi * 200 * np.arange(FRAMES * 600) / 24000).astype(np.float32)[None]
    arrays = {
        "quiet": np.array(QUIET, np.int64), "one": np.array([1], np.int64), "zero": np.array([0], np.int64),
        "tone": tone, "column": np.array([-1, 1], np.int64), "flat": np.array([-1], np.int64),
        "frames": np.array(FRAMES, np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("Greater", ["tokens", "quiet"], ["heard"]),
        helper.make_node("Cast", ["heard"], ["level"], to=tensor.FLOAT),
        helper.make_node("Reshape", ["level", "column"], ["levels"]),
        helper.make_node("Slice", ["style", "zero", "one", "one"], ["first"]),
        helper.make_node("Mul", ["first", "speed"], ["loudness"]),
        helper.make_node("Mul", ["levels", "loudness"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "tone"], ["tones"]),
        helper.make_node("Reshape", ["tones", "flat"], ["audio"]),
        helper.make_node("Mul", ["level", "zero_float"], ["nothing"]),
        helper.make_node("Add", ["nothing", "frames"], ["durations"]),
    ]
    arrays["zero_float"] = np.array(0, np.float32)
    graph = helper.make_graph(
        nodes, "fake",
        [
            helper.make_tensor_value_info("tokens", tensor.INT64, [1, "n"]),
            helper.make_tensor_value_info("style", tensor.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", tensor.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info(name, tensor.FLOAT, None) for name in ("audio", "durations")],
        [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def voice(level):
    """A voice as loud as ``level``, and a hundredth more for each symbol."""
    rows = np.zeros((510, 256), np.float32)
    rows[:, 0] = level + np.arange(510) / 1000
    return rows


@pytest.fixture(scope="session")
def neural_voices(tmp_path_factory):
    """What ``files.fetch`` fills, of the network above."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("voices")
    onnx.save(network(onnx), folder / "network.onnx")
    names = ("af_one", "am_two", "bf_three", "ef_uno", "ff_un", "if_uno", "pf_um")
    np.savez(folder / "voices.npz", **{name: voice(0.1 * (k + 1)) for k, name in enumerate(names)})
    (folder / "letters.json").write_text(json.dumps({letter: k + 1 for k, letter in enumerate(LETTERS)}), "utf-8")
    return folder
