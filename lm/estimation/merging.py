"""Merging the tables of many blocks into one.

A block's rows stay in order when their contexts become rows of the merged table below, so that the blocks' rows are
sorted runs. They are merged in parts, cut between contexts, several parts at once.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .block_counts import BlockTable

COLUMNS = (np.int32, np.int32, np.int32, np.uint32)
"""What the columns of a BlockTable hold."""

_SAMPLES_PER_PART = 16


@dataclass(frozen=True, slots=True)
class MergedRows:
    """Which merged row each row of the blocks became: block i's are ``row[begin[i]:end[i]]``, in order."""

    row: NDArray[np.int32]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


def merge_parts(
    spilled: BlockTable, here: MergedRows, below: MergedRows, rows_at_once: int, pool: Executor, ahead: int
) -> Iterator[tuple[NDArray[Any], ...]]:
    """Yield the merged table in parts of about ``rows_at_once`` spilled rows, the columns of BlockTable.

    ``spilled`` holds the blocks' tables one after the other, ``below`` their rows of the order below; ``here.row`` is
    filled. ``ahead`` parts are merged before they are asked for. Raises FormatError where counts pass 2^32.
    """
    cuts = _cuts(spilled, here, below, rows_at_once)
    waiting: deque[tuple[int, Future[tuple[NDArray[Any], ...]]]] = deque()
    done = 0
    for part in range(len(cuts) - 1 + ahead):
        if part < len(cuts) - 1:
            waiting.append((part, pool.submit(_merge, spilled, here, below, cuts[part], cuts[part + 1])))
        if part >= ahead:
            at, running = waiting.popleft()
            columns = running.result()
            for begin, end in zip(cuts[at].tolist(), cuts[at + 1].tolist(), strict=True):
                here.row[begin:end] += done
            done += len(columns[0])
            yield columns


def _cuts(spilled: BlockTable, here: MergedRows, below: MergedRows, rows_at_once: int) -> NDArray[np.int64]:
    """Return where the parts begin in each block, int64 (parts + 1, blocks): no context is in two parts."""
    step = max(1, rows_at_once // _SAMPLES_PER_PART)
    blocks = list(zip(here.begin.tolist(), here.end.tolist(), below.begin.tolist(), below.end.tolist(), strict=True))
    samples = [below.row[first + spilled.context[begin:end:step]] for begin, end, first, _ in blocks]
    contexts = np.unique(np.sort(np.concatenate(samples))[_SAMPLES_PER_PART::_SAMPLES_PER_PART])
    cuts = np.empty((len(contexts) + 2, len(blocks)), np.int64)
    cuts[0], cuts[-1] = here.begin, here.end
    for block, (begin, end, first, last) in enumerate(blocks):
        own = np.searchsorted(below.row[first:last], contexts).astype(np.int32)
        cuts[1:-1, block] = begin + np.searchsorted(spilled.context[begin:end], own)
    return cuts


def _merge(
    spilled: BlockTable, here: MergedRows, below: MergedRows, begin: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[Any], ...]:
    """Merge the blocks' rows from ``begin`` to ``end``, numbered from 0 in ``here.row``."""
    from . import merging_kernels as kernels

    rows = kernels.TableRows(spilled.word, spilled.context, spilled.suffix, spilled.occurrences)
    runs = kernels.Runs(begin.copy(), end, below.row, below.begin)
    size = int((end - begin).sum())
    made: tuple[NDArray[Any], ...] = tuple(np.empty(size, dtype) for dtype in COLUMNS)
    scratch = np.empty(2 * len(begin), np.int64)
    count = kernels.merge_runs(rows, runs, kernels.TableRows(*made), here.row, scratch)
    if count == kernels.TOO_MANY:
        raise FormatError("An n-gram of the text occurs more than 2^32 times: is it text?")
    return tuple(column[:count] for column in made)
