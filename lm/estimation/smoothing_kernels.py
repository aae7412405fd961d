"""The linear passes of Kneser-Ney smoothing over the rows of a table (ngram_rows says how they lie)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel


class Counted(NamedTuple):
    """One order as smoothing takes it, rows sorted by ``context``.

    ``counts`` are those that are discounted. ``kept`` is the new row of each n-gram, -1 for those that are cut off, or
    an empty array where all stay; ``kept_below`` is the same for the order below, whose new rows have ``prob_below``.
    """

    counts: NDArray[np.uint32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    kept: NDArray[np.int32]
    kept_below: NDArray[np.int32]
    prob_below: NDArray[np.float32]


class Cut(NamedTuple):
    """What is kept of an order whose n-grams are cut off: the columns of a model's table but for its weights."""

    word: NDArray[np.int32]
    context: NDArray[np.int32]
    suffix: NDArray[np.int32]
    frequency: NDArray[np.float32]


@kernel
def count_of_counts(counts: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return how many of ``counts`` are 0, 1, 2, 3 and 4."""
    having = np.zeros(5, np.int64)
    for count in counts:
        if count < 5:
            having[count] += 1
    return having


@kernel
def last_with_suffix(suffix: NDArray[np.int32], wanted: int) -> int:
    """Return the last row whose suffix is ``wanted``, -1 if there is none."""
    for row in range(len(suffix) - 1, -1, -1):
        if suffix[row] == wanted:
            return row
    return -1


@kernel
def keep_rows(
    occurrences: NDArray[np.uint32],
    cutoff: int,
    word: NDArray[np.int32],
    context: NDArray[np.int32],
    kept_words: NDArray[np.int32],
    kept_below: NDArray[np.int32],
    kept: NDArray[np.int32],
) -> int:
    """Number in ``kept`` the n-grams that occur more than ``cutoff`` times, -1 for the others; return how many stay.

    An n-gram goes where its context or its last word goes, if any of ``kept_below`` and ``kept_words`` are given.
    """
    count = 0
    for row in range(len(occurrences)):
        stays = occurrences[row] > cutoff
        if len(kept_below):
            stays = stays and kept_below[context[row]] >= 0
        if len(kept_words):
            stays = stays and kept_words[word[row]] >= 0
        kept[row] = count if stays else -1
        count += stays
    return count


@kernel
def smooth_rows(
    order: Counted,
    discounts: NDArray[np.float64],
    begin: int,
    end: int,
    prob: NDArray[np.float32],
    backoff_below: NDArray[np.float32],
) -> None:
    """Set the interpolated probabilities of rows ``begin`` to ``end`` and the back-off weights of their contexts.

    ``discounts`` are those of counts 0, 1, 2 and 3 or more. No context reaches over ``begin`` or ``end``. An n-gram
    that is cut off gives its whole count to the order below.
    """
    counts, context, suffix, kept, kept_below = order.counts, order.context, order.suffix, order.kept, order.kept_below
    prob_below = order.prob_below
    cut, cut_below = len(kept) > 0, len(kept_below) > 0
    first = begin
    while first < end:
        here = context[first]
        last = first
        total, given = 0, 0.0
        while last < end and context[last] == here:
            count = np.int64(counts[last])
            total += count
            given += count if cut and kept[last] < 0 else discounts[min(count, 3)]
            last += 1
        gamma = given / total
        target = kept_below[here] if cut_below else here
        if target >= 0:
            backoff_below[target] = gamma
        for row in range(first, last):
            place = kept[row] if cut else row
            if place >= 0:
                lower = prob_below[kept_below[suffix[row]] if cut_below else suffix[row]]
                count = np.int64(counts[row])
                prob[place] = (count - discounts[min(count, 3)]) / total + gamma * lower
        first = last


@kernel
def take_kept(
    columns: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.uint32]],
    total: float,
    kept: NDArray[np.int32],
    kept_below: NDArray[np.int32],
    kept_words: NDArray[np.int32],
    made: Cut,
) -> None:
    """Fill ``made`` with the kept rows of ``columns`` (word, context, suffix, occurrences), their rows renumbered."""
    word, context, suffix, occurrences = columns
    for row in range(len(kept)):
        place = kept[row]
        if place >= 0:
            made.word[place] = kept_words[word[row]] if len(kept_words) else word[row]
            made.context[place] = kept_below[context[row]] if len(kept_below) else context[row]
            made.suffix[place] = kept_below[suffix[row]] if len(kept_below) else suffix[row]
            made.frequency[place] = occurrences[row] / total
