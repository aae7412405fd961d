"""The counts of a text's n-grams, as counting leaves them and smoothing takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ngram_rows import find_ngrams, ngram_ids


@dataclass(frozen=True, slots=True)
class CountTable:
    """The n-grams of one order: rows of ``word``, ``context`` and ``suffix`` (int32, see ngram_rows) and their counts.

    ``occurrences`` (uint32) is how often the n-gram occurs. ``continuations`` (uint32) holds the counts that Kneser-Ney
    smoothing wants: how many different words precede the n-gram; n-grams of the highest order, and those that begin a
    sentence, keep their occurrences. The word ``<s>`` alone has none of either.
    """

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    occurrences: NDArray[np.uint32]
    continuations: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class NgramCounts:
    """The n-grams of a text, order 1 first, over ``words`` (``<unk>``, ``<s>``, ``</s>``, then the rest).

    Order 1 holds every word, seen or not; every n-gram's context and suffix are among those of the order below.
    """

    words: tuple[str, ...]
    tables: tuple[CountTable, ...]

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
