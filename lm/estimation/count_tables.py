"""The counts of a text's n-grams, as counting leaves them and smoothing takes them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ngram_rows import NgramTables


@dataclass(frozen=True, slots=True)
class CountTable:
    """The n-grams of one order: rows of ``word``, ``context`` and ``suffix`` (int32) and their counts.

    For the rows see harken.lm.estimation.ngram_rows. ``occurrences`` (uint32) is how often the n-gram occurs.
    ``continuations`` (uint32) holds the counts that Kneser-Ney smoothing wants: how many different words precede the
    n-gram; n-grams of the highest order, and those that begin a sentence, keep their occurrences. The word ``<s>``
    alone has none of either.
    """

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    occurrences: NDArray[np.uint32]
    continuations: NDArray[np.uint32]

    def __repr__(self) -> str:
        return f"CountTable(count={len(self.word)})"


@dataclass(frozen=True, slots=True, repr=False)
class NgramCounts(NgramTables[CountTable]):
    """The n-grams of a text, order 1 first, over ``words`` (``<unk>``, ``<s>``, ``</s>``, then the rest).

    Order 1 holds every word, seen or not; every n-gram's context and suffix are among those of the order below.
    """

    words: tuple[str, ...]
    tables: tuple[CountTable, ...]
