"""The kinds of node that a description may name, and how each is built from its tensors.

A new kind is a function here, marked ``@kind("its name")``, that reads the node's tensors and options and returns a
layer; the tensors of node ``n`` are named ``n.weight``, ``n.bias`` and so on.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import ModelError
from .description import Network, Node
from .layers import Affine, Layer, LogSoftmax, Normalization, Relu, Sum
from .tensors import Tensors

Builder = Callable[[Node, Sequence[int], Tensors], Layer]
KINDS: dict[str, Builder] = {}


def kind(name: str) -> Callable[[Builder], Builder]:
    """Make the decorated function the builder of the nodes of kind ``name``."""

    def register(builder: Builder) -> Builder:
        KINDS[name] = builder
        return builder

    return register


def build_layers(network: Network, tensors: Tensors) -> list[Layer]:
    """Return one layer for each node of ``network``, in its order.

    Raises ModelError for an unknown kind or option, and for a tensor that is missing, too many, or of a wrong shape.
    """
    widths = dict(network.inputs)
    layers = []
    for node in network.nodes:
        if node.kind not in KINDS:
            raise ModelError(
                f"network: node {node.name!r} is of the unknown kind {node.kind!r}; this version knows "
                f"{', '.join(sorted(KINDS))}."
            )
        layer = KINDS[node.kind](node, [widths[tap.source] for tap in node.taps], tensors)
        widths[node.name] = layer.width
        layers.append(layer)
    tensors.check_all_read()
    return layers


@kind("affine")
def affine(node: Node, widths: Sequence[int], tensors: Tensors) -> Affine:
    """Build a linear map of all taps side by side: ``weight`` (outputs, inputs) and, where there is one, ``bias``."""
    _options(node, {})
    weight = tensors.read(f"{node.name}.weight", (None, sum(widths)))
    outputs = len(weight)
    name = f"{node.name}.bias"
    bias = tensors.read(name, (outputs,)) if name in tensors else None
    weight = np.ascontiguousarray(weight.T)
    return Affine(node.name, node.taps, node.period, outputs, weight=weight, tap_widths=tuple(widths), bias=bias)


@kind("batchnorm")
def batchnorm(node: Node, widths: Sequence[int], tensors: Tensors) -> Normalization:
    """Build ``scale * (x - mean) / sqrt(variance + epsilon) + offset``; scale and offset default to 1 and 0."""
    width = _one_width(node, widths, taps=1)
    epsilon = float(_options(node, {"epsilon": 1e-5})["epsilon"])
    mean = tensors.read(f"{node.name}.mean", (width,)).astype(np.float64)
    variance = tensors.read(f"{node.name}.variance", (width,)).astype(np.float64) + epsilon
    scale = tensors.read_or(f"{node.name}.scale", (width,), np.ones(width, np.float32))
    offset = tensors.read_or(f"{node.name}.offset", (width,), np.zeros(width, np.float32))
    if variance.min() <= 0:
        raise ModelError(f"{tensors.where}: tensor '{node.name}.variance' plus epsilon is not positive everywhere.")
    gain = scale / np.sqrt(variance)
    shift = offset - gain * mean
    return Normalization(
        node.name, node.taps, node.period, width, gain=gain.astype(np.float32), shift=shift.astype(np.float32)
    )


@kind("relu")
def relu(node: Node, widths: Sequence[int], tensors: Tensors) -> Relu:
    """Build ``max(x, 0)``."""
    _options(node, {})
    return Relu(node.name, node.taps, node.period, _one_width(node, widths, taps=1))


@kind("add")
def add(node: Node, widths: Sequence[int], tensors: Tensors) -> Sum:
    """Build the sum of the taps, each times its entry of the option ``scales`` (1 where it is absent)."""
    scales = _options(node, {"scales": [1.0] * len(widths)})["scales"]
    good = isinstance(scales, Sequence) and all(isinstance(scale, int | float) for scale in scales)
    if not good or len(scales) != len(widths):
        raise ModelError(f"network: node {node.name!r} needs a number in scales for each of its {len(widths)} inputs.")
    return Sum(node.name, node.taps, node.period, _one_width(node, widths), scales=tuple(map(float, scales)))


@kind("log_softmax")
def log_softmax(node: Node, widths: Sequence[int], tensors: Tensors) -> LogSoftmax:
    """Build the natural logarithm of the softmax over the row."""
    _options(node, {})
    return LogSoftmax(node.name, node.taps, node.period, _one_width(node, widths, taps=1))


@kind("subtract_prior")
def subtract_prior(node: Node, widths: Sequence[int], tensors: Tensors) -> Normalization:
    """Build ``x - scale * log_prior``: from log posteriors to log likelihoods, up to a constant a row.

    ``log_prior`` (units,) holds the natural logarithms of the units' shares, ``scale`` how much of them is taken out.
    """
    width = _one_width(node, widths, taps=1)
    scale = float(_options(node, {"scale": 1.0})["scale"])
    log_prior = tensors.read(f"{node.name}.log_prior", (width,)).astype(np.float64)
    shift = (-scale * log_prior).astype(np.float32)
    return Normalization(node.name, node.taps, node.period, width, gain=np.ones(width, np.float32), shift=shift)


def _options(node: Node, defaults: dict[str, Any]) -> dict[str, Any]:
    for name in node.options:
        if name not in defaults:
            raise ModelError(f"network: node {node.name!r} of kind {node.kind!r} has the unknown field {name!r}.")
    return {**defaults, **node.options}


def _one_width(node: Node, widths: Sequence[int], taps: int | None = None) -> int:
    if len(set(widths)) != 1 or taps not in (None, len(widths)):
        wanted = "inputs of one width" if taps is None else f"exactly {taps} input"
        raise ModelError(f"network: node {node.name!r} needs {wanted}, not inputs of widths {list(widths)}.")
    return widths[0]
