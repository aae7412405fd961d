"""Linear interpolation of several back-off models into one, and the weights that fit a text best."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ..ngram.arpa import Arpa
from ..ngram.bare_strings import refuse_one_sentence
from ..ngram.ngram import Ngram
from .arpa_tables import as_tables
from .backoff_tables import BackoffTable, BackoffTables
from .counting import encode
from .linked_model import link, with_new_backoffs
from .ngram_rows import END_ID, START_ID, UNKNOWN_ID


def mix(models: Sequence[BackoffTables | Arpa | Ngram], weights: Sequence[float]) -> BackoffTables:
    """Return one model with p(w|h) = sum of weight times p(w|h) for every n-gram that any of ``models`` lists.

    Each p(w|h) is what its model gives by its own back-off; back-off weights are computed anew, so that every history
    sums to what its sums in the models mix to: one, where they sum to one (Stolcke 2002, "SRILM", on static
    interpolation). The models may differ in order and words and may have been pruned; the weights sum to 1.

    A word that a model lacks has probability 0 there, as in SRILM: what a model grants ``<unk>`` stays with ``<unk>``
    and is not shared out among words that others know. In a history, a model forgets what stands before such a word.
    The frequency of an n-gram that a model does not list is what the model itself expects. Raises OptionsError.
    """
    if not models or len(models) != len(weights) or not abs(sum(weights) - 1) <= 1e-6 or min(weights) < 0:
        raise OptionsError("A mixture needs a weight for every model, none below 0, that sum to 1.")
    taken = [as_tables(model, "mix") for model in models]
    words = tuple(dict.fromkeys(word for model in taken for word in model.words))
    ids = {word: number for number, word in enumerate(words)}
    parts = [_Part(model, weight, ids) for model, weight in zip(taken, weights, strict=True)]
    tables = [_table(parts, *_every_word(len(words)))]
    totals = [_totals(parts)]
    for n in range(2, max(len(model.tables) for model in taken) + 1):
        tables.append(_table(parts, *_any_listed(parts, n)))
        totals.append(_totals(parts))
    empty = sum(part.weight * part.totals[-1:] for part in parts)
    del parts
    return with_new_backoffs(BackoffTables(words, tuple(tables)), np.concatenate([*totals, empty]))


class _Part:
    """One of the models, followed from order to order along the n-grams of the mixture.

    ``reached`` and ``frequency`` belong to the mixture's n-grams of the current order: the longest n-gram of this model
    that each ends with, and how often this model says that it occurs. ``placed`` tells which of the mixture's rows the
    model's own of that order are, ``placed_before`` of the order below.
    """

    def __init__(self, model: BackoffTables, weight: float, ids: dict[str, int]) -> None:
        self.weight = weight
        self.tables = model.tables
        self.linked = link(model)
        self.totals = self.linked.totals()
        self.to_mixture = np.array([ids[word] for word in model.words], np.int32)
        self.to_own = np.full(len(ids), -1, np.int32)
        self.to_own[self.to_mixture] = np.arange(len(model.words), dtype=np.int32)
        self.reached = np.full(1, -1, np.int32)
        self.frequency = np.ones(1, np.float32)
        self.placed = self.placed_before = np.zeros(1, np.int32)

    def keys(self, n: int) -> NDArray[np.int64]:
        """Return context and word, as the mixture counts them, of the model's own n-grams of order ``n``."""
        if n > len(self.tables):
            return np.zeros(0, np.int64)
        own = self.tables[n - 1]
        keys: NDArray[np.int64] = self.placed[own.context].astype(np.int64) << 32 | self.to_mixture[own.word]
        return keys

    def advance(self, n: int, context: NDArray[np.int32], word: NDArray[np.int32]) -> NDArray[np.float32]:
        """Go to order ``n`` of the mixture and return the probabilities of its n-grams."""
        prob, self.reached = self.linked.follow(self.reached[context], self.to_own[word])
        self.frequency = self.frequency[context] * prob
        self.placed_before, self.placed = self.placed, np.zeros(0, np.int32)
        if n <= len(self.tables):
            here = self.linked.rows(n)
            listed = np.flatnonzero(self.reached >= here.start)
            own = self.reached[listed] - np.int32(here.start)
            self.placed = np.empty(here.stop - here.start, np.int32)
            self.placed[own] = listed
            self.frequency[listed] = self.tables[n - 1].frequency[own]
        return prob

    def add_suffixes(self, n: int, suffix: NDArray[np.int32]) -> None:
        """Fill in the suffixes, as the mixture counts them, that the model's own n-grams of order ``n`` have."""
        if 1 < n <= len(self.tables):
            own = self.tables[n - 1].suffix
            there = own >= 0
            suffix[self.placed[there]] = self.placed_before[own[there]]


def _every_word(size: int) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    return 1, np.zeros(size, np.int32), np.arange(size, dtype=np.int32)


def _any_listed(parts: Sequence[_Part], n: int) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """Return ``n`` and context and word of every n-gram of that order that a model lists."""
    keys = np.concatenate([part.keys(n) for part in parts])
    keys.sort()  # several times as fast as np.unique, which hashes
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    return n, (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32)


def _table(parts: Sequence[_Part], n: int, context: NDArray[np.int32], word: NDArray[np.int32]) -> BackoffTable:
    """Return the mixture's n-grams of order ``n``; all parts go on to that order."""
    prob, frequency = np.zeros((2, len(word)), np.float32)
    suffix = np.full(len(word), -1 if n > 1 else 0, np.int32)
    for part in parts:
        weight = np.float32(part.weight)
        prob += weight * part.advance(n, context, word)
        frequency += weight * part.frequency
        part.add_suffixes(n, suffix)
    return BackoffTable(word, context, suffix, prob, np.ones_like(prob), frequency)


def _totals(parts: Sequence[_Part]) -> NDArray[np.float64]:
    """Return what the probabilities after each of the current n-grams sum to in the mixture."""
    total: NDArray[np.float64] = sum(
        (part.weight * part.totals[part.reached] for part in parts), np.zeros(len(parts[0].reached))
    )
    return total


def fit_weights(probabilities: Sequence[NDArray[Any]], rounds: int = 500) -> tuple[float, ...]:
    """Return the mixture weights that make a text likeliest, by expectation maximisation.

    ``probabilities`` holds, for each model, the probability of every word of the text (equal lengths); words that no
    model gives any do not count. It ends after ``rounds``, or once no weight changes by a millionth.
    """
    table = np.stack([np.asarray(values, np.float64) for values in probabilities])
    table = table[:, table.sum(axis=0) > 0]
    weights = np.full(len(table), 1 / len(table))
    if not table.shape[1]:
        return tuple(weights.tolist())
    for _ in range(rounds):
        share = weights[:, None] * table
        share /= share.sum(axis=0)
        before, weights = weights, share.mean(axis=1)
        if abs(weights - before).max() < 1e-6:
            break
    return tuple((weights / weights.sum()).tolist())


def tune_weights(models: Sequence[BackoffTables | Arpa | Ngram], sentences: Iterable[str]) -> tuple[float, ...]:
    """Return the weights for ``mix`` that make ``sentences`` (words between spaces) likeliest.

    Words that no model knows do not count. Raises FormatError where no words remain.
    """
    refuse_one_sentence(sentences)
    taken = [as_tables(model, "tune_weights") for model in models]
    text = list(sentences)
    known = {word.encode() for model in taken for word in model.words[END_ID + 1 :]}
    if not any(word in known for sentence in text for word in sentence.encode("utf8", "surrogatepass").split()):
        raise FormatError("The text to tune the weights on holds no words that the models know.")
    return fit_weights([known_probabilities(model, text) for model in taken])


def known_probabilities(model: BackoffTables, sentences: Iterable[str]) -> NDArray[np.float64]:
    """Return p of every word and sentence end of ``sentences``, 0 for words that ``model`` does not know."""
    tokens, _ = encode(sentences, model.words[END_ID + 1 :])
    found = model.word_probabilities(tokens)
    found[tokens[tokens != START_ID] == UNKNOWN_ID] = 0
    return found
