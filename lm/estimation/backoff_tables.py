"""A back-off model as its makers handle it: sorted tables whose rows point at their contexts and suffixes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ngram.arpa import Arpa, NgramTable
from ..ngram.keys import Keys, NgramKeys, find, pick, run_starts
from .counting import START_ID


@dataclass(frozen=True, slots=True)
class BackoffTable:
    """The n-grams of one order, sorted by ``keys``; probabilities are plain, not logarithms.

    ``prob`` and ``backoff`` are float32 (count,). ``context`` and ``suffix`` (int32) are the rows, one order below, of
    the n-gram without its last and without its first word (-1 where entropy pruning took the suffix away).
    ``frequency`` (float32) is how often the n-gram occurs in a text of one word; entropy pruning weighs contexts by it.
    """

    keys: Keys
    prob: NDArray[np.float32]
    backoff: NDArray[np.float32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    frequency: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BackoffTables:
    """A whole model, order 1 first, over ``words`` (``<unk>``, ``<s>``, ``</s>``, then the rest)."""

    words: tuple[str, ...]
    packing: NgramKeys
    tables: tuple[BackoffTable, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""
        return tuple(len(table.keys) for table in self.tables)

    def to_arpa(self) -> Arpa:
        """Return the model with log10 values."""
        made = []
        for n, table in enumerate(self.tables, 1):
            prob = np.minimum(np.log10(np.maximum(table.prob, 1e-38), dtype=np.float32), 0)
            backoff = np.log10(np.maximum(table.backoff, 1e-38), dtype=np.float32)
            if n == len(self.tables):
                backoff = np.zeros_like(prob)
            made.append(NgramTable(self.packing.unpack(table.keys, n), prob, backoff))
        return Arpa(self.words, tuple(made))

    def word_probabilities(self, tokens: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability of every token after those before it in its sentence, in the order they stand.

        ``tokens`` as ``encode`` gives them; ``<s>`` is given, not predicted, and has no entry in the answer.
        """
        predicted = np.flatnonzero(tokens != START_ID)
        prob: NDArray[np.float64] = self.tables[0].prob[tokens[predicted]].astype(np.float64)
        alive = np.arange(len(predicted))
        for n, table in enumerate(self.tables[1:], 2):
            first = predicted[alive] - (n - 1)
            inside = first >= 0
            if n > 2:  # the window may begin with <s> but not reach beyond it
                inside &= tokens[first + 1] != START_ID
            alive, first = alive[inside], first[inside]
            columns = [tokens[first + place] for place in range(n)]
            rows = find(table.keys, self.packing.pack(columns))
            contexts = find(self.tables[n - 2].keys, self.packing.pack(columns[:-1]))
            weight = pick(self.tables[n - 2].backoff, contexts, missing=1)
            prob[alive] = np.where(rows >= 0, pick(table.prob, rows, missing=0), weight * prob[alive])
        return prob


def context_rows(packing: NgramKeys, keys: Keys, n: int, below: Keys) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where the n-grams of each context begin in the sorted ``keys``, and the row of each context ``below``."""
    prefixes = packing.drop_last(keys, n)
    begin = run_starts(prefixes)
    return begin, find(below, prefixes[begin])


def left_over(
    prob: NDArray[Any], lower: NDArray[Any], begin: NDArray[np.int64], counted: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for every context, the probability that its n-grams leave, and that they leave in the order below.

    Their quotient is the back-off weight. ``prob`` and ``lower`` hold p(w|h) and p(w|h') of each row, ``begin`` the
    first row of each context; rows that are not ``counted`` leave everything.
    """
    left = []
    for values in (prob, lower):
        if counted is not None:
            values = np.where(counted, values, 0)
        total = np.add.reduceat(values, begin, dtype=np.float64) if len(begin) else np.zeros(0)
        # Rounding may take a context that has seen nearly all words past 1.
        left.append(np.maximum(1 - total, 1e-7))
    return left[0], left[1]
