"""The language models of a customised bundle: the base's and the domain's, mixed as held-out sentences like it best.

    p(w|h) = share of the listed words * 1 / their number
             + the rest * (weight * p(w|h) of the domain's text + (1 - weight) * p(w|h) of the base)

The weight is fitted by expectation maximisation on sentences of the domain's text that its model has not seen: each
tenth of a small text in turn, a twentieth of a large one. What is said in a domain is wider than a small text of it, so
the base is given a thousand words more that it alone explains: a weight that 1,000 words want to be 0.8 becomes 0.4,
that of a large text stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...lm.estimation.backoff_tables import BackoffTable, BackoffTables
from ...lm.estimation.estimate import PruneOptions, SmoothingOptions, estimate, mix, prune
from ...lm.estimation.mixture import fit_weights, known_probabilities

_FOLDS, _LARGE_TEXT, _LARGE_STEP = 10, 200_000, 20  # words; a large text holds out every so manieth sentence
_HUGE_TEXT = 10_000_000  # words
_BASE_WORDS = 1_000
"""Words of a text as the base would have it, for which the text itself is too small to stand."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What base and domain say of the domain's words where they were held out: the fitted ``weight`` of the domain.

    ``base_perplexity`` and ``perplexity``, of the base alone and of the mixture, are over the ``tokens`` that the base
    knows, words and sentence ends.
    """

    weight: float
    tokens: int
    base_perplexity: float
    perplexity: float


def fit_domain_weight(
    base: BackoffTables, sentences: Sequence[str], vocabulary: Sequence[str], order: int, weight: float | None = None
) -> HeldOut:
    """Return the weight of the domain's model beside ``base``, fitted unless it is given, and what it does.

    ``vocabulary``: the words of the text that will be known.
    """
    parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for train, held_out in _folds(sentences):
        model = estimate(train, order, vocabulary, _smoothing(train))
        parts.append((known_probabilities(model, held_out), known_probabilities(base, held_out)))
    domain, known = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    if weight is None:
        seen = int(((domain > 0) | (known > 0)).sum())
        weight = fit_weights([domain, known])[0] * seen / (seen + _BASE_WORDS)
    both = known > 0
    before, after = (
        float(np.exp(-np.log(values[both]).mean())) if both.any() else float("nan")
        for values in (known, weight * domain + (1 - weight) * known)
    )
    return HeldOut(weight, int(both.sum()), before, after)


def domain_mixture(
    base: BackoffTables,
    sentences: Sequence[str],
    vocabulary: Sequence[str],
    listed: Sequence[str],
    shares: tuple[float, float],
    order: int,
) -> BackoffTables:
    """Return the mixture; ``shares`` are the weight of the domain beside the base, and the share of the ``listed``."""
    weight, share = shares
    domain = estimate(sentences, order, vocabulary, _smoothing(sentences))
    models, weights = [base, domain], [1 - weight, weight]
    if listed and share > 0:
        models.append(even_unigrams(listed))
        weights = [value * (1 - share) for value in weights] + [share]
    return mix(models, weights)


def even_unigrams(words: Sequence[str]) -> BackoffTables:
    """Return the model that gives each of ``words`` the same probability and others none."""
    every = ("<unk>", "<s>", "</s>", *words)
    prob = np.full(len(every), 1 / len(words), np.float32)
    prob[:3] = 0, 1, 0
    ids, none = np.arange(len(every), dtype=np.int32), np.zeros(len(every), np.int32)
    frequency = prob.copy()
    frequency[1] = 0
    return BackoffTables(every, (BackoffTable(ids, none, none, prob, np.ones_like(prob), frequency),))


def pruned(model: BackoffTables, total: int) -> BackoffTables:
    """Return ``model`` with at most ``total`` n-grams above order 1, none of them with ``<unk>``."""
    return prune(model, PruneOptions(total=total, without_unknown=True))


def _folds(sentences: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """Return pairs of sentences to estimate on and sentences held out, never empty."""
    if len(sentences) < 2:
        return [(list(sentences), list(sentences))]
    words = _count_words(sentences)
    step = _LARGE_STEP if words > _LARGE_TEXT else min(_FOLDS, len(sentences))
    firsts = range(1) if words > _LARGE_TEXT else range(step)
    return [
        ([one for place, one in enumerate(sentences) if place % step != first], list(sentences[first::step]))
        for first in firsts
    ]


def _smoothing(sentences: Sequence[str]) -> SmoothingOptions:
    """Return how counts of ``sentences`` are smoothed: n-grams of three words and more that occur once are left out of
    a text so large that it would take much memory to keep them.
    """
    return SmoothingOptions(cutoffs=(0, 0, 1) if _count_words(sentences) > _HUGE_TEXT else (0,))


def _count_words(sentences: Sequence[str]) -> int:
    return sum(sentence.count(" ") + 1 for sentence in sentences)
