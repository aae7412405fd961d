"""Perplexity and out-of-vocabulary rate of a language model on a text, counted as KenLM's query counts them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError


class WordScorer(Protocol):
    """What is measured: ``Ngram``, ``KenlmModel``."""

    def word_scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return log10 p of each word of a sentence and of its end, and which of them the model knows."""


@dataclass(frozen=True, slots=True)
class Perplexity:
    """How well a model foretells a text: every word and every sentence end is a token to be foretold.

    ``words`` and ``unknown_words`` do not count sentence ends; ``log10_prob`` is of all tokens, ``known_log10_prob``
    of those in the vocabulary.
    """

    sentences: int
    words: int
    unknown_words: int
    log10_prob: float
    known_log10_prob: float

    @property
    def perplexity(self) -> float:
        """Over the tokens that are in the vocabulary (KenLM: "excluding OOVs")."""
        return 10 ** (-self.known_log10_prob / max(1, self.words - self.unknown_words + self.sentences))

    @property
    def perplexity_with_unknown(self) -> float:
        """Over all tokens (KenLM: "including OOVs")."""
        return 10 ** (-self.log10_prob / (self.words + self.sentences))

    @property
    def unknown_rate(self) -> float:
        """The part of the words that the model does not know, 0 to 1."""
        return self.unknown_words / max(1, self.words)


def perplexity(model: WordScorer, sentences: Iterable[str]) -> Perplexity:
    """Measure ``model`` on ``sentences`` (words between spaces); raises FormatError where there are none."""
    count = words = unknown = 0
    total: list[float] = []
    known_total: list[float] = []
    for sentence in sentences:
        split = sentence.split()
        scores, known = model.word_scores(split)
        count += 1
        words += len(split)
        unknown += int(np.count_nonzero(~known))
        total.append(float(scores.sum()))
        known_total.append(float(scores[known].sum()))
    if not count:
        raise FormatError("There are no sentences to measure the language model on.")
    return Perplexity(count, words, unknown, math.fsum(total), math.fsum(known_total))
