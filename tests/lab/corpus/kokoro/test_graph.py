"""Quantised graphs of a few nodes: made float, they compute what their weights say."""

import numpy as np
import pytest

from sdk.errors import InputError
from talkstyle_lab.corpus.kokoro.graph import DURATIONS, to_float, with_durations

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
helper, F = onnx.helper, onnx.TensorProto.FLOAT
RNG = np.random.default_rng(0)


def model(nodes, arrays, shape):
    graph = helper.make_graph(
        nodes, "quantised",
        [helper.make_tensor_value_info("x", F, shape)], [helper.make_tensor_value_info("y", F, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def run(made, x):
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def quantised_input():
    return helper.make_node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"], "quantise")


def product():
    arrays = {
        "w": RNG.integers(0, 256, (6, 5)).astype(np.uint8), "wz": np.full(5, 120, np.uint8),
        "ws": RNG.uniform(0.01, 0.03, 5).astype(np.float32),
    }  # fmt: skip
    nodes = [
        quantised_input(),
        helper.make_node("MatMulInteger", ["xq", "w", "xz", "wz"], ["i"], "product"),
        helper.make_node("Cast", ["i"], ["f"], to=F),
        helper.make_node("Mul", ["xs", "ws"], ["s"]),
        helper.make_node("Mul", ["f", "s"], ["y"]),
    ]
    return model(nodes, arrays, [3, 6]), arrays


def convolution():
    arrays = {
        "w": RNG.integers(-127, 128, (4, 3, 3)).astype(np.int8), "wz": np.array(0, np.int8),
        "ws": np.array(0.02, np.float32), "b": RNG.normal(size=4).astype(np.float32),
        "shape": np.array([1, -1, 1], np.int64),
    }  # fmt: skip
    nodes = [
        quantised_input(),
        helper.make_node("Mul", ["xs", "ws"], ["s"]),
        helper.make_node("Div", ["b", "s"], ["b1"]),
        helper.make_node("Floor", ["b1"], ["b2"]),
        helper.make_node("Cast", ["b2"], ["b3"], to=onnx.TensorProto.INT32),
        helper.make_node("Reshape", ["b3", "shape"], ["b4"]),
        helper.make_node("ConvInteger", ["xq", "w", "xz", "wz"], ["i"], "convolution", pads=[2, 2], dilations=[2]),
        helper.make_node("Add", ["i", "b4"], ["j"]),
        helper.make_node("Cast", ["j"], ["f"], to=F),
        helper.make_node("Mul", ["f", "s"], ["y"]),
    ]
    return model(nodes, arrays, [1, 3, 12]), arrays


def test_a_product_is_that_of_the_unquantised_input():
    made, arrays = product()
    x = RNG.normal(size=(3, 6)).astype(np.float32)
    weight = (arrays["w"].astype(np.float32) - 120) * arrays["ws"]
    (quantised,) = run(made, x)
    (exact,) = run(to_float(made), x)
    np.testing.assert_allclose(exact, x @ weight, rtol=1e-5, atol=1e-5)
    assert 0 < np.abs(quantised - exact).max() < 0.05 * np.abs(exact).max()
    assert [n.op_type for n in made.graph.node] == ["MatMul"]
    assert len(made.graph.initializer) == 1


def test_a_convolution_keeps_its_bias_padding_and_dilation():
    made, arrays = convolution()
    x = RNG.normal(size=(1, 3, 12)).astype(np.float32)
    (quantised,) = run(made, x)
    (exact,) = run(to_float(made), x)
    padded = np.pad(x[0], ((0, 0), (2, 2)))
    weight = arrays["w"].astype(np.float32) * 0.02
    wanted = np.stack(
        [sum((weight[o, :, k] @ padded[:, 2 * k : 2 * k + 12]) for k in range(3)) + arrays["b"][o] for o in range(4)]
    )
    np.testing.assert_allclose(exact[0], wanted, rtol=1e-4, atol=1e-4)
    assert 0 < np.abs(quantised - exact).max() < 0.05 * np.abs(exact).max()
    assert [n.op_type for n in made.graph.node] == ["Conv"]


def test_an_lstm_becomes_one_that_is_not_quantised():
    size, width = 4, 5
    arrays = {
        "w": RNG.integers(-127, 128, (2, width, 4 * size)).astype(np.int8),
        "r": RNG.integers(-127, 128, (2, size, 4 * size)).astype(np.int8),
        "b": RNG.normal(size=(2, 8 * size)).astype(np.float32) * 0.1, "ws": np.array([0.004, 0.006], np.float32),
        "rs": np.array([0.003, 0.005], np.float32), "z": np.zeros(2, np.int8),
        "h": np.zeros((2, 1, size), np.float32),
    }  # fmt: skip
    inputs = ["x", "w", "r", "b", "", "h", "h", "", "ws", "z", "rs", "z"]
    options = {"direction": "bidirectional", "hidden_size": size, "input_forget": 0}
    node = helper.make_node("DynamicQuantizeLSTM", inputs, ["y"], "lstm", domain="com.microsoft", **options)
    made = model([node], arrays, ["t", 1, width])
    x = RNG.normal(size=(7, 1, width)).astype(np.float32)
    (quantised,) = run(made, x)
    (exact,) = run(to_float(made), x)
    assert [n.op_type for n in made.graph.node] == ["LSTM"]
    assert exact.shape == quantised.shape == (7, 2, 1, size)
    assert 0 < np.abs(quantised - exact).max() < 0.03
    assert np.abs(exact[:, 0] - exact[:, 1]).max() > 0.1


def test_a_chain_that_is_not_as_expected_is_refused():
    made, _ = product()
    made.graph.node[-1].op_type = "Div"
    with pytest.raises(InputError, match="product is not quantised as expected"):
        to_float(made)


def test_the_durations_become_an_output():
    nodes = [
        helper.make_node("Round", ["x"], ["r"]),
        helper.make_node("Clip", ["r", "low"], ["c"], "/encoder/Clip"),
        helper.make_node("Neg", ["c"], ["y"]),
    ]
    made = with_durations(model(nodes, {"low": np.array(1, np.float32)}, ["n"]))
    assert [o.name for o in made.graph.output] == ["y", DURATIONS]
    y, durations = run(to_float(made), np.array([0.2, 2.6], np.float32))
    np.testing.assert_array_equal(durations, [1, 3])
    np.testing.assert_array_equal(y, -durations)
    with pytest.raises(InputError, match="/encoder/Clip"):
        with_durations(product()[0])
