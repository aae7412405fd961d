"""Rewriting a network's layers so that less is left to compute: the same function, up to rounding.

Each function takes the layers in topological order and returns new ones. A batch norm goes into the affine map before
it, or else into the affine maps after it; a ReLU becomes the last step of the affine map before it; the constant scale
of a skip connection goes into the affine maps around it. All products of weights are computed in float64.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .description import Tap
from .layers import Affine, Layer, Normalization, Relu, Sum

SMALLEST_SCALE = 2.0**-20


def fold(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Return the layers with every folding of this file applied; ``output`` is the node whose values are wanted."""
    layers = fold_into_affine_before(layers, output)
    layers = fold_into_affine_after(layers, output)
    return fold_scales(layers, output)


def fold_into_affine_before(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Fold each batch norm or ReLU into the affine map that it reads, where nobody else reads that map."""
    folded: dict[str, Layer] = {}
    for layer in layers:
        source = folded.get(layer.taps[0].source)
        if isinstance(layer, Normalization | Relu) and isinstance(source, Affine) and not source.relu:
            alone = len(_readers(layers, source.name)) == 1 and source.name != output
            if alone and layer.taps[0].offset == 0 and layer.period == source.period:
                del folded[source.name]
                if isinstance(layer, Relu):
                    layer = replace(source, name=layer.name, relu=True)
                else:
                    weight = (source.weight.astype(np.float64) * layer.gain).astype(np.float32)
                    bias = (source.bias.astype(np.float64) * layer.gain + layer.shift).astype(np.float32)
                    layer = replace(source, name=layer.name, weight=weight, bias=bias)
        folded[layer.name] = layer
    return list(folded.values())


def fold_into_affine_after(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Fold each batch norm that only affine maps read into those."""
    folded = {layer.name: layer for layer in layers}
    for norm in layers:
        readers = _readers(list(folded.values()), norm.name)
        if isinstance(norm, Normalization) and norm.name != output and all(isinstance(r, Affine) for r in readers):
            del folded[norm.name]
            for reader in readers:
                if isinstance(reader, Affine):
                    folded[reader.name] = _absorb(reader, norm)
    return list(folded.values())


def _absorb(affine: Affine, norm: Normalization) -> Affine:
    """Return ``affine`` reading what ``norm`` reads, with norm's gain and shift in its weight and bias."""
    weight, bias, taps = affine.weight.astype(np.float64), affine.bias.astype(np.float64), []
    begin = 0
    for tap, width in zip(affine.taps, affine.tap_widths, strict=True):
        if tap.source == norm.name:
            part = weight[begin : begin + width]
            bias = bias + norm.shift.astype(np.float64) @ part
            part *= norm.gain[:, np.newaxis]
            tap = Tap(norm.taps[0].source, norm.taps[0].offset + tap.offset)
        taps.append(tap)
        begin += width
    return replace(affine, taps=tuple(taps), weight=weight.astype(np.float32), bias=bias.astype(np.float32))


def fold_scales(layers: Sequence[Layer], output: str) -> list[Layer]:
    """Make ``relu(Wx + b) + 0.66 skip`` a plain sum by holding its value divided by 0.66.

    A value held as value / c costs nothing where only affine maps read it (c goes into their weights) or where it is
    the skip of another such sum, which is then held as value / (0.66 c). The other term of the sum must be an affine
    map that nobody else reads: its weights are divided by c.
    """
    folded = {layer.name: layer for layer in layers}
    foldable: set[str] = set()
    for layer in reversed(layers):
        if isinstance(layer, Sum) and layer.name != output and _is_residual(layer, folded, layers):
            readers = _readers(layers, layer.name)
            if all(isinstance(r, Affine) or (r.name in foldable and _is_skip(layer, r)) for r in readers):
                foldable.add(layer.name)
    divisor: dict[str, float] = {}
    for layer in layers:
        if layer.name in foldable and isinstance(layer, Sum):
            (branch, skip), (branch_scale, skip_scale) = layer.taps, layer.scales
            held = skip_scale * divisor.get(skip.source, 1.0)
            if held < SMALLEST_SCALE:
                held = 1.0
            source = folded[branch.source]
            if isinstance(source, Affine):
                factor = branch_scale / held
                weight = (source.weight.astype(np.float64) * factor).astype(np.float32)
                bias = (source.bias.astype(np.float64) * factor).astype(np.float32)
                folded[source.name] = replace(source, weight=weight, bias=bias)
            rest = skip_scale * divisor.get(skip.source, 1.0) / held
            folded[layer.name] = replace(layer, scales=(1.0, rest))
            divisor[layer.name] = held
        elif isinstance(layer, Affine):
            affine = folded[layer.name]
            if isinstance(affine, Affine):
                scales = [divisor.get(tap.source, 1.0) for tap in layer.taps]
                column = np.repeat(scales, affine.tap_widths)[:, np.newaxis]
                folded[layer.name] = replace(affine, weight=(affine.weight * column).astype(np.float32))
    return list(folded.values())


def _is_residual(layer: Sum, folded: dict[str, Layer], layers: Sequence[Layer]) -> bool:
    """Return whether the sum is of an affine map that only it reads, and one other value, both positively scaled."""
    if len(layer.taps) != 2 or min(layer.scales) <= 0 or layer.taps[0].source == layer.taps[1].source:
        return False
    branch = layer.taps[0].source
    return isinstance(folded.get(branch), Affine) and len(_readers(layers, branch)) == 1


def _is_skip(layer: Layer, reader: Layer) -> bool:
    return reader.taps[1].source == layer.name


def _readers(layers: Sequence[Layer], name: str) -> list[Layer]:
    return [layer for layer in layers if any(tap.source == name for tap in layer.taps)]
