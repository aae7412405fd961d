"""Counting the n-grams of a block of tokens, in memory.

The positions of the block are sorted by the word there, then, within each group of equal n-grams, by the word that
follows: order after order, so that contexts need no search. Every position remembers the row of the n-gram that
begins there; the suffix of an n-gram is the row of the position after it.
"""

import itertools
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .block_count_kernels import BlockRows

_PARTS_PER_THREAD = 4
_SMALLEST_PART = 1 << 14  # positions


@dataclass(frozen=True, slots=True)
class BlockTable:
    """The n-grams of one order in a block (see CountTable, which has continuations besides)."""

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    occurrences: NDArray[np.uint32]


def block_memory(order: int) -> int:
    """Return the bytes that counting n-grams up to ``order`` takes for each token of a block, at most."""
    # Tokens, positions and the ranks of two orders, four bytes each, and as much for sorting, which takes far less
    # unless most of a block is one word; a row of 20 bytes in each table, were all n-grams different.
    return 20 + 20 * (order - 1)


def count_block(tokens: NDArray[np.int32], size: int, order: int, threads: int, pool: Executor) -> list[BlockTable]:
    """Return the tables of orders 1 to ``order`` of ``tokens``, whole sentences over ``size`` words.

    Order 1 has a row for each word, ``<s>`` included.
    """
    from . import block_count_kernels as kernels

    occurrences = np.zeros(size, np.uint32)
    kernels.count_words(tokens, occurrences)
    begin = np.zeros(size, np.int32)
    begin[1:] = np.cumsum(occurrences[:-1], dtype=np.int64)
    none = np.zeros(size, np.int32)
    rows = kernels.BlockRows(np.arange(size, dtype=np.int32), none, none, occurrences, begin)
    tables = [_table(rows)]
    if order == 1:
        return tables
    positions = np.empty(len(tokens), np.int32)
    kernels.place_words(tokens, begin.copy(), positions)
    nothing = np.empty(0, np.int32)
    old, free = tokens, nothing
    for n in range(2, order + 1):
        below = rows
        bounds = _parts(begin, len(tokens), threads)
        found = list(pool.map(partial(kernels.sort_groups, tokens, positions, below, n), bounds))
        total = sum(found)
        begin = np.empty(total if n < order else 0, np.int32)
        word, context, suffix = (np.empty(total, np.int32) for _ in range(3))
        rows = kernels.BlockRows(word, context, suffix, np.empty(total, np.uint32), begin)
        if n < order:
            new = free if len(free) else np.empty_like(tokens)
        else:
            new = free = nothing
        starts = np.cumsum([0, *found]).tolist()
        parts = [(*part, start) for part, start in zip(bounds, starts, strict=False)]
        list(pool.map(partial(kernels.fill_rows, tokens, positions, (old, new), below, rows, n), parts))
        old, free = new, nothing if old is tokens else old
        tables.append(_table(rows))
    return tables


def _table(rows: "BlockRows") -> BlockTable:
    return BlockTable(rows.word, rows.context, rows.suffix, rows.occurrences)


def _parts(begin: NDArray[np.int32], positions: int, threads: int) -> list[tuple[int, int]]:
    """Cut the rows whose positions begin at ``begin`` into ranges with about as many positions each."""
    count = max(1, min(_PARTS_PER_THREAD * threads, positions // _SMALLEST_PART)) if threads > 1 else 1
    cuts = np.searchsorted(begin, np.linspace(0, positions, count + 1)[1:-1].astype(np.int32)).tolist()
    return [(first, last) for first, last in itertools.pairwise([0, *cuts, len(begin)]) if first < last]
