"""Compiled: sorting short and long runs of small numbers that carry positions along."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel

POSITION_BITS = 32
_SHORT = 40  # up to here insertion is faster
_LONG = 1 << 13  # from here wide digits pay
_NARROW, _WIDE = 8, 11  # bits of a digit


@inner_kernel
def sort_pairs(pairs: NDArray[np.int64], spare: NDArray[np.int64], digits: NDArray[np.int64], size: int) -> None:
    """Sort the first ``size`` of ``pairs``, each a number above ``POSITION_BITS`` of position, by the number.

    Positions must stand in order, and do so afterwards where numbers are equal. ``spare`` is as long as ``pairs``;
    ``digits`` holds 2048.
    """
    if size <= _SHORT:
        for at in range(1, size):
            pair = pairs[at]
            while at > 0 and pairs[at - 1] > pair:
                pairs[at] = pairs[at - 1]
                at -= 1
            pairs[at] = pair
        return
    bits = _WIDE if size >= _LONG else _NARROW
    highest = np.int64(0)
    for at in range(size):
        highest = max(highest, pairs[at])
    shift = POSITION_BITS
    while highest >> shift:
        _sort_by_digit(pairs, spare, digits, size, shift, bits)
        shift += bits


@inner_kernel
def _sort_by_digit(
    pairs: NDArray[np.int64], spare: NDArray[np.int64], digits: NDArray[np.int64], size: int, shift: int, bits: int
) -> None:
    """Sort stably by the ``bits`` above ``shift``."""
    mask = (1 << bits) - 1
    digits[: mask + 1] = 0
    for at in range(size):
        digits[(pairs[at] >> shift) & mask] += 1
    before = np.int64(0)
    for digit in range(mask + 1):
        count = digits[digit]
        digits[digit] = before
        before += count
    for at in range(size):
        digit = (pairs[at] >> shift) & mask
        spare[digits[digit]] = pairs[at]
        digits[digit] += 1
    for at in range(size):  # assigning a slice would take seconds to compile
        pairs[at] = spare[at]
