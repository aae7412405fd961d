"""A back-off model as its makers handle it: sorted tables whose rows point at their contexts and suffixes."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ngram.arpa import Arpa, NgramTable
from .ngram_rows import START_ID, NgramTables, find_in_table, ngram_ids


@dataclass(frozen=True, slots=True)
class BackoffTable:
    """The n-grams of one order; probabilities are plain, not logarithms.

    ``word``, ``context`` and ``suffix`` are int32 (count,), see harken.lm.estimation.ngram_rows: the rows are sorted by
    context and word, and ``suffix`` is -1 where entropy pruning took that n-gram away. ``prob`` and ``backoff`` are
    float32 (count,). ``frequency`` (float32) is how often the n-gram occurs in a text of one word; entropy pruning
    weighs contexts by it.
    """

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    prob: NDArray[np.float32]
    backoff: NDArray[np.float32]
    frequency: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"BackoffTable(count={len(self.word)})"


@dataclass(frozen=True, slots=True, repr=False)
class BackoffTables(NgramTables[BackoffTable]):
    """A whole model, order 1 first, over ``words`` (``<unk>``, ``<s>``, ``</s>``, then the rest)."""

    words: tuple[str, ...]
    tables: tuple[BackoffTable, ...]

    def rows(self, n: int, begin: int, end: int) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Return ids, log10 probabilities and back-off weights of the n-grams ``begin`` to ``end`` of order ``n``."""
        table, here = self.tables[n - 1], slice(begin, end)
        prob = np.minimum(np.log10(np.maximum(table.prob[here], 1e-38), dtype=np.float32), 0)
        backoff = np.log10(np.maximum(table.backoff[here], 1e-38), dtype=np.float32)
        return ngram_ids(self.tables, n, begin, end), prob, backoff if n < len(self.tables) else np.zeros_like(prob)

    def to_arpa(self) -> Arpa:
        """Return the model with log10 values; ``write_arpa`` takes either."""
        return Arpa(self.words, tuple(NgramTable(*self.rows(n, 0, count)) for n, count in enumerate(self.counts, 1)))

    def word_probabilities(self, tokens: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability of every token after those before it in its sentence, in the order they stand.

        ``tokens`` as ``encode`` gives them; ``<s>`` is given, not predicted, and has no entry in the answer.
        """
        rows = tokens.astype(np.int32)  # of the n-gram that ends with each token, -1 where the model lacks it
        prob: NDArray[np.float64] = self.tables[0].prob[rows].astype(np.float64)
        for below, table in itertools.pairwise(self.tables):
            contexts = np.append(np.int32(-1), rows)[:-1]
            # No n-gram reaches over the beginning of a sentence: none holds <s> but as its first word.
            rows = find_in_table(table, contexts, tokens)
            prob *= _pick(below.backoff, contexts, missing=1)
            there = rows >= 0
            prob[there] = table.prob[rows[there]]
        return prob[tokens != START_ID]


def _pick(values: NDArray[np.float32], rows: NDArray[np.int32], missing: float) -> NDArray[np.float32]:
    """Return ``values[rows]``, and ``missing`` for rows below 0."""
    picked = np.full(len(rows), missing, np.float32)
    there = rows >= 0
    picked[there] = values[rows[there]]
    return picked
