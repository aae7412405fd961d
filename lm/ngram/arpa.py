"""ARPA files' contents: back-off n-gram models as sorted arrays of log10 values; ``read_arpa``, ``write_arpa``.

The format (SRILM's ngram-format(5)): a ``\\data\\`` header that promises a count for every order, then one section an
order with lines ``log10 probability <TAB> words <TAB> log10 back-off weight``, and ``\\end\\``. The back-off weight is
left out in the highest order and may be left out where it is 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN, SENTENCE_START, SENTENCE_END = "<unk>", "<s>", "</s>"
SPECIAL_WORDS = (UNKNOWN, SENTENCE_START, SENTENCE_END)
MISSING_UNKNOWN_LOG10 = -100.0  # what KenLM gives <unk> where a model has none
MOST_LOG10 = 100.0
"""No log10 probability or back-off weight is so high; costs that are made of lower ones fit into integers."""


@dataclass(frozen=True, slots=True)
class NgramTable:
    """The n-grams of one order: ``ids`` int32 (count, n), rows in lexicographic order; the rest float32 (count,)."""

    ids: NDArray[np.int32]
    log10_prob: NDArray[np.float32]
    log10_backoff: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"NgramTable(order={self.ids.shape[-1]}, count={len(self.log10_prob)})"


@dataclass(frozen=True, slots=True)
class Arpa:
    """A back-off model: ``words[id]`` (``<unk>``, ``<s>``, ``</s>`` are ids 0, 1, 2) and a table for every order."""

    words: tuple[str, ...]
    tables: tuple[NgramTable, ...]

    def __repr__(self) -> str:
        return f"Arpa(order={self.order}, counts={self.counts})"

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.tables)

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""
        return tuple(len(table.log10_prob) for table in self.tables)

    def rows(self, n: int, begin: int, end: int) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Return ids, log10 probabilities and back-off weights of the n-grams ``begin`` to ``end`` of order ``n``."""
        table, here = self.tables[n - 1], slice(begin, end)
        return table.ids[here], table.log10_prob[here], table.log10_backoff[here]
