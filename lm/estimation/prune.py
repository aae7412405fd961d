"""Entropy pruning: leave out the n-grams whose loss changes the model least (Stolcke 1998).

What an n-gram is worth is the relative entropy between the model with and without it, weighed by how often its context
occurs in the text. That frequency comes from the counts, since Kneser-Ney's lower orders misjudge it (Chelba et al.
2010, "Study on Interaction between Entropy Pruning and Kneser-Ney Smoothing").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .backoff_tables import BackoffTable, BackoffTables, left_over
from .ngram_rows import UNKNOWN_ID, context_runs


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """Which n-grams above order 1 stay; exactly one of the first three is given.

    ``threshold``: those worth more than this relative entropy (natural logarithm, per word). ``total``: the threshold
    that leaves at most so many in all. ``per_order``: at most so many of order 2, 3, ... each. An n-gram that is the
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
            raise OptionsError("Pruning takes exactly one of threshold, total and per_order.")


def prune(model: BackoffTables, options: PruneOptions) -> BackoffTables:
    """Return the pruned model, its back-off weights computed anew."""
    if options.per_order is not None and len(options.per_order) != len(model.tables) - 1:
        raise OptionsError(f"per_order needs {len(model.tables) - 1} numbers, for orders 2 to {len(model.tables)}.")
    if any((table.suffix < 0).any() for table in model.tables):
        raise OptionsError("A model can be pruned by entropy once: this one was, and lacks suffixes of its n-grams.")
    worth = [_worth(model, n) for n in range(2, len(model.tables) + 1)]
    unknown = _holding_unknown(model, options.without_unknown)
    for values, gone in zip(worth, unknown[1:], strict=True):
        values[gone] = -np.inf
    kept = _choose(model, worth, options)
    return _rebuild(model, kept, unknown)


def _worth(model: BackoffTables, n: int) -> NDArray[np.float32]:
    """Return the relative entropy that each n-gram of order ``n`` saves (Stolcke 1998, equation 2)."""
    table, below = model.tables[n - 1], model.tables[n - 2]
    begin, contexts = context_runs(table.context)
    lengths = np.diff(begin, append=len(table.word))
    lower = below.prob[table.suffix]
    left, left_below = left_over(table.prob, lower, begin)
    worth = np.empty(len(table.word), np.float32)
    # In blocks of whole contexts, so that the float64 intermediates stay small.
    ends = np.append(begin, len(table.word))
    block = 0
    while block < len(begin):
        stop = max(block + 1, int(np.searchsorted(ends, ends[block] + (1 << 22), side="right")) - 1)
        here = slice(int(ends[block]), int(ends[stop]))
        spread = lengths[block:stop]
        p, q = table.prob[here].astype(np.float64), lower[here].astype(np.float64)
        numerator, denominator = np.repeat(left[block:stop], spread), np.repeat(left_below[block:stop], spread)
        new = np.log((numerator + p) / (denominator + q))
        change = p * (np.log(q) + new - np.log(p)) + numerator * (new - np.log(numerator / denominator))
        worth[here] = -np.repeat(below.frequency[contexts[block:stop]], spread) * change
        block = stop
    return worth


def _holding_unknown(model: BackoffTables, wanted: bool) -> list[NDArray[np.bool_]]:
    """Return which n-grams of each order (1 first) hold ``<unk>``; the word itself stays."""
    if not wanted:
        return [np.zeros(count, np.bool_) for count in model.counts]
    held = [model.tables[0].word == UNKNOWN_ID]
    for table in model.tables[1:]:
        held.append((table.word == UNKNOWN_ID) | held[-1][table.context])
    held[0] = np.zeros_like(held[0])
    return held


def _choose(model: BackoffTables, worth: list[NDArray[np.float32]], options: PruneOptions) -> list[NDArray[np.bool_]]:
    """Return which n-grams of each order (1 first) stay."""
    if options.threshold is not None:
        return _close(model, [values > options.threshold for values in worth])
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
    everything = np.concatenate(worth)
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


def _rebuild(model: BackoffTables, kept: list[NDArray[np.bool_]], unknown: list[NDArray[np.bool_]]) -> BackoffTables:
    backoffs = _new_backoffs(model, kept, unknown)
    tables: list[BackoffTable] = []
    row_below = np.zeros(0, np.int32)  # where the rows of the order below went, -1 for those that are gone
    for table, stays, backoff in zip(model.tables, kept, backoffs, strict=True):
        rows = np.flatnonzero(stays)
        context, suffix = table.context[rows], table.suffix[rows]
        if tables:
            context, suffix = row_below[context], row_below[suffix]
        tables.append(
            BackoffTable(table.word[rows], context, suffix, table.prob[rows], backoff[rows], table.frequency[rows])
        )
        row_below = np.cumsum(stays, dtype=np.int32) - 1
        row_below[~stays] = -1
    return BackoffTables(model.words, tuple(tables))


def _new_backoffs(
    model: BackoffTables, kept: list[NDArray[np.bool_]], unknown: list[NDArray[np.bool_]]
) -> list[NDArray[np.float32]]:
    """Return, for the old rows of every order, the back-off weights that fit what is kept."""
    backoffs = []
    effective = model.tables[0].prob  # p(w|h) of every old n-gram in the pruned model
    for place, table in enumerate(model.tables[1:], 1):
        below = model.tables[place - 1]
        lower = effective[table.suffix]
        begin, contexts = context_runs(table.context)
        # Probability that went to <unk> stays there: those rows count as if they were in the model.
        left, left_below = left_over(table.prob, lower, begin, kept[place] | unknown[place])
        alive = np.add.reduceat(kept[place], begin, dtype=np.int32) > 0
        backoff = np.ones(len(below.word), np.float32)
        backoff[contexts[alive]] = (left / left_below)[alive]
        effective = np.where(kept[place], table.prob, backoff[table.context] * lower)
        backoffs.append(backoff)
    return [*backoffs, np.ones(len(model.tables[-1].word), np.float32)]
