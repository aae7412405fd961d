"""Modified, interpolated Kneser-Ney smoothing (Chen and Goodman 1998, section 4.1.6), as KenLM's lmplz computes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .backoff_tables import BackoffTable, BackoffTables
from .count_tables import CountTable, NgramCounts
from .ngram_rows import START_ID, context_runs


@dataclass(frozen=True, slots=True)
class SmoothingOptions:
    """How counts become probabilities.

    ``cutoffs``: n-grams that occur at most this often are left out, a number for every order, the last one for all
    higher orders too; the first must be 0 (choose the vocabulary instead) and none may be smaller than the one before.
    ``discount_fallback``: discounts for counts 1, 2 and 3 or more where the text is too small or too strange to
    estimate them; None refuses such a text. ``continuation_counts``: shorter n-grams are counted by the number of
    different words before them (Kneser-Ney); without it, by how often they occur, which loses less where most long
    n-grams are pruned away afterwards (Chelba et al. 2010).
    """

    cutoffs: tuple[int, ...] = (0,)
    discount_fallback: tuple[float, float, float] | None = (0.5, 1.0, 1.5)
    continuation_counts: bool = True

    def __post_init__(self) -> None:
        if not self.cutoffs or self.cutoffs[0] != 0 or list(self.cutoffs) != sorted(self.cutoffs):
            raise OptionsError(f"cutoffs must begin with 0 and never fall, not {self.cutoffs}.")
        fallback = self.discount_fallback
        if fallback and not all(0 <= value <= count for count, value in enumerate(fallback, 1)):
            raise OptionsError(f"discount_fallback must hold values in 0..1, 0..2 and 0..3, not {fallback}.")

    def cutoff(self, n: int) -> int:
        """Return the cut-off for order ``n``."""
        return self.cutoffs[min(n, len(self.cutoffs)) - 1]


def discounts(counts: NDArray[Any], n: int, fallback: tuple[float, float, float] | None) -> NDArray[np.float64]:
    """Return the discounts for counts 0, 1, 2 and 3 or more (Chen and Goodman 1998, equation 26) of order ``n``."""
    having = np.bincount(np.minimum(counts, 5), minlength=6)[:5].astype(np.float64)
    found = None
    if having[1:].all():
        y = having[1] / (having[1] + 2 * having[2])
        count = np.arange(1, 4)
        found = count - (count + 1) * y * having[2:] / having[1:4]
        if (found < 0).any() or (found > count).any():
            found = None
    if found is None:
        if fallback is None:
            raise OptionsError(
                f"The text has too few {n}-grams that occur once to four times to estimate discounts; "
                "take more text or give discount_fallback."
            )
        found = np.array(fallback)
    return np.concatenate([[0.0], found])


def smooth(counts: NgramCounts, options: SmoothingOptions | None = None) -> BackoffTables:
    """Return the smoothed back-off model of ``counts``."""
    options = options or SmoothingOptions()
    total = float(counts.tables[0].occurrences.sum())
    tables = [_unigrams(counts.tables[0], options, total)]
    rows_below = None  # where the rows of the order below went, where some were cut off
    for n, table in enumerate(counts.tables[1:], 2):
        made, rows_below = _higher(table, options, n, tables[-1], rows_below, total)
        tables.append(made)
    return BackoffTables(counts.words, tuple(tables))


def _unigrams(table: CountTable, options: SmoothingOptions, total: float) -> BackoffTable:
    adjusted = table.continuations if options.continuation_counts else table.occurrences
    discount = discounts(adjusted, 1, options.discount_fallback)[np.minimum(adjusted, 3)]
    denominator = float(adjusted.sum())
    # What the discounts leave is shared evenly by all words that can follow: all but <s>.
    even = discount.sum() / denominator / (len(adjusted) - 1)
    prob = ((adjusted - discount) / denominator + even).astype(np.float32)
    prob[START_ID] = 1
    frequency = table.occurrences / total
    frequency[START_ID] = frequency[2]  # a sentence begins as often as one ends
    return BackoffTable(
        table.word, table.context, table.suffix, prob, np.ones_like(prob), frequency.astype(np.float32)
    )  # fmt: skip


def _higher(
    table: CountTable,
    options: SmoothingOptions,
    n: int,
    below: BackoffTable,
    rows_below: NDArray[np.int32] | None,
    total: float,
) -> tuple[BackoffTable, NDArray[np.int32] | None]:
    word, context, suffix, occurrences = table.word, table.context, table.suffix, table.occurrences
    adjusted = table.continuations if options.continuation_counts else occurrences
    amounts = discounts(adjusted, n, options.discount_fallback).astype(np.float32)
    discount = amounts[np.minimum(adjusted, 3)]
    kept = occurrences > options.cutoff(n)
    if rows_below is not None:
        context, suffix = rows_below[context], rows_below[suffix]
    begin, _ = context_runs(table.context)
    contexts = context[begin]
    denominator = np.add.reduceat(adjusted, begin, dtype=np.float64)
    # An n-gram that is left out gives its whole count to the order below.
    gamma = np.add.reduceat(np.where(kept, discount, adjusted), begin, dtype=np.float64) / denominator
    known = contexts >= 0
    below.backoff[contexts[known]] = gamma[known]
    lengths = np.diff(begin, append=len(word))
    prob = (adjusted - discount) / np.repeat(denominator.astype(np.float32), lengths)
    rows = None
    if not kept.all():
        rows = np.cumsum(kept, dtype=np.int32) - np.int32(1)
        rows[~kept] = -1
        word, context, suffix = word[kept], context[kept], suffix[kept]
        occurrences, prob = occurrences[kept], prob[kept]
    prob += below.backoff[context] * below.prob[suffix]
    frequency = (occurrences / total).astype(np.float32)
    return BackoffTable(word, context, suffix, prob.astype(np.float32), np.ones(len(word), np.float32), frequency), rows
