"""Rewriting a network's layers so that less is left to compute: the same function, up to rounding.

Each function takes the layers in topological order and returns new ones. A batch norm goes into the affine map before
it, or else into the affine maps after it; a ReLU becomes the last step of the affine map before it. Constant scales and
constants added to a value move along the network until an affine map takes them in. What is left of a TDNN-F layer,
besides two products, is one pass for the ReLU and one for the skip connection. All weights are multiplied in float64.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .description import Tap
from .layers import Affine, Layer, Normalization, Relu, Sum
from .tensors import Float32

SMALLEST_SCALE = 2.0**-20


def fold(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Return the layers with every folding of this file applied; ``output`` is the node whose values are wanted."""
    layers = fold_into_affine_before(layers, output)
    layers = fold_into_affine_after(layers, output)
    layers = fold_scales(layers, output)
    return fold_constants(layers, output)


def fold_into_affine_before(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Fold each batch norm or ReLU into the affine map that it reads, where nobody else reads that map."""
    folded: dict[str, Layer] = {}
    for layer in layers:
        source = folded.get(layer.taps[0].source)
        if isinstance(layer, Normalization | Relu) and isinstance(source, Affine) and source.floor is None:
            alone = len(_readers(layers, source.name)) == 1 and source.name != output
            if alone and layer.taps[0].offset == 0 and layer.period == source.period:
                del folded[source.name]
                if isinstance(layer, Relu):
                    layer = replace(source, name=layer.name, floor=np.zeros(layer.width, np.float32))
                else:
                    bias = layer.shift + _bias(source) * layer.gain
                    layer = replace(_scaled(source, columns=layer.gain), name=layer.name, bias=_float32(bias))
        folded[layer.name] = layer
    return list(folded.values())


def fold_into_affine_after(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Fold each batch norm that only affine maps read into those."""
    folded = {layer.name: layer for layer in layers}
    for norm in layers:
        readers = _readers(list(folded.values()), norm.name)
        affines = [reader for reader in readers if isinstance(reader, Affine)]
        if isinstance(norm, Normalization) and norm.name != output and len(affines) == len(readers):
            del folded[norm.name]
            for affine in affines:
                moved = _with_constants(affine, {norm.name: norm.shift})
                moved = _scaled(moved, rows=_of_taps(affine, {norm.name: norm.gain}, 1.0))
                (source,) = norm.taps
                taps = [
                    Tap(source.source, source.offset + t.offset) if t.source == norm.name else t for t in moved.taps
                ]
                folded[affine.name] = replace(moved, taps=tuple(taps))
    return list(folded.values())


def fold_scales(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Make ``relu(Wx + b) + 0.66 skip`` a plain sum by holding its value divided by 0.66.

    A value held as value / c costs nothing where only affine maps read it (c goes into their weights) or where it is
    the skip of another such sum, which is then held as value / (0.66 c). The other term of the sum must be an affine
    map that nobody else reads: its weights are divided by c.
    """
    residuals: set[str] = set()
    for layer in reversed(layers):
        if isinstance(layer, Sum) and layer.name != output and _is_residual(layer, layers):
            readers = _readers(layers, layer.name)
            if all(isinstance(r, Affine) or (r.name in residuals and r.taps[1].source == layer.name) for r in readers):
                residuals.add(layer.name)
    folded = {layer.name: layer for layer in layers}
    divisor: dict[str, float] = {}
    for layer in layers:
        if isinstance(layer, Affine):
            rows = _of_taps(layer, {name: np.float64(scale) for name, scale in divisor.items()}, 1.0)
            folded[layer.name] = _scaled(layer, rows=rows)
        elif isinstance(layer, Sum) and layer.name in residuals:
            (branch, skip), (branch_scale, skip_scale) = layer.taps, layer.scales
            skip_scale *= divisor.get(skip.source, 1.0)
            held = skip_scale if skip_scale > SMALLEST_SCALE else 1.0
            divisor[layer.name] = held
            folded[layer.name] = replace(layer, scales=(1.0, skip_scale / held))
            affine = folded[branch.source]
            if isinstance(affine, Affine):
                bias = _float32(_bias(affine) * (branch_scale / held))
                columns = np.full(affine.width, branch_scale / held)
                folded[affine.name] = replace(_scaled(affine, columns=columns), bias=bias)
    return list(folded.values())


def fold_constants(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Move biases forward into the affine maps that read a value, directly or through sums; for a ReLU by

    relu(a + b) = max(a, -b) + b.
    """
    movable: set[str] = set()
    for layer in reversed(layers):
        readers = _readers(layers, layer.name)
        absorbed = all(isinstance(reader, Affine) or reader.name in movable for reader in readers)
        if isinstance(layer, Affine | Sum) and layer.name != output and absorbed:
            movable.add(layer.name)
    folded: list[Layer] = []
    constants: dict[str, NDArray[np.float64]] = {}  # what is missing from each value
    for layer in layers:
        if isinstance(layer, Affine):
            layer = _with_constants(layer, constants)
            if layer.name in movable and layer.bias is not None:
                constants[layer.name] = layer.bias.astype(np.float64)
                layer = replace(layer, bias=None, floor=None if layer.floor is None else layer.floor - layer.bias)
        elif isinstance(layer, Sum) and layer.name in movable:
            terms = zip(layer.taps, layer.scales, strict=True)
            constants[layer.name] = sum(
                (scale * constants[tap.source] for tap, scale in terms if tap.source in constants),
                np.zeros(layer.width),
            )
        folded.append(layer)
    return folded


def _is_residual(layer: Sum, layers: Sequence[Layer]) -> bool:
    """Return whether the sum is of an affine map that only it reads, and one other value, both positively scaled."""
    if len(layer.taps) != 2 or min(layer.scales) <= 0 or layer.taps[0].source == layer.taps[1].source:
        return False
    branch = layer.taps[0].source
    is_affine = any(isinstance(other, Affine) and other.name == branch for other in layers)
    return is_affine and len(_readers(layers, branch)) == 1


def _of_taps(affine: Affine, values: Mapping[str, NDArray[Any]], default: float) -> NDArray[np.float64]:
    """Return one number for each row of the affine map's weight: those of its taps' sources, side by side."""
    taps = zip(affine.taps, affine.tap_widths, strict=True)
    return np.concatenate([np.broadcast_to(values.get(tap.source, default), width) for tap, width in taps])


def _with_constants(affine: Affine, constants: Mapping[str, NDArray[Any]]) -> Affine:
    """Return the affine map that gives for x what ``affine`` gives for x plus its sources' constants."""
    if not any(tap.source in constants for tap in affine.taps):
        return affine
    added = _of_taps(affine, constants, 0.0) @ affine.weight.astype(np.float64)
    return replace(affine, bias=_float32(_bias(affine) + added))


def _scaled(affine: Affine, rows: NDArray[Any] | None = None, columns: NDArray[Any] | None = None) -> Affine:
    """Return the affine map with the rows (inputs) or columns (outputs) of its weight scaled."""
    weight = affine.weight.astype(np.float64)
    if rows is not None:
        weight *= rows[:, np.newaxis]
    if columns is not None:
        weight *= columns
    return replace(affine, weight=_float32(weight))


def _bias(affine: Affine) -> NDArray[np.float64]:
    return np.zeros(affine.width) if affine.bias is None else affine.bias.astype(np.float64)


def _float32(values: NDArray[Any]) -> Float32:
    return values.astype(np.float32)


def _readers(layers: Sequence[Layer], name: str) -> list[Layer]:
    return [layer for layer in layers if any(tap.source == name for tap in layer.taps)]
