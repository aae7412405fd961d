"""A back-off model with all n-grams in one array, each linked to its longest suffix: what mixing and pruning walk.

The links go around what entropy pruning took away, so that p(w|h) is found for any history in any model.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .backoff_tables import BackoffTable, BackoffTables
from .linked_arrays import LinkedArrays
from .ngram_rows import START_ID, UNKNOWN_ID

_LEAST_LEFT = 1e-7
"""Rounding may take a history that lists nearly all words past the whole of its probability."""
_MOST_WEIGHT = 1e30
"""Back-off weights of senseless models stay within float32."""


@dataclass(frozen=True, slots=True)
class LinkedModel:
    """``arrays`` (see LinkedArrays); ``first[n - 1]`` is where order n begins in them, and the last entry their end.

    ``context`` (int32) is every n-gram without its last word, ``lower`` (float32) its p(w|h'), where h' is the longest
    listed suffix of its context h; both are 0 in order 1.
    """

    arrays: LinkedArrays
    first: tuple[int, ...]
    context: NDArray[np.int32]
    lower: NDArray[np.float32]

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.first) - 1

    def rows(self, n: int) -> slice:
        """Return where the n-grams of order ``n`` stand."""
        return slice(self.first[n - 1], self.first[n])

    def follow(
        self, histories: NDArray[np.int32], words: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return p(word | history) of each pair, and the n-gram that the word leads to; see ``follow_kernels.follow``.

        ``histories`` are n-grams of the model, -1 the empty one; a word below 0 is none of the model's.
        """
        from .follow_kernels import follow

        prob, reached = np.empty(len(words), np.float32), np.empty(len(words), np.int32)
        follow(self.arrays, histories, words, prob, reached)
        return prob, reached

    def sums(self, values: NDArray[np.float32], n: int, without_unknown: bool) -> NDArray[np.float64]:
        """Return, for every n-gram of order ``n``, the sum of ``values`` over those that continue it by a word.

        ``<s>``, which nothing predicts, does not count, nor does ``<unk>`` where it is left out.
        """
        rows = self.rows(n + 1)
        counted = values[rows].astype(np.float64)
        word = self.arrays.word[rows]
        counted[word == START_ID] = 0
        if without_unknown:
            counted[word == UNKNOWN_ID] = 0
        before = np.concatenate([[0.0], np.cumsum(counted)])
        ends = self.arrays.begin[self.first[n - 1] : self.first[n] + 1] - np.int32(self.first[n])
        whole: NDArray[np.float64] = before[ends[1:]] - before[ends[:-1]]
        return whole

    def totals(self, without_unknown: bool = False) -> NDArray[np.float64]:
        """Return what p(w|h) sums to over all words, for every n-gram as the history h; last for the empty one.

        This is 1 in a model that is whole; less where n-grams were left out without heirs. Words that ``sums`` leaves
        out do not count.
        """
        arrays = self.arrays
        total = np.zeros(self.first[-1] + 1)
        unigrams = arrays.prob[self.rows(1)].astype(np.float64)
        unigrams[[START_ID, UNKNOWN_ID] if without_unknown else START_ID] = 0
        total[-1] = unigrams.sum()
        for n in range(1, self.order + 1):
            here = self.rows(n)
            total[here] = total[arrays.back[here]]
            if n < self.order:
                listed, below = self.sums(arrays.prob, n, without_unknown), self.sums(self.lower, n, without_unknown)
                total[here] = listed + arrays.backoff[here] * (total[here] - below)
        return total

    def left(self, total: NDArray[np.float64], n: int, without_unknown: bool) -> NDArray[np.float64]:
        """Return, for every n-gram of order ``n`` as a history h, the p(w|h') of all words that do not continue it."""
        below: NDArray[np.float64] = total[self.arrays.back[self.rows(n)]]
        below -= self.sums(self.lower, n, without_unknown)
        return np.maximum(below, _LEAST_LEFT)


def link(model: BackoffTables, totals: NDArray[np.float64] | None = None, without_unknown: bool = False) -> LinkedModel:
    """Return ``model`` with its links; with ``totals`` (see ``LinkedModel.totals``), compute its back-off weights anew.

    The new weights make what p(w|h) sums to what ``totals`` says, for every history that words are listed after; the
    others back off with weight 1.
    """
    total = None if totals is None else totals.copy()
    tables = model.tables
    first = (0, *np.cumsum(model.counts).tolist())
    size = first[-1]
    if size > np.iinfo(np.int32).max:
        raise OptionsError(
            f"A model of {size:,} n-grams is too large to be mixed or pruned: 2,147,483,647 are the most."
        )
    arrays = LinkedArrays(
        _begins(tables, first),
        np.concatenate([table.word for table in tables]),
        np.concatenate([table.prob for table in tables]),
        np.concatenate([table.backoff for table in tables]) if totals is None else np.ones(size, np.float32),
        np.full(size, -1, np.int32),
    )
    context, lower = np.zeros(size, np.int32), np.zeros(size, np.float32)
    linked = LinkedModel(arrays, first, context, lower)
    for n in range(2, len(tables) + 1):
        here, table = linked.rows(n), tables[n - 1]
        context[here] = table.context + np.int32(first[n - 2])
        arrays.back[here] = table.suffix + np.int32(first[n - 2])
        missing = np.flatnonzero(table.suffix < 0)
        lower[here], backs = _lower(linked, n, missing)
        arrays.back[first[n - 1] + missing] = backs
        if total is not None:
            histories = linked.rows(n - 1)
            going_on = arrays.begin[first[n - 2] + 1 : first[n - 1] + 1] > arrays.begin[histories]
            total[histories] = np.where(going_on, total[histories], total[arrays.back[histories]])
            listed = linked.sums(arrays.prob, n - 1, without_unknown)
            left = np.maximum(total[histories] - listed, _LEAST_LEFT)
            weights = np.minimum(left / linked.left(total, n - 1, without_unknown), _MOST_WEIGHT)
            arrays.backoff[histories] = np.where(going_on, weights, 1)
    return linked


def with_new_backoffs(
    model: BackoffTables, totals: NDArray[np.float64], without_unknown: bool = False
) -> BackoffTables:
    """Return ``model`` with the back-off weights that give the sums ``totals`` (see ``link``), and all its suffixes."""
    linked = link(model, totals, without_unknown)
    tables = []
    for n, table in enumerate(model.tables, 1):
        here = linked.rows(n)
        suffix = table.suffix
        if n > 1:
            below = linked.first[n - 2]
            back = linked.arrays.back[here]
            suffix = np.where(back >= below, back - np.int32(below), np.int32(-1))
        tables.append(replace(table, suffix=suffix, backoff=linked.arrays.backoff[here]))
    return BackoffTables(model.words, tuple(tables))


def _begins(tables: tuple[BackoffTable, ...], first: tuple[int, ...]) -> NDArray[np.int32]:
    begins = [np.zeros(0, np.int32)]
    for n, table in enumerate(tables, 1):
        if n == len(tables):
            begins.append(np.full(len(table.word) + 1, first[-1], np.int32))
        else:
            lengths = np.bincount(tables[n].context, minlength=len(table.word))
            begins.append((first[n] + np.concatenate([[0], np.cumsum(lengths)[:-1]])).astype(np.int32))
    return np.concatenate(begins)


def _lower(linked: LinkedModel, n: int, missing: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return p(w|h') for order ``n``, and the longest listed suffixes of those whose own suffix is ``missing``."""
    here, arrays = linked.rows(n), linked.arrays
    lower = arrays.prob[arrays.back[here]]
    rows = here.start + missing
    histories = arrays.back[linked.context[rows]]
    lower[missing], backs = linked.follow(histories, arrays.word[rows])
    return lower, backs
