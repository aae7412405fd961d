"""The network as an ONNX graph, made from its description and tensors alone, to run it elsewhere or compare with it.

The graph takes ``features`` (frames, width) that already reach over the network's whole context, the edges repeated by
the caller (see ``padded``), and gives ``scores`` (rows, units). Inside, time runs along the last axis, the order that
ONNX's convolution wants: an affine node whose taps are evenly spaced becomes one (dilated, strided) convolution, which
runtimes fuse with the batch norm and the ReLU after it; other nodes become slices, concatenation and a 1 x 1 one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from .description import Node, Tap, context, needed_times, parse_network
from .kinds import build_layers
from .tensors import Float32, Tensors

OPSET = 17


def padded(description: Mapping[str, Any], features: Float32) -> Float32:
    """Return the features with both edges repeated as far as the network looks from its first and last output row."""
    network = parse_network(description)
    left, right = context(network)
    last = (len(features) - 1) // network.subsampling * network.subsampling
    return np.asarray(np.take(features, np.arange(-left, last + right + 1), axis=0, mode="clip"))


def export_onnx(description: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the network as a serialised ONNX model, of features (frames, width) to scores (rows, units).

    Needs the ``onnx`` package. Raises ModelError where the description or a tensor is wrong, or where a node is of a
    kind that has no ONNX form here.
    """
    import onnx
    from onnx import TensorProto, helper

    network = parse_network(description)
    layers = build_layers(network, Tensors(weights))  # checks every tensor
    units = next(layer.width for layer in layers if layer.name == network.output)
    writer = _Writer(description, weights)
    for node in network.nodes:
        if node.name in writer.times:
            writer.node(node)
    (name, width), *_ = network.inputs.items()
    writer.operation("Transpose", [network.output], "timewise", perm=[0, 2, 1])
    writer.operation("Squeeze", ["timewise", writer.constant("first_axis", np.array([0]))], "scores")
    graph = helper.make_graph(
        writer.operations,
        "acoustic",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["frames", width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", units])],
        writer.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


class _Writer:
    """Collects the operations; the value of a node is (1, width, rows), from its earliest needed time to its latest."""

    def __init__(self, description: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> None:
        network = parse_network(description)
        self.weights, self.inputs = weights, network.inputs
        self.times = needed_times(network)
        self.period = dict.fromkeys(network.inputs, 1) | {node.name: node.period for node in network.nodes}
        self.operations: list[Any] = []
        self.constants: list[Any] = []
        for name in network.inputs:
            self.operation("Transpose", [name], f"{name}.across", perm=[1, 0])
            axis = self.constant(f"{name}.axis", np.array([0]))
            self.operation("Unsqueeze", [f"{name}.across", axis], self.value(name))

    def value(self, name: str) -> str:
        """Return what the value (1, width, rows) of a node or an input is called in the graph."""
        return f"{name}.rows" if name in self.inputs else name

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add a constant and return its name."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def tensor(self, name: str, default: NDArray[Any]) -> str:
        """Add a tensor of the model in float32, or ``default``, and return its name."""
        return self.constant(name, np.asarray(self.weights.get(name, default), np.float32))

    def operation(self, kind: str, inputs: Sequence[str], output: str, **options: Any) -> str:
        """Add an operation and return the name of its output."""
        from onnx import helper

        self.operations.append(helper.make_node(kind, list(inputs), [output], **options))
        return output

    def tapped(self, node: Node, first: Tap, last: Tap, label: str) -> str:
        """Return the rows that ``node`` reads of one source, from those of its tap ``first`` to those of ``last``."""
        source, step = first.source, self.period[first.source]
        begin = (self.times[node.name][0] + first.offset - self.times[source][0]) // step
        spare = (self.times[source][1] - self.times[node.name][1] - last.offset) // step
        if begin == spare == 0:
            return self.value(source)
        end = -spare if spare else np.iinfo(np.int64).max
        bounds = [self.constant(f"{label}.{i}", np.array([value])) for i, value in enumerate((begin, end, 2))]
        return self.operation("Slice", [self.value(source), *bounds], label)

    def node(self, node: Node) -> None:
        """Add the operations of one node."""
        name, taps = node.name, node.taps
        match node.kind:
            case "affine":
                self.affine(node)
            case "batchnorm":
                source = self.tapped(node, taps[0], taps[0], f"{name}.in")
                width = np.shape(self.weights[f"{name}.mean"])
                ones, zeros = np.ones(width), np.zeros(width)
                fields = (("scale", ones), ("offset", zeros), ("mean", zeros), ("variance", ones))
                tensors = [self.tensor(f"{name}.{field}", default) for field, default in fields]
                epsilon = float(node.options.get("epsilon", 1e-5))
                self.operation("BatchNormalization", [source, *tensors], name, epsilon=epsilon)
            case "relu":
                self.operation("Relu", [self.tapped(node, taps[0], taps[0], f"{name}.in")], name)
            case "log_softmax":
                self.operation("LogSoftmax", [self.tapped(node, taps[0], taps[0], f"{name}.in")], name, axis=1)
            case "subtract_prior":
                source = self.tapped(node, taps[0], taps[0], f"{name}.in")
                log_prior = np.asarray(self.weights[f"{name}.log_prior"], np.float32)
                prior = np.float32(node.options.get("scale", 1.0)) * log_prior.reshape(1, -1, 1)
                self.operation("Sub", [source, self.constant(f"{name}.prior", prior)], name)
            case "add":
                terms = []
                for index, (tap, scale) in enumerate(
                    zip(taps, node.options.get("scales", [1.0] * len(taps)), strict=True)
                ):
                    term = self.tapped(node, tap, tap, f"{name}.in{index}")
                    if scale != 1:
                        factor = self.constant(f"{name}.scale{index}", np.float32(scale).reshape(1))
                        term = self.operation("Mul", [term, factor], f"{name}.term{index}")
                    terms.append(term)
                self.operation("Sum" if len(terms) != 2 else "Add", terms, name)
            case _:
                raise ModelError(f"network: node {name!r} of kind {node.kind!r} has no ONNX form.")

    def affine(self, node: Node) -> None:
        """Add one convolution: over one source where the taps are evenly spaced, else over their rows side by side."""
        weight = np.asarray(self.weights[f"{node.name}.weight"], np.float32)
        bias = self.tensor(f"{node.name}.bias", np.zeros(len(weight)))
        spacings = {after.offset - tap.offset for tap, after in zip(node.taps, node.taps[1:], strict=False)}
        one_source = len({tap.source for tap in node.taps}) == 1
        if one_source and len(spacings) <= 1 and min(spacings, default=1) > 0:
            source = self.tapped(node, node.taps[0], node.taps[-1], f"{node.name}.in")
            kernel, period = len(node.taps), self.period[node.taps[0].source]
            dilation, stride = max(spacings, default=period) // period, node.period // period
        elif all(self.period[tap.source] == node.period for tap in node.taps):
            parts = [self.tapped(node, tap, tap, f"{node.name}.in{index}") for index, tap in enumerate(node.taps)]
            source = self.operation("Concat", parts, f"{node.name}.in", axis=1)
            kernel = dilation = stride = 1
        else:
            raise ModelError(f"network: node {node.name!r} subsamples inputs that are not evenly spaced; no ONNX form.")
        shaped = weight.reshape(len(weight), kernel, -1).transpose(0, 2, 1)
        inputs = [source, self.constant(f"{node.name}.weight", shaped), bias]
        self.operation("Conv", inputs, node.name, dilations=[dilation], strides=[stride], kernel_shape=[kernel])
