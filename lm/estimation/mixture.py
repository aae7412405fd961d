"""Linear interpolation of several back-off models into one, and the weights that fit a text best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .backoff_tables import BackoffTable, BackoffTables, left_over
from .ngram_rows import context_runs


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
        first.tables[0].word,
        first.tables[0].context,
        first.tables[0].suffix,
        sum((weight * value for weight, value in zip(weights, values, strict=True)), np.float32(0)),
        np.ones_like(values[0]),
        sum((weight * model.tables[0].frequency for model, weight in parts), np.float32(0)),
    )
    tables = [below]
    # Where the rows of each model's order below stand in the mixture.
    placed = [table.word for table in [model.tables[0] for model in models]]
    for n in range(2, len(first.tables) + 1):
        owns = [model.tables[n - 1] for model in models]
        pairs = [rows[own.context].astype(np.int64) << 32 | own.word for rows, own in zip(placed, owns, strict=True)]
        keys = np.unique(np.concatenate(pairs))
        context, word = (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32)
        begin, contexts = context_runs(context)
        found = [np.searchsorted(keys, own).astype(np.int32) for own in pairs]
        suffix = np.empty(len(keys), np.int32)
        for rows, before, own in zip(found, placed, owns, strict=True):
            suffix[rows] = before[own.suffix]
        prob = np.zeros(len(keys), np.float32)
        frequency = np.zeros(len(keys), np.float32)
        for place, (model, weight) in enumerate(parts):
            own, rows = owns[place], found[place]
            backoff = np.ones(len(below.word), np.float32)
            backoff[placed[place]] = model.tables[n - 2].backoff
            values[place] = backoff[context] * values[place][suffix]
            values[place][rows] = own.prob
            frequency[rows] += np.float32(weight) * own.frequency
            prob += np.float32(weight) * values[place]
        placed = found
        numerator, denominator = left_over(prob, below.prob[suffix], begin)
        below.backoff[contexts] = numerator / denominator
        below = BackoffTable(word, context, suffix, prob, np.ones_like(prob), frequency)
        tables.append(below)
    return BackoffTables(first.words, tuple(tables))


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
