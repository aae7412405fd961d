"""The n-grams of a back-off model in one numbering, and which of them are histories: states of an automaton of words.

Node 0 is the empty context, then come the n-grams order by order, row by row. A node is a history where the model
lists words after it; the others hand over to the nearest history that ends them, at the back-off costs on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...lm.ngram.arpa import SENTENCE_END, SENTENCE_START, Arpa

ZERO_LOG10 = -90.0
"""What log10 probabilities at or below this mean: probability zero (ARPA files write log10(0) as -99)."""


@dataclass(frozen=True, slots=True, eq=False)
class NgramNodes:
    """Every array has an entry a node: ``prefix`` and ``suffix`` (the n-gram without its last and its first words, the
    suffix the longest that is listed) are nodes, ``word`` is the last word's id, all -1 for node 0; the rest is as the
    file has it, float64.

    The nodes of order n are ``offsets[n - 1]:offsets[n]``. ``begin`` and ``end`` are the ids of ``<s>`` and ``</s>``,
    ``start`` the node of ``<s>`` (0 where it is no unigram).
    """

    offsets: NDArray[np.int64]
    prefix: NDArray[np.int64]
    suffix: NDArray[np.int64]
    word: NDArray[np.int64]
    log10_prob: NDArray[np.float64]
    log10_backoff: NDArray[np.float64]
    begin: int
    end: int
    start: int

    @classmethod
    def from_arpa(cls, arpa: Arpa) -> "NgramNodes":
        """Number the n-grams of ``arpa``.

        Raises FormatError where an n-gram's context is no n-gram itself, the rows are not sorted, a number is NaN or
        plus infinity, or the model has no ``<s>`` or ``</s>``.
        """
        begin, end = (_word_id(arpa.words, word) for word in (SENTENCE_START, SENTENCE_END))
        ids = [np.asarray(table.ids, dtype=np.int64) for table in arpa.tables]
        finder = _Finder(len(arpa.words), np.cumsum([1, *(len(rows) for rows in ids)]), [])
        prefixes, suffixes = [np.array([-1])], [np.array([-1])]
        for order, rows in enumerate(ids, start=1):
            prefix = finder.find(rows[:, :-1])
            if np.any(prefix < 0):
                raise FormatError(f"n-gram model: a {order}-gram's context is missing among the {order - 1}-grams.")
            key = prefix * finder.vocabulary + rows[:, -1]
            if np.any(np.diff(key) <= 0):
                raise FormatError(f"n-gram model: the {order}-grams are not sorted, or one stands twice.")
            finder.keys.append(key)
            suffix = np.full(len(rows), -1)
            for skip in range(1, order + 1):  # the longest proper suffix that the model has; the empty one at last
                missing = suffix < 0
                suffix[missing] = finder.find(rows[missing, skip:])
            prefixes.append(prefix)
            suffixes.append(suffix)
        log10 = [
            np.concatenate([np.zeros(1), *(np.asarray(getattr(table, name), np.float64) for table in arpa.tables)])
            for name in ("log10_prob", "log10_backoff")
        ]
        if any(np.isnan(column).any() or np.isposinf(column).any() for column in log10):
            raise FormatError("n-gram model: a probability or back-off is NaN or infinite; estimate it again.")
        return cls(
            offsets=finder.offsets,
            prefix=np.concatenate(prefixes),
            suffix=np.concatenate(suffixes),
            word=np.concatenate([[-1], *(rows[:, -1] for rows in ids)]),
            log10_prob=log10[0],
            log10_backoff=log10[1],
            begin=begin,
            end=end,
            start=max(int(finder.find(np.array([[begin]]))[0]), 0),
        )

    def histories(
        self, followed: NDArray[np.bool_], backoff: NDArray[Any]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
        """Return the histories, the number of the nearest one for every node, and the back-off costs down to it.

        A history is the context of a node that ``followed`` marks; the empty one and ``<s>`` always are. ``backoff``
        holds the cost of backing off from each node, in any unit; the costs come out in the same.
        """
        is_state = np.zeros(len(self.word), dtype=bool)
        is_state[self.prefix[followed]] = True
        is_state[[0, self.start]] = True
        state = np.where(is_state, np.cumsum(is_state) - 1, -1)
        skipped = np.zeros_like(backoff)
        highest = self.offsets[-2]  # nodes of the highest order have no back-off
        for first, last in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            below = first + np.flatnonzero(~is_state[first:last])
            passed = backoff[below] if first < highest else np.zeros(len(below), dtype=backoff.dtype)
            state[below] = state[self.suffix[below]]
            skipped[below] = skipped[self.suffix[below]] + passed
        return np.flatnonzero(is_state), state, skipped


@dataclass(frozen=True, slots=True, eq=False)
class _Finder:
    """Looks up n-grams: ``keys[n - 1]`` holds prefix * vocabulary + last word for every n-gram of order n, rising."""

    vocabulary: int
    offsets: NDArray[np.int64]
    keys: list[NDArray[np.int64]]

    def find(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the node of each n-gram (a row of ``ids``), -1 where the model doesn't have it."""
        node = np.zeros(len(ids), dtype=np.int64)
        for position in range(ids.shape[1]):
            keys = self.keys[position]
            key = np.where(node >= 0, node * self.vocabulary + ids[:, position], -1)
            row = np.searchsorted(keys, key)
            found = np.append(keys, -2)[row] == key
            node = np.where(found, self.offsets[position] + row, -1)
        return node


def _word_id(words: Sequence[str], word: str) -> int:
    try:
        return words.index(word)
    except ValueError:
        raise FormatError(f"n-gram model: {word} is missing; estimate the model with sentence marks.") from None
