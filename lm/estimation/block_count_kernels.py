"""Compiled: counting the n-grams of a block of tokens, each order from groups of positions of the one below.

All positions of a block are sorted by the n-gram that begins there; a position's rank is the row of that n-gram.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .ngram_rows import END_ID
from .sorting_kernels import POSITION_BITS, sort_pairs


class BlockRows(NamedTuple):
    """The n-grams of one order in a block: see CountTable; ``begin`` int32: where their positions begin, or empty."""

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    occurrences: NDArray[np.uint32]
    begin: NDArray[np.int32]


@kernel
def count_words(tokens: NDArray[np.int32], occurrences: NDArray[np.uint32]) -> None:
    """Add up how often each word occurs."""
    for word in tokens:
        occurrences[word] += 1


@kernel
def place_words(tokens: NDArray[np.int32], following: NDArray[np.int32], positions: NDArray[np.int32]) -> None:
    """Sort the positions by word; ``following`` is where the next position of each word goes."""
    for at in range(len(tokens)):
        word = tokens[at]
        positions[following[word]] = at
        following[word] += 1


@kernel
def sort_groups(
    tokens: NDArray[np.int32], positions: NDArray[np.int32], below: BlockRows, n: int, part: tuple[int, int]
) -> int:
    """Sort the positions of each of the rows ``part`` of order ``n`` - 1 by the n-gram's last word.

    The first position of every n-gram is left as its complement, below 0. Returns the number of n-grams.
    """
    words, sizes, begins = below.word, below.occurrences, below.begin
    first, last = part
    largest = np.int64(0)
    for row in range(first, last):
        largest = max(largest, np.int64(sizes[row]))
    pairs, spare = np.empty(largest, np.int64), np.empty(largest, np.int64)
    digits = np.empty(1 << 11, np.int64)
    found = 0
    for row in range(first, last):
        if words[row] == END_ID:
            continue  # nothing follows
        begin, size = np.int64(begins[row]), np.int64(sizes[row])
        if size > 1:
            for at in range(size):
                position = np.int64(positions[begin + at])
                pairs[at] = (np.int64(tokens[position + n - 1]) << POSITION_BITS) | position
            sort_pairs(pairs, spare, digits, size)
        elif size == 1:
            pairs[0] = positions[begin]
        before = np.int64(-1)
        for at in range(size):
            word = pairs[at] >> POSITION_BITS
            position = pairs[at] & ((1 << POSITION_BITS) - 1)
            if word != before:
                before = word
                position = ~position
                found += 1
            positions[begin + at] = position
    return found


@kernel
def fill_rows(
    tokens: NDArray[np.int32],
    positions: NDArray[np.int32],
    ranks: tuple[NDArray[np.int32], NDArray[np.int32]],
    below: BlockRows,
    rows: BlockRows,
    n: int,
    part: tuple[int, int, int],
) -> None:
    """Write the rows of order ``n`` that ``sort_groups`` found below the rows ``part[0]`` to ``part[1]``.

    ``part[2]`` is the first of them. ``ranks`` are those of order n - 1, read, and of order n, written unless empty.
    """
    words, sizes, begins = below.word, below.occurrences, below.begin
    word, context, suffix, occurrences, starts = rows.word, rows.context, rows.suffix, rows.occurrences, rows.begin
    old, new = ranks
    ranked, based = len(new) > 0, len(starts) > 0
    first, last, row = part
    row -= 1
    for above in range(first, last):
        if words[above] == END_ID:
            continue
        begin = np.int64(begins[above])
        end = begin + np.int64(sizes[above])
        head = begin
        for at in range(begin, end):
            position = np.int64(positions[at])
            if position < 0:
                position = ~position
                positions[at] = position
                if at > begin:
                    occurrences[row] = at - head
                    head = at
                row += 1
                word[row] = tokens[position + n - 1]
                context[row] = above
                suffix[row] = old[position + 1]
                if based:
                    starts[row] = at
            if ranked:
                new[position] = row
        if end > begin:
            occurrences[row] = end - head


@kernel
def count_rows(rows: NDArray[np.int32], counts: NDArray[np.uint32]) -> None:
    """Add up how often each row occurs."""
    for row in rows:
        counts[row] += 1
