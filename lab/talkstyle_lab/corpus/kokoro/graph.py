"""The network's graph, as it is distributed with 8-bit weights, with float arithmetic and with its durations.

A dynamically quantised product is a chain: the input is quantised, an integer product follows, perhaps a bias divided
by the scales and rounded, and the result is multiplied by the scales. It becomes one product of the unquantised input
with the weights times their scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InputError
from talkstyle_lab.corpus.kokoro.extra import require

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

DURATIONS: Final = "durations"
"""The name of the output that is added: frames of each token, float32 ``[tokens]``."""

_PRODUCTS: Final = {"MatMulInteger": "MatMul", "ConvInteger": "Conv"}


def to_float(model: ModelProto) -> ModelProto:
    """Replace dynamically quantised products, convolutions and LSTMs by float ones, in place; return the model.

    Raises:
        InputError: A quantised product is not followed by what was expected.
    """
    graph = _Graph(model)
    for node in list(model.graph.node):
        if node.op_type in _PRODUCTS:
            graph.product(node)
        elif node.op_type == "DynamicQuantizeLSTM":
            graph.lstm(node)
    graph.sweep()
    return model


def with_durations(model: ModelProto, node_name: str = "/encoder/Clip") -> ModelProto:
    """Add the output ``durations`` of the node that limits them, in place; return the model.

    Raises:
        InputError: There is no such node.
    """
    onnx = require("onnx")
    node = next((n for n in model.graph.node if n.name == node_name), None)
    if node is None:
        raise InputError(f"the graph has no node {node_name}", where="Kokoro", hint="Fetch the pinned network again.")
    kept = node.output[0]
    model.graph.node.append(onnx.helper.make_node("Identity", [kept], [DURATIONS]))
    model.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
    return model


class _Graph:
    """A model's nodes by what they make and by what they use."""

    def __init__(self, model: ModelProto) -> None:
        self.onnx = require("onnx")
        self.graph = model.graph
        self.arrays = {i.name: i for i in model.graph.initializer}
        self.maker = {name: node for node in model.graph.node for name in node.output if name}
        self.users: dict[str, list[NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self.outputs = {o.name for o in model.graph.output}
        self.made: set[str] = set()

    def array(self, name: str) -> NDArray[Any]:
        return np.asarray(self.onnx.numpy_helper.to_array(self.arrays[name]))

    def product(self, node: NodeProto) -> None:
        """Replace an integer product, the casting, scaling and biasing after it, by a float one."""
        source = self.maker[node.input[0]]
        self._expect(source, "DynamicQuantizeLinear", node)
        bias: NDArray[Any] | None = None
        last = self._only_user(node)
        if last.op_type == "Add":
            bias = self._bias(last, node)
            last = self._only_user(last)
        self._expect(last, "Cast", node)
        last = self._only_user(last)
        self._expect(last, "Mul", node)
        scale = self._weight_scale(last, source.output[1], node)

        zero = self.array(node.input[3]).astype(np.float32) if len(node.input) > 3 and node.input[3] else np.float32(0)
        weight = (self.array(node.input[1]).astype(np.float32) - zero) * scale
        inputs = [source.input[0], self._keep(node.input[1] + "/float", weight)]
        if bias is not None:
            inputs.append(self._keep(node.name + "/bias", bias))
        made = self.onnx.helper.make_node(_PRODUCTS[node.op_type], inputs, [last.output[0]], node.name + "/float")
        made.attribute.extend(node.attribute)
        self._replace(last, made)

    def lstm(self, node: NodeProto) -> None:
        """Replace a quantised LSTM: its weights come transposed, with a scale and a zero point for each direction."""
        weights = []
        for at, scale, zero in ((1, 8, 9), (2, 10, 11)):
            weight = self.array(node.input[at]).astype(np.float32)
            scales, zeros = (self.array(node.input[i]).astype(np.float32) for i in (scale, zero))
            scales, zeros = (a[:, None, None] if a.ndim == 1 else a[:, None, :] for a in (scales, zeros))
            whole = np.ascontiguousarray(((weight - zeros) * scales).transpose(0, 2, 1))
            weights.append(self._keep(node.input[at] + "/float", whole))
        inputs = [node.input[0], *weights, *node.input[3:8]]
        made = self.onnx.helper.make_node("LSTM", inputs, list(node.output), node.name + "/float")
        made.attribute.extend(a for a in node.attribute if a.name != "input_forget" or a.i)
        self._replace(node, made)

    def sweep(self) -> None:
        """Remove nodes and arrays that lead to no output."""
        needed = set(self.outputs)
        nodes = list(self.graph.node)
        kept = []
        for node in reversed(nodes):
            if needed & set(node.output):
                needed.update(node.input)
                needed.update(name for a in node.attribute for n in a.g.node for name in n.input)
                kept.append(node)
        arrays = [i for i in self.graph.initializer if i.name in needed]
        del self.graph.node[:], self.graph.initializer[:], self.graph.value_info[:]
        self.graph.node.extend(reversed(kept))
        self.graph.initializer.extend(arrays)

    def _bias(self, add: NodeProto, node: NodeProto) -> NDArray[Any]:
        """The bias that was divided by the scales, rounded, cast and reshaped."""
        made = [self.maker[name] for name in add.input if self.maker.get(name) is not node]
        chain = made[0]
        for kind in ("Reshape", "Cast", "Floor"):
            self._expect(chain, kind, node)
            chain = self.maker[chain.input[0]]
        self._expect(chain, "Div", node)
        return self.array(chain.input[0])

    def _weight_scale(self, multiply: NodeProto, input_scale: str, node: NodeProto) -> NDArray[Any]:
        for name in multiply.input:
            scales = self.maker.get(name)
            if scales is not None and scales.op_type == "Mul" and input_scale in scales.input:
                return self.array(next(i for i in scales.input if i != input_scale))
        raise self._strange(node)

    def _only_user(self, node: NodeProto) -> NodeProto:
        users = self.users.get(node.output[0], [])
        if len(users) != 1:
            raise self._strange(node)
        return users[0]

    def _expect(self, found: NodeProto, kind: str, node: NodeProto) -> None:
        if found.op_type != kind:
            raise self._strange(node)

    def _strange(self, node: NodeProto) -> InputError:
        what = f"{node.name or node.op_type} is not quantised as expected"
        return InputError(what, where="Kokoro", hint="Fetch the pinned network again: talkstyle pretrain voices.")

    def _keep(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.made:
            self.made.add(name)
            self.graph.initializer.append(self.onnx.numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def _replace(self, old: NodeProto, new: NodeProto) -> None:
        """Put a node where the one was that made its output."""
        place = next(i for i, n in enumerate(self.graph.node) if n is old or n.output[:] == old.output[:])
        del self.graph.node[place]
        self.graph.node.insert(place, new)
