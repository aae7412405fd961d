"""Compiled look-up of words by their bytes (see ``word_table.WordTable``)."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .word_table import LENGTH_BITS, SHORT, SHORT_BITS, WordTable

_NEWLINE, _RETURN, _SPACE = 10, 13, 32
_BLOCK = 64
"""Words that are hashed before the first of them is looked up, so that waits for memory overlap."""


@inlined_kernel
def spell(data: NDArray[np.uint8], begin: int, end: int) -> tuple[int, int]:
    """Return 31 bits of a hash of the word ``data[begin:end]``, and the spelling of a short word, 0 of a longer one."""
    if end - begin <= SHORT:
        spelling = np.int64(end - begin) << SHORT_BITS
        for place in range(begin, end):
            spelling |= np.int64(data[place]) << 8 * (place - begin)
        return mixed(spelling), spelling
    value = np.int64(2166136261)
    for place in range(begin, end):  # FNV-1a
        value = ((value ^ np.int64(data[place])) * 16777619) & 0xFFFFFFFF
    return (value ^ (value >> 15)) & 0x7FFFFFFF, np.int64(0)


@inlined_kernel
def mixed(spelling: int) -> int:
    """Return 31 bits that depend on all of a short word's spelling."""
    half = (spelling & 0xFFFFFFFF) ^ (spelling >> 32) * 40503 & 0xFFFFFFFF
    half = half * 1640531527
    return (half >> 29 ^ half) & 0x7FFFFFFF


@inlined_kernel
def find_spelled(table: WordTable, data: NDArray[np.uint8], begin: int, end: int, mark: int, spelling: int) -> int:
    """Return the number of the word ``data[begin:end]``, which ``spell`` gave ``mark`` and ``spelling``, or -1."""
    text, slots = table.text, table.slots
    mask, length = len(slots) - 2, end - begin
    place = 2 * mark & mask
    while slots[place] != 0:
        if slots[place] >> 32 == mark:
            kept = slots[place + 1]
            if spelling != 0:
                if kept == spelling:
                    return (slots[place] & 0xFFFFFFFF) - 1
            elif kept >> SHORT_BITS == 0 and kept & (1 << LENGTH_BITS) - 1 == length:
                other = kept >> LENGTH_BITS
                same = 0
                while same < length and text[other + same] == data[begin + same]:
                    same += 1
                if same == length:
                    return (slots[place] & 0xFFFFFFFF) - 1
        place = (place + 2) & mask
    return np.int64(-1)


@inlined_kernel
def find_word(table: WordTable, data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return the number of the word ``data[begin:end]``, -1 where the table lacks it."""
    mark, spelling = spell(data, begin, end)
    return find_spelled(table, data, begin, end, mark, spelling)


@kernel
def fill_slots(
    text: NDArray[np.uint8], spans: NDArray[np.int64], numbers: NDArray[np.int32], slots: NDArray[np.int64]
) -> int:
    """Put all words into the empty ``slots``; return the first that stands there already, which ends it, or -1."""
    table = WordTable(text, slots)
    mask = len(slots) - 2
    for row in range(len(spans)):
        begin, end = spans[row, 0], spans[row, 1]
        mark, spelling = spell(text, begin, end)
        if find_spelled(table, text, begin, end, mark, spelling) >= 0:
            return row
        place = 2 * mark & mask
        while slots[place] != 0:
            place = (place + 2) & mask
        slots[place] = np.int64(mark) << 32 | (numbers[row] + 1)
        slots[place + 1] = spelling if spelling != 0 else begin << LENGTH_BITS | (end - begin)
    return -1


@kernel
def number_lines(
    table: WordTable, data: NDArray[np.uint8], last: int, words: NDArray[np.int32], begin: NDArray[np.int64]
) -> int:
    """Number the words of the lines of ``data``, 0 for those that the table lacks, and ``last`` after every line.

    ``begin`` takes where each line begins in ``words`` and where the last one ends; words stand between spaces, tabs
    and whatever else ASCII counts as white space. Returns the end.
    """
    count, line, at, waiting = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    found = np.empty((_BLOCK, 5), np.int64)
    while line < len(begin) - 1:
        begin[line] = count
        while at < len(data) and data[at] != _NEWLINE:
            end, spelling, shift = at, np.int64(0), np.int64(0)
            while end < len(data) and data[end] != _SPACE and not _NEWLINE - 1 <= data[end] <= _RETURN:
                spelling |= np.int64(data[end]) << shift if shift < SHORT_BITS else np.int64(0)
                shift += 8
                end += 1
            if end > at:
                if shift <= SHORT_BITS:
                    spelling |= (end - at) << SHORT_BITS
                    mark = mixed(spelling)
                else:
                    mark, spelling = spell(data, at, end)
                found[waiting, 0], found[waiting, 1], found[waiting, 2] = at, end, mark
                found[waiting, 3], found[waiting, 4] = spelling, count
                waiting += 1
                count += 1
                at = end
                if waiting == _BLOCK:
                    number_words(table, data, found, waiting, words)
                    waiting = 0
            else:
                at += 1
        words[count] = last
        count += 1
        line += 1
        at += 1
    number_words(table, data, found, waiting, words)
    begin[line] = count
    return count


@inlined_kernel
def number_words(
    table: WordTable, data: NDArray[np.uint8], found: NDArray[np.int64], waiting: int, words: NDArray[np.int32]
) -> None:
    """Number the words whose begin, end, hash, spelling and place in ``words`` are ``found``."""
    for one in range(waiting):
        number = find_spelled(table, data, found[one, 0], found[one, 1], found[one, 2], found[one, 3])
        words[found[one, 4]] = max(number, 0)
