"""Compiled look-up of words by their bytes (see ``word_table.WordTable``)."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .word_table import WordTable


@inlined_kernel
def hash_of(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return 31 bits of the hash FNV-1a of ``data[begin:end]``, mixed so that the lowest depend on all."""
    value = np.int64(2166136261)
    for place in range(begin, end):
        value = ((value ^ np.int64(data[place])) * 16777619) & 0xFFFFFFFF
    return (value ^ (value >> 15)) & 0x7FFFFFFF


@inlined_kernel
def same_bytes(
    one: NDArray[np.uint8], begin: int, end: int, other: NDArray[np.uint8], other_begin: int, other_end: int
) -> bool:
    """Return whether two stretches hold the same bytes."""
    if end - begin != other_end - other_begin:
        return False
    for place in range(end - begin):  # noqa: SIM110 - kernels have no generators
        if one[begin + place] != other[other_begin + place]:
            return False
    return True


@inlined_kernel
def find_word(table: WordTable, data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return the number of the word ``data[begin:end]``, -1 where the table lacks it."""
    text, spans, slots = table.text, table.spans, table.slots
    mark = hash_of(data, begin, end)
    place = mark & (len(slots) - 1)
    while slots[place] != 0:
        if slots[place] >> 32 == mark:
            row = (slots[place] & 0xFFFFFFFF) - 1
            if same_bytes(text, spans[row, 0], spans[row, 1], data, begin, end):
                return np.int64(table.numbers[row])
        place = (place + 1) & (len(slots) - 1)
    return np.int64(-1)


@kernel
def fill_slots(text: NDArray[np.uint8], spans: NDArray[np.int64], slots: NDArray[np.int64]) -> int:
    """Put all words into the empty ``slots``; return the first that stands there already, which ends it, or -1."""
    for row in range(len(spans)):
        mark = hash_of(text, spans[row, 0], spans[row, 1])
        place = mark & (len(slots) - 1)
        while slots[place] != 0:
            if slots[place] >> 32 == mark:
                other = (slots[place] & 0xFFFFFFFF) - 1
                if same_bytes(text, spans[row, 0], spans[row, 1], text, spans[other, 0], spans[other, 1]):
                    return row
            place = (place + 1) & (len(slots) - 1)
        slots[place] = np.int64(mark) << 32 | (row + 1)
    return -1
