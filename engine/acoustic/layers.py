"""The layers that a network computes, each over any number of rows at once.

A layer gets one float32 view (rows, width) for each of its taps, already shifted in time, and writes its own rows to
``out``; nothing here knows about time, blocks or streams. A layer whose ``in_place`` is true may be given the memory of
its first tap as ``out``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from .description import Tap
from .products import spare_rows
from .tensors import Float32


@dataclass(frozen=True, eq=False)
class Layer:
    """A computed node: ``width`` values at every multiple of ``period`` input frames, from what its ``taps`` read."""

    name: str
    taps: tuple[Tap, ...]
    period: int
    width: int

    in_place: ClassVar[bool] = False

    def spare_rows(self, row: int, count: int) -> tuple[int, int]:
        """Return how many rows must be computed before and after ``count`` wanted ones, of which ``row`` is the first.

        A larger count never needs more of them than a count of 1.
        """
        return 0, 0

    def scratch(self, rows: int) -> int:
        """Return how many float32 values of scratch memory ``compute`` needs for ``rows`` rows."""
        return 0

    def compute(self, inputs: Sequence[Float32], out: Float32, scratch: Float32) -> None:
        """Write the layer's rows to ``out``, given the rows of each tap."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Affine(Layer):
    """``y = max(W [x1; x2; ...] + b, floor)``; without ``bias`` b is 0, without ``floor`` nothing is clipped.

    ``weight`` is W transposed, (inputs of all taps, width): OpenBLAS packs that order half as fast again where rows are
    few. ``tap_widths`` says how its rows belong to the taps. Several taps are either copied side by side and multiplied
    once, or multiplied one after the other and added up in scratch memory; whichever moves fewer values.
    """

    weight: Float32
    tap_widths: tuple[int, ...]
    bias: Float32 | None = None
    floor: Float32 | None = None

    @property
    def spliced(self) -> bool:
        """Whether the taps are copied side by side (few inputs, many outputs) rather than multiplied one by one."""
        return len(self.taps) > 1 and len(self.weight) < 2 * (len(self.taps) - 1) * self.width

    @cached_property
    def tap_weights(self) -> list[Float32]:
        """The weight of each tap, (inputs of the tap, width)."""
        return np.split(self.weight, np.cumsum(self.tap_widths)[:-1])

    def spare_rows(self, row: int, count: int) -> tuple[int, int]:
        """Return the rows that bring each row to its place and the whole to a good number of rows."""
        inner = len(self.weight) if self.spliced else min(self.tap_widths)
        return spare_rows(row, count, inner, self.width)

    def scratch(self, rows: int) -> int:
        """Return the size of the taps side by side, or of one tap's product."""
        return rows * (len(self.weight) if self.spliced else self.width)

    def compute(self, inputs: Sequence[Float32], out: Float32, scratch: Float32) -> None:
        """Multiply, add the bias, clip."""
        if self.spliced:
            side_by_side = scratch[: len(out) * len(self.weight)].reshape(len(out), len(self.weight))
            np.concatenate(inputs, axis=1, out=side_by_side)
            np.matmul(side_by_side, self.weight, out=out)
        else:
            product = scratch[: out.size].reshape(out.shape)
            np.matmul(inputs[0], self.tap_weights[0], out=out)
            for rows, weight in zip(inputs[1:], self.tap_weights[1:], strict=True):
                np.matmul(rows, weight, out=product)
                np.add(out, product, out=out)
        if self.bias is not None:
            np.add(out, self.bias, out=out)
        if self.floor is not None:
            np.maximum(out, self.floor, out=out)


@dataclass(frozen=True, eq=False)
class Normalization(Layer):
    """``y = gain * x + shift``, value by value: a batch norm with its statistics fixed."""

    gain: Float32
    shift: Float32

    in_place: ClassVar[bool] = True

    def compute(self, inputs: Sequence[Float32], out: Float32, scratch: Float32) -> None:
        """Multiply and add."""
        np.multiply(inputs[0], self.gain, out=out)
        np.add(out, self.shift, out=out)


@dataclass(frozen=True, eq=False)
class Relu(Layer):
    """``y = max(x, 0)``."""

    in_place: ClassVar[bool] = True

    def compute(self, inputs: Sequence[Float32], out: Float32, scratch: Float32) -> None:
        """Clip each row at a row of zeros."""
        np.maximum(inputs[0], self._zeros, out=out)

    @cached_property
    def _zeros(self) -> Float32:
        return np.zeros(self.width, np.float32)  # NumPy's maximum is three times slower with a scalar


@dataclass(frozen=True, eq=False)
class Sum(Layer):
    """``y = s1 x1 + s2 x2 + ...``: a skip connection."""

    scales: tuple[float, ...]

    in_place: ClassVar[bool] = True

    def scratch(self, rows: int) -> int:
        """Return the size of one array of rows."""
        return rows * self.width

    def compute(self, inputs: Sequence[Float32], out: Float32, scratch: Float32) -> None:
        """Add up the scaled taps."""
        first = inputs[0]
        if self.scales[0] != 1:
            first = np.multiply(first, np.float32(self.scales[0]), out=out)
        scaled = scratch[: out.size].reshape(out.shape)
        for rows, scale in zip(inputs[1:], self.scales[1:], strict=True):
            term = rows if scale == 1 else np.multiply(rows, np.float32(scale), out=scaled)
            first = np.add(first, term, out=out)
        if first is not out:
            np.copyto(out, first)


@dataclass(frozen=True, eq=False)
class LogSoftmax(Layer):
    """``y = x - log(sum(exp(x)))`` over the row: natural-log probabilities."""

    in_place: ClassVar[bool] = True

    def scratch(self, rows: int) -> int:
        """Return the size of one array of rows."""
        return rows * self.width

    def compute(self, inputs: Sequence[Float32], out: Float32, scratch: Float32) -> None:
        """Subtract the largest value, so that no exponential overflows, then the logarithm of their sum."""
        exponentials = scratch[: out.size].reshape(out.shape)
        np.subtract(inputs[0], inputs[0].max(axis=1, keepdims=True), out=out)
        np.exp(out, out=exponentials)
        np.subtract(out, np.log(exponentials.sum(axis=1, keepdims=True)), out=out)
