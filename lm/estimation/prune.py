"""Entropy pruning: leave out the n-grams whose loss changes the model least (Stolcke 1998).

What an n-gram is worth is the relative entropy between the model with and without it, weighed by how often its context
occurs in the text. That frequency comes from the counts where they are known, since the probabilities of Kneser-Ney's
lower orders misjudge it (Chelba et al. 2010, "Study on Interaction between Entropy Pruning and Kneser-Ney Smoothing");
in a model that was read from a file it is what the model as a whole expects (expected_frequencies), or what another
text says (histories).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..ngram.arpa import Arpa
from ..ngram.ngram import Ngram
from .arpa_tables import as_tables
from .backoff_tables import BackoffTables
from .linked_model import LinkedModel, link, with_new_backoffs
from .ngram_rows import UNKNOWN_ID


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """Which n-grams above order 1 stay; exactly one of the first three is given.

    ``threshold``: those worth more than this relative entropy (natural logarithm, per word; SRILM's threshold, a part
    of the perplexity, is the same for numbers as small as those in use). ``total``: the threshold that leaves at most
    so many in all. ``per_order``: at most so many of order 2, 3, ... each. An n-gram that is the
    context of a longer one always stays. ``without_unknown``: n-grams that hold ``<unk>`` go, and nobody inherits
    their probability: for recognisers that never propose ``<unk>``.
    """

    threshold: float | None = None
    total: int | None = None
    per_order: tuple[int, ...] | None = None
    without_unknown: bool = False

    def __post_init__(self) -> None:
        given = [value for value in (self.threshold, self.total, self.per_order) if value is not None]
        if len(given) != 1:
            raise OptionsError(
                "Pruning takes exactly one of threshold, total and per_order (--threshold, --size, --sizes)."
            )
        if self.threshold is not None and self.threshold != self.threshold:
            raise OptionsError("The threshold of pruning is a number.")
        if min(self.per_order or (self.total or 0,)) < 0:
            raise OptionsError("The number of n-grams to keep cannot be below 0.")


def prune(model: BackoffTables | Arpa | Ngram, options: PruneOptions) -> BackoffTables:
    """Return the pruned model, its back-off weights computed anew; a pruned model may be pruned again.

    The words after each history sum to what they did, those that n-grams were left out of inherit in proportion.
    Raises OptionsError.
    """
    model = as_tables(model, "prune")
    if options.per_order is not None and len(options.per_order) != len(model.tables) - 1:
        above = len(model.tables)
        raise OptionsError(f"per_order (--sizes) needs {above - 1} numbers, for the orders 2 to {above}.")
    linked = link(model)
    totals = linked.totals(options.without_unknown)
    worth = [
        relative_entropies(linked, totals, n, model.tables[n - 2].frequency, options.without_unknown)
        for n in range(2, len(model.tables) + 1)
    ]
    if options.without_unknown:
        for values, gone in zip(worth, _holding_unknown(model), strict=True):
            values[gone] = -np.inf
    kept = _choose(model, worth, options)
    del linked, worth
    remaining = [*np.split(totals[:-1], np.cumsum(model.counts)[:-1]), totals[-1:]]
    remaining = [values[rows] for values, rows in zip(remaining, [*kept, np.ones(1, np.bool_)], strict=True)]
    return with_new_backoffs(_compact(model, kept), np.concatenate(remaining), options.without_unknown)


def relative_entropies(
    linked: LinkedModel,
    totals: NDArray[np.float64],
    n: int,
    frequency: NDArray[np.float32],
    without_unknown: bool = False,
) -> NDArray[np.float32]:
    """Return the relative entropy that each n-gram of order ``n`` saves (Stolcke 1998, equation 2).

    ``totals`` are the model's (``LinkedModel.totals``), ``frequency`` is that of the n-grams of the order below.
    """
    arrays, here, below = linked.arrays, linked.rows(n), linked.rows(n - 1)
    left_below = linked.left(totals, n - 1, without_unknown)
    left = np.maximum(arrays.backoff[below] * left_below, 1e-30)
    worth = np.empty(here.stop - here.start, np.float32)
    # In blocks, so that the float64 intermediates stay small.
    for begin in range(here.start, here.stop, 1 << 20):
        rows = slice(begin, min(begin + (1 << 20), here.stop))
        context = linked.context[rows] - np.int32(below.start)
        p = np.maximum(arrays.prob[rows].astype(np.float64), 1e-30)
        q = np.maximum(linked.lower[rows].astype(np.float64), 1e-30)
        numerator, denominator = left[context], left_below[context]
        new = np.log((numerator + p) / (denominator + q))
        change = p * (np.log(q) + new - np.log(p)) + numerator * (new - np.log(numerator / denominator))
        worth[begin - here.start : rows.stop - here.start] = -frequency[context] * change
    return worth


def _holding_unknown(model: BackoffTables) -> list[NDArray[np.bool_]]:
    """Return which n-grams of each order, from 2 on, hold ``<unk>``."""
    held = [model.tables[0].word == UNKNOWN_ID]
    for table in model.tables[1:]:
        held.append((table.word == UNKNOWN_ID) | held[-1][table.context])
    return held[1:]


def _choose(model: BackoffTables, worth: list[NDArray[np.float32]], options: PruneOptions) -> list[NDArray[np.bool_]]:
    """Return which n-grams of each order (1 first) stay."""
    if options.threshold is not None:
        return _close(model, [values > np.float64(options.threshold) for values in worth])
    if options.per_order is not None:
        kept = [np.ones(len(model.tables[0].word), np.bool_)] + [np.zeros(len(values), np.bool_) for values in worth]
        for place in range(len(worth), 0, -1):
            table, values = model.tables[place], worth[place - 1].copy()
            values[kept[place]] = np.inf  # contexts of longer n-grams
            best = _largest(values, options.per_order[place - 1])
            kept[place] |= best & (worth[place - 1] > -np.inf)
            kept[place - 1][table.context[kept[place]]] = True
        return kept
    assert options.total is not None
    # Contexts come on top of what is worth keeping, so the threshold is searched for.
    everything = np.concatenate([np.zeros(0, np.float32), *worth])
    low, high = 0.0, float(everything.max(initial=0.0))
    if options.total < len(everything):
        low = max(low, float(np.partition(everything, -options.total - 1)[-options.total - 1]))
    del everything
    kept = _close(model, [values > low for values in worth])
    if _size(kept) <= options.total:
        return kept
    for _ in range(40):
        middle = float(np.sqrt(max(low, 1e-30) * high))
        kept = _close(model, [values > middle for values in worth])
        size = _size(kept)
        low, high = (middle, high) if size > options.total else (low, middle)
        if options.total * 0.999 <= size <= options.total:
            return kept
    return _close(model, [values > high for values in worth])


def _size(kept: list[NDArray[np.bool_]]) -> int:
    return sum(int(np.count_nonzero(rows)) for rows in kept[1:])


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    if count >= len(values):
        return np.ones(len(values), np.bool_)
    chosen = np.zeros(len(values), np.bool_)
    if count > 0:
        chosen[np.argpartition(values, -count)[-count:]] = True
    return chosen


def _close(model: BackoffTables, wanted: list[NDArray[np.bool_]]) -> list[NDArray[np.bool_]]:
    """Add the contexts of all that is wanted."""
    kept = [np.ones(len(model.tables[0].word), np.bool_), *wanted]
    for place in range(len(kept) - 1, 0, -1):
        kept[place - 1][model.tables[place].context[kept[place]]] = True
    return kept


def _compact(model: BackoffTables, kept: list[NDArray[np.bool_]]) -> BackoffTables:
    """Return the rows that stay, their contexts and suffixes renumbered; -1 for suffixes that are gone."""
    tables = [model.tables[0]]
    for n in range(1, len(kept)):
        table, rows = model.tables[n], np.flatnonzero(kept[n])
        row_below = np.append(np.cumsum(kept[n - 1], dtype=np.int32) - np.int32(1), np.int32(-1))
        row_below[:-1][~kept[n - 1]] = -1
        columns = {name: getattr(table, name)[rows] for name in ("word", "prob", "backoff", "frequency")}
        context, suffix = row_below[table.context[rows]], row_below[table.suffix[rows]]  # -1 stays -1
        tables.append(replace(table, **columns, context=context, suffix=suffix))
    return BackoffTables(model.words, tuple(tables))
