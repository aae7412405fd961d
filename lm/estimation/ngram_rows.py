"""N-grams as rows of contexts and words: the layout that counts and models of the estimation share.

An n-gram of order n is one row of the n-th table. ``context`` is the row, one order below, of the n-gram without its
last word (order 1: 0), ``word`` its last word; rows are sorted by context and word, which is the lexicographic order
of the n-grams. ``suffix`` is the row, one order below, of the n-gram without its first word (order 1: 0), and -1 where
entropy pruning took that one away. Order 1 holds every word of the vocabulary, so that its rows are word ids.
"""

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

UNKNOWN_ID, START_ID, END_ID = range(3)


class RowTable(Protocol):
    """What the tables of counts and of models have in common: int32 arrays (count,)."""

    @property
    def word(self) -> NDArray[np.int32]:
        """The last word of each n-gram."""

    @property
    def context(self) -> NDArray[np.int32]:
        """The row, one order below, of each n-gram without its last word."""


def ngram_ids(tables: Sequence[RowTable], n: int, begin: int = 0, end: int | None = None) -> NDArray[np.int32]:
    """Return the word ids, int32 (count, n), of the n-grams in rows ``begin`` to ``end`` of order ``n``."""
    words = tables[n - 1].word[begin:end]
    ids = np.empty((len(words), n), np.int32)
    ids[:, n - 1] = words
    rows = tables[n - 1].context[begin:end]
    for place in range(n - 2, -1, -1):
        ids[:, place] = tables[place].word[rows]
        if place:
            rows = tables[place].context[rows]
    return ids


def find_ngrams(tables: Sequence[RowTable], columns: Sequence[NDArray[Any]]) -> NDArray[np.int32]:
    """Return the rows of the n-grams whose i-th words are ``columns[i]``, -1 for those that are not there."""
    rows = np.ascontiguousarray(columns[0], np.int32)
    rows = np.where((rows >= 0) & (rows < len(tables[0].word)), rows, np.int32(-1))
    for table, words in zip(tables[1:], columns[1:], strict=False):
        rows = find_in_table(table, rows, words)
    return rows


def find_in_table(table: RowTable, contexts: NDArray[Any], words: NDArray[Any]) -> NDArray[np.int32]:
    """Return the rows of the pairs of ``contexts`` and ``words`` in ``table``, -1 for those that are not there."""
    from .row_kernels import find_rows

    wanted = [np.asarray(column, np.int32) for column in (contexts, words)]
    rows: NDArray[np.int32] = find_rows(*map(read_only, (table.context, table.word, *wanted)))
    return rows


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written, as kernels take their inputs, so that each is compiled once."""
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view


Table = TypeVar("Table", bound=RowTable)


class NgramTables(Generic[Table]):
    """What counts and models have in common: a table an order, order 1 first, over numbered words."""

    __slots__ = ()
    words: tuple[str, ...]
    tables: tuple[Table, ...]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(order={len(self.tables)}, counts={self.counts})"

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""
        return tuple(len(table.word) for table in self.tables)

    def ids(self, n: int) -> NDArray[np.int32]:
        """Return the word ids of the n-grams of order ``n``, int32 (count, n)."""
        return ngram_ids(self.tables, n)

    def find(self, n: int, columns: Sequence[NDArray[Any]]) -> NDArray[np.int32]:
        """Return the rows of the n-grams whose i-th words are ``columns[i]`` (``n`` of them), -1 for missing ones."""
        return find_ngrams(self.tables, columns[:n])
