"""Modified, interpolated Kneser-Ney smoothing (Chen and Goodman 1998, section 4.1.6), as KenLM's lmplz computes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..ngram.keys import find
from .backoff_tables import BackoffTable, BackoffTables, context_rows
from .counting import START_ID, NgramCounts


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
    total = float(counts.occurrences[0].sum())
    tables = [_unigrams(counts, options, total)]
    for n in range(2, len(counts.keys) + 1):
        tables.append(_higher(counts, options, n, tables[-1], total))
    return BackoffTables(counts.words, counts.packing, tuple(tables))


def _unigrams(counts: NgramCounts, options: SmoothingOptions, total: float) -> BackoffTable:
    adjusted = counts.continuations[0] if options.continuation_counts else counts.occurrences[0]
    discount = discounts(adjusted, 1, options.discount_fallback)[np.minimum(adjusted, 3)]
    denominator = float(adjusted.sum())
    # What the discounts leave is shared evenly by all words that can follow: all but <s>.
    even = discount.sum() / denominator / (len(adjusted) - 1)
    prob = ((adjusted - discount) / denominator + even).astype(np.float32)
    prob[START_ID] = 1
    none = np.zeros(len(prob), np.int32)
    frequency = counts.occurrences[0] / total
    frequency[START_ID] = frequency[2]  # a sentence begins as often as one ends
    return BackoffTable(counts.keys[0], prob, np.ones_like(prob), none, none, frequency.astype(np.float32))


def _higher(counts: NgramCounts, options: SmoothingOptions, n: int, below: BackoffTable, total: float) -> BackoffTable:
    packing, keys, occurrences = counts.packing, counts.keys[n - 1], counts.occurrences[n - 1]
    adjusted = counts.continuations[n - 1] if options.continuation_counts else occurrences
    amounts = discounts(adjusted, n, options.discount_fallback).astype(np.float32)
    discount = amounts[np.minimum(adjusted, 3)]
    kept = occurrences > options.cutoff(n)
    begin, contexts = context_rows(packing, keys, n, below.keys)
    denominator = np.add.reduceat(adjusted, begin, dtype=np.float64)
    # An n-gram that is left out gives its whole count to the order below.
    gamma = np.add.reduceat(np.where(kept, discount, adjusted), begin, dtype=np.float64) / denominator
    known = contexts >= 0
    below.backoff[contexts[known]] = gamma[known]
    lengths = np.diff(begin, append=len(keys))
    prob = (adjusted - discount) / np.repeat(denominator.astype(np.float32), lengths)
    context = np.repeat(contexts, lengths)
    if not kept.all():
        keys, occurrences, prob, context = keys[kept], occurrences[kept], prob[kept], context[kept]
    suffix = find(below.keys, packing.drop_first(keys, n))
    prob += below.backoff[context] * below.prob[suffix]
    return BackoffTable(
        keys, prob.astype(np.float32), np.ones(len(keys), np.float32), context, suffix,
        (occurrences / total).astype(np.float32),
    )  # fmt: skip
