"""Linear interpolation of several back-off models into one, and the weights that fit a text best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..ngram.keys import find, pick
from .backoff_tables import BackoffTable, BackoffTables, context_rows, left_over


def mix(models: Sequence[BackoffTables], weights: Sequence[float]) -> BackoffTables:
    """Return one model with p(w|h) = sum of weight times p(w|h) for every n-gram that any of ``models`` holds.

    The models share words and order; the weights sum to 1. Back-off weights are computed anew, so that the model sums
    to one (Stolcke 2002, "SRILM", section on static interpolation).
    """
    if not models or len(models) != len(weights) or abs(sum(weights) - 1) > 1e-6 or min(weights) < 0:
        raise OptionsError("A mixture needs a weight for every model, none below 0, that sum to 1.")
    first = models[0]
    if any(model.words != first.words or len(model.tables) != len(first.tables) for model in models):
        raise OptionsError("Models can be mixed only where they share one vocabulary and order.")
    if any((table.suffix < 0).any() for model in models for table in model.tables):
        raise OptionsError("Mix models before they are pruned by entropy: one of these lacks suffixes of its n-grams.")
    parts = list(zip(models, weights, strict=True))
    values = [model.tables[0].prob for model in models]
    below = BackoffTable(
        first.tables[0].keys,
        sum((weight * value for weight, value in zip(weights, values, strict=True)), np.float32(0)),
        np.ones_like(values[0]),
        first.tables[0].context,
        first.tables[0].suffix,
        sum((weight * model.tables[0].frequency for model, weight in parts), np.float32(0)),
    )
    tables = [below]
    for n in range(2, len(first.tables) + 1):
        keys = np.unique(np.concatenate([model.tables[n - 1].keys for model in models]))
        begin, contexts = context_rows(first.packing, keys, n, below.keys)
        context = np.repeat(contexts, np.diff(begin, append=len(keys)))
        suffix = find(below.keys, first.packing.drop_first(keys, n))
        prob = np.zeros(len(keys), np.float32)
        frequency = np.zeros(len(keys), np.float32)
        for place, (model, weight) in enumerate(parts):
            own, backoffs = model.tables[n - 1], model.tables[n - 2]
            backoff = pick(backoffs.backoff, find(backoffs.keys, below.keys), missing=1)
            values[place] = backoff[context] * values[place][suffix]
            rows = find(keys, own.keys)
            values[place][rows] = own.prob
            frequency[rows] += np.float32(weight) * own.frequency
            prob += np.float32(weight) * values[place]
        numerator, denominator = left_over(prob, below.prob[suffix], begin)
        below.backoff[contexts] = numerator / denominator
        below = BackoffTable(keys, prob, np.ones_like(prob), context, suffix, frequency)
        tables.append(below)
    return BackoffTables(first.words, first.packing, tuple(tables))


def fit_weights(probabilities: Sequence[NDArray[Any]], rounds: int = 50) -> tuple[float, ...]:
    """Return the mixture weights that make a text likeliest, by expectation maximisation.

    ``probabilities`` holds, for each model, the probability of every word of the text (equal lengths).
    """
    table = np.stack([np.asarray(values, np.float64) for values in probabilities])
    weights = np.full(len(table), 1 / len(table))
    for _ in range(rounds):
        share = weights[:, None] * table
        share /= share.sum(axis=0)
        weights = share.mean(axis=1)
    return tuple((weights / weights.sum()).tolist())
