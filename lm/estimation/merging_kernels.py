"""Compiled: merging the sorted tables of many blocks into one."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel

TOO_MANY = -1
"""What ``merge_runs`` returns where an n-gram occurs 2^32 times or more often."""

_WORD_BITS = 32


class TableRows(NamedTuple):
    """The columns of one table, or of several one after the other (see CountTable)."""

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    occurrences: NDArray[np.uint32]


class Runs(NamedTuple):
    """Where the blocks' rows stand: those still to be merged, and, in ``row_below``, those of the order below.

    ``next`` and ``end`` int64 (blocks,). ``row_below`` int32: the merged row of every block's row of the order below;
    ``begin_below`` int64 (blocks,): where each block's begin there.
    """

    next: NDArray[np.int64]
    end: NDArray[np.int64]
    row_below: NDArray[np.int32]
    begin_below: NDArray[np.int64]


@kernel
def merge_runs(
    spilled: TableRows, runs: Runs, merged: TableRows, row_of: NDArray[np.int32], keys: NDArray[np.int64]
) -> int:
    """Merge the rows of ``runs`` into ``merged``, which has room for all; return how many there are.

    ``row_of`` gets the merged row of every spilled one. ``keys`` is scratch, int64 (2 x blocks,).
    """
    word, context, suffix, occurrences = merged.word, merged.context, merged.suffix, merged.occurrences
    spilled_suffix, spilled_occurrences = spilled.suffix, spilled.occurrences
    following, begin_below, row_below = runs.next, runs.begin_below, runs.row_below
    heap, which = keys[: len(following)], keys[len(following) :]
    waiting = 0
    for run in range(len(following)):
        if following[run] < runs.end[run]:
            heap[waiting], which[waiting] = _key(spilled, runs, run), run
            _rise(heap, which, waiting)
            waiting += 1
    row = -1
    before = np.int64(-1)
    while waiting:
        key, run = heap[0], which[0]
        at = following[run]
        if key != before:
            before = key
            row += 1
            word[row] = key & ((1 << _WORD_BITS) - 1)
            context[row] = key >> _WORD_BITS
            suffix[row] = row_below[begin_below[run] + spilled_suffix[at]]
            occurrences[row] = 0
        total = np.int64(occurrences[row]) + np.int64(spilled_occurrences[at])
        if total > 0xFFFFFFFF:
            return TOO_MANY
        occurrences[row] = total
        row_of[at] = row
        following[run] = at + 1
        if at + 1 < runs.end[run]:
            heap[0] = _key(spilled, runs, run)
        else:
            waiting -= 1
            heap[0], which[0] = heap[waiting], which[waiting]
        _sink(heap, which, waiting)
    return row + 1


@inlined_kernel
def _key(spilled: TableRows, runs: Runs, run: int) -> int:
    """Return merged context and word of the next row of ``run``, as one number."""
    at = runs.next[run]
    context = runs.row_below[runs.begin_below[run] + spilled.context[at]]
    return (np.int64(context) << _WORD_BITS) | np.int64(spilled.word[at])


@inlined_kernel
def _rise(heap: NDArray[np.int64], which: NDArray[np.int64], place: int) -> None:
    """Put the last entry of the heap where it belongs."""
    key, run = heap[place], which[place]
    while place > 0 and heap[(place - 1) >> 1] > key:
        above = (place - 1) >> 1
        heap[place], which[place] = heap[above], which[above]
        place = above
    heap[place], which[place] = key, run


@inlined_kernel
def _sink(heap: NDArray[np.int64], which: NDArray[np.int64], size: int) -> None:
    """Put the first entry of the heap where it belongs."""
    key, run = heap[0], which[0]
    place = 0
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= key:
            break
        heap[place], which[place] = heap[below], which[below]
        place = below
    heap[place], which[place] = key, run
