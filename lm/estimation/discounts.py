"""The discounts of Kneser-Ney smoothing, from how many n-grams have a count of 1, 2, 3 and 4."""

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .count_tables import NgramCounts
from .ngram_rows import read_only


def count_of_counts(counts: NgramCounts, continuation_counts: bool) -> list[NDArray[np.int64]]:
    """Return, for every order, how many n-grams have a count of 0, 1, 2, 3 and 4.

    As in lmplz, one n-gram an order is counted by its occurrences where the others are by their continuations: of all
    that end with the last new word of the text, the one that comes last when n-grams are compared from their ends.
    Small texts would get other discounts without it.
    """
    from .smoothing_kernels import count_of_counts as count
    from .smoothing_kernels import last_with_suffix

    having = []
    last = int(np.flatnonzero(counts.tables[0].occurrences)[-1])
    for n, table in enumerate(counts.tables, 1):
        adjusted = table.continuations if continuation_counts else table.occurrences
        numbers = count(read_only(adjusted))
        if n > 1 and last >= 0:
            last = last_with_suffix(read_only(table.suffix), last)
        if n < len(counts.tables) and last >= 0:
            for value, change in ((adjusted[last], -1), (table.occurrences[last], 1)):
                if value < len(numbers):
                    numbers[value] += change
        having.append(numbers)
    return having


def discounts(having: NDArray[np.int64], n: int, fallback: tuple[float, float, float] | None) -> NDArray[np.float64]:
    """Return the discounts for counts 0, 1, 2 and 3 or more of order ``n`` (Chen and Goodman 1998, equation 26).

    ``having`` says how many n-grams have a count of 0, 1, 2, 3 and 4. Where the formula fails, ``fallback`` stands in;
    without one, OptionsError is raised.
    """
    found = None
    if having[1:4].all():
        numbers = having.astype(np.float64)
        y = numbers[1] / (numbers[1] + 2 * numbers[2])
        count = np.arange(1, 4)
        found = count - (count + 1) * y * numbers[2:] / numbers[1:4]
        if (found < 0).any() or (found > count).any():
            found = None
    if found is None:
        if fallback is None:
            raise OptionsError(
                f"The text has too few {n}-grams that occur once, twice or three times to estimate discounts from; "
                "take more text or give some (discount_fallback, --discount-fallback)."
            )
        found = np.array(fallback)
    return np.concatenate([[0.0], found])
