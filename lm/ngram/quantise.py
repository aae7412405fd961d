"""Numbers as codes into a table of levels: which levels lose least, and which level stands for a number."""

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 40
_BINS = 1 << 12
_SAMPLE = 1 << 17
"""Levels are fitted to this many numbers, evenly taken from the sorted ones."""


def levels_for(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Return up to 2**bits levels, rising, for ``values``; where those are few, themselves.

    Levels begin as dense as the cube root of the numbers' density, where their squared error is least (Panter and
    Dite, 1951), and are moved by Lloyd's rounds, each to the mean of the numbers nearest to it. 0, where it occurs, is
    a level of its own: a back-off weight of 0 is one that a state does without.
    """
    most = 1 << bits
    distinct = np.unique(values)
    if len(distinct) <= most:
        return distinct.astype(np.float32)
    has_zero = bool((distinct == 0).any())
    free = most - has_zero
    fitted = np.sort(values[values != 0]).astype(np.float64)
    fitted = fitted[:: max(1, len(fitted) // _SAMPLE)]
    counts, edges = np.histogram(fitted, min(_BINS, 16 + len(fitted) // 32))
    mass = np.concatenate([[0.0], np.cumsum(np.cbrt(counts))])
    levels = np.interp((np.arange(free) + 0.5) * (mass[-1] / free), mass, edges)
    sums = np.concatenate([[0.0], np.cumsum(fitted)])
    for _ in range(_ROUNDS):
        cuts = np.searchsorted(fitted, (levels[1:] + levels[:-1]) / 2)
        begin, end = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(fitted)]])
        filled = end > begin
        moved = levels.copy()
        moved[filled] = (sums[end] - sums[begin])[filled] / (end - begin)[filled]
        if np.array_equal(moved, levels):
            break
        levels = moved
    levels = np.clip(levels, fitted[0], fitted[-1])  # means of sums may be off by rounding
    return np.unique(np.concatenate([levels.astype(np.float32), np.zeros(int(has_zero), np.float32)]))


def codes_for(values: NDArray[np.float32], levels: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the place of the level nearest to each of ``values``."""
    if len(levels) < 2:
        return np.zeros(len(values), np.uint32)
    middles = (levels[1:].astype(np.float64) + levels[:-1]) / 2
    codes = np.searchsorted(middles, values).astype(np.uint32)
    codes[values == 0] = np.searchsorted(levels, 0)
    return codes
