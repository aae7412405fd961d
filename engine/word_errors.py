"""Word errors: the least edits that turn a reference into a hypothesis, and their sums over a corpus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MATCH, _DELETE, _INSERT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Edits over one or more utterances; ``words`` counts the reference. Add two to join them."""

    words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def errors(self) -> int:
        """All edits together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """The word error rate in percent: edits for a hundred reference words; of an empty reference, 0 or 100."""
        if self.words == 0:
            return 100.0 if self.errors else 0.0
        return 100.0 * self.errors / self.words

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(
            self.words + other.words,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


def word_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> WordErrors:
    """Return the fewest edits from ``reference`` to ``hypothesis`` (Levenshtein), each kind counted.

    Alignments that cost the same can hold different numbers of each kind. The one counted here is that of jiwer
    (RapidFuzz): after what both have in common at the start and at the end, a deletion is preferred, then an insertion
    that the diagonal step would pay for later, then the diagonal step, from the end backwards.
    """
    numbers: dict[str, int] = {}
    first, second = (
        np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)
        for words in (reference, hypothesis)
    )
    same = first[: len(second)] == second[: len(first)]
    begin = int(np.argmin(same)) if not same.all() else len(same)
    first, second = first[begin:], second[begin:]
    shorter = min(len(first), len(second))
    same = first[len(first) - shorter :][::-1] == second[len(second) - shorter :][::-1]
    end = int(np.argmin(same)) if not same.all() else len(same)
    steps = _steps(first[: len(first) - end], second[: len(second) - end])
    substitutions, deletions, insertions = _count(steps, first, second)
    return WordErrors(len(reference), substitutions, deletions, insertions)


def _steps(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the last step of the best alignment of each pair of prefixes, uint8 (len(first) + 1, len(second) + 1).

    A row of the table of distances is one array expression: the running minimum of (cost - column) is what insertions
    reach from the left.
    """
    columns = np.arange(len(second) + 1)
    above = columns
    steps = np.full((len(first) + 1, len(second) + 1), _INSERT, np.uint8)
    for row, word in enumerate(first, start=1):
        cost = above + 1
        np.minimum(cost[1:], above[:-1] + (second != word), out=cost[1:])
        current = np.minimum.accumulate(cost - columns) + columns
        steps[row, 1:] = np.where(current[:-1] < above[:-1], _INSERT, _MATCH)
        steps[row, current == above + 1] = _DELETE
        above = current
    return steps


def _count(steps: NDArray[np.uint8], first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[int, int, int]:
    substitutions = deletions = insertions = 0
    row, column = steps.shape[0] - 1, steps.shape[1] - 1
    while row or column:
        step = steps[row, column]
        if step == _DELETE:
            deletions, row = deletions + 1, row - 1
        elif step == _INSERT:
            insertions, column = insertions + 1, column - 1
        else:
            row, column = row - 1, column - 1
            substitutions += bool(first[row] != second[column])
    return substitutions, deletions, insertions
