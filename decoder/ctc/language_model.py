"""Shallow fusion: what a language model adds to the score of a text, and to that of an unfinished word.

The formulas are those of pyctcdecode 0.5. A complete word adds ``alpha * ln p(word | history) + beta``, where the
log10 probability of an unknown word first gets ``unk_score_offset`` added; an unfinished word that begins no known word
adds ``unk_score_offset``, stretched by length / 6 beyond six characters. At the end the last word's probability
includes that of the sentence's end.
"""

import logging
import math
from collections.abc import Collection
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import OptionsError
from .ngram_source import MemorySource, NgramSource
from .prefix_arrays import ASKED_LABELS, ASKED_WORDS, PREFIX_OF_WORD, WORDS, Trie
from .word_trie import vocabulary_trie

LN10 = math.log(10.0)
_UNITS = ("word", "label")
_MOST_SCORES = 1 << 20
"""Scores that are cached before the cache starts afresh."""

logger = logging.getLogger(__name__)


class LanguageModel:
    """An n-gram model of words, or of labels (``unit``), with the weights of its fusion.

    ``unigrams`` are the known words (None: a model in memory knows its own; with a KenLM binary, no beginning of a word
    is known); those that the model lacks are dropped.
    """

    def __init__(
        self,
        source: NgramSource,
        unigrams: Collection[str] | None = None,
        alpha: float = 0.5,
        beta: float = 1.5,
        unk_score_offset: float = -10.0,
        score_boundary: bool = True,
        unit: str = "word",
    ) -> None:
        if unit not in _UNITS:
            raise OptionsError(f"lm_unit: {unit!r} is none of {', '.join(_UNITS)}.")
        self.source = source
        self.unit = unit
        if unigrams is None and unit == "word":
            unigrams = source.words()
            if unigrams is None:
                logger.warning("No unigrams given, and a KenLM binary does not list its own: results may be worse.")
        self._has_prefixes = unigrams is not None
        self.unigrams = frozenset(word for word in unigrams or () if word and source.knows(word))
        self.alpha, self.beta, self.unk_score_offset = alpha, beta, unk_score_offset
        self.score_boundary = score_boundary
        self.reset_params()
        self._raw: dict[tuple[int, Any], tuple[float, int]] = {}

    def reset_params(
        self,
        alpha: float | None = None,
        beta: float | None = None,
        unk_score_offset: float | None = None,
        score_boundary: bool | None = None,
    ) -> None:
        """Set the weights that are given; raises OptionsError where one is not a finite number."""
        for name, value in (("alpha", alpha), ("beta", beta), ("unk_score_offset", unk_score_offset)):
            chosen = getattr(self, name) if value is None else value
            if isinstance(chosen, bool) or not isinstance(chosen, (int, float)) or not math.isfinite(chosen):
                raise OptionsError(f"{name}: {chosen!r} is not a finite number.")
            setattr(self, name, float(chosen))
        chosen = self.score_boundary if score_boundary is None else score_boundary
        if not isinstance(chosen, bool):
            raise OptionsError(f"lm_score_boundary: {chosen!r} is neither True nor False.")
        self.score_boundary = chosen

    @property
    def order(self) -> int:
        """The length of the model's longest n-grams."""
        return self.source.order

    @property
    def kind(self) -> int:
        """Where the kernels get their scores from: see prefix_arrays."""
        if self.unit == "label":
            return ASKED_LABELS
        return WORDS if isinstance(self.source, MemorySource) else ASKED_WORDS

    @property
    def scale(self) -> float:
        """What turns a log10 probability into its share of the fused score."""
        return self.alpha * LN10

    def start(self) -> int:
        """Return the state that a text begins in."""
        return self.source.start(self.score_boundary)

    def prepare(self) -> bool:
        """Make room in caches that have grown too large; return whether the numbers of states are void."""
        void = self.source.refresh()
        if void or len(self._raw) > _MOST_SCORES:
            self._raw.clear()
        return void

    def is_unknown(self, word: str) -> bool:
        """Return whether ``word`` costs ``unk_score_offset``."""
        return word not in self.unigrams if self.unigrams else not self.source.knows(word)

    def log10(self, state: int, word: str) -> tuple[float, int]:
        """Return log10 p(word | state), the offset of an unknown word in it, and the state that follows; cached.

        What is cached leaves the offset out, which may be reset.
        """
        found = self._raw.get((state, word))
        if found is None:
            found = self._raw[state, word] = self.source.score(state, word)
        return found[0] + self.unk_score_offset * self.is_unknown(word), found[1]

    def score(self, state: int, word: str) -> tuple[float, int]:
        """Return what ``word`` adds to the fused score, and the state that follows."""
        log10, following = self.log10(state, word)
        return self.scale * log10 + self.beta, following

    def last_score(self, state: int, word: str) -> tuple[float, int]:
        """Return what the last word adds, the sentence's end included, and the state before that end."""
        if self.unit == "label":
            return self.end_score(state), state
        log10, following = self.log10(state, word)
        end = self.source.end(following) if self.score_boundary else 0.0
        return self.scale * (log10 + end) + self.beta, following

    def end_score(self, state: int) -> float:
        """Return what the end of the sentence adds by itself."""
        return self.scale * self.source.end(state) if self.score_boundary else 0.0

    @cached_property
    def trie(self) -> Trie:
        """The trie of the known words and, for a model in memory, of all words of the model with their ids."""
        if self.unit == "label":
            return vocabulary_trie([], np.zeros(0, np.int32), np.zeros(0, np.bool_))
        if not isinstance(self.source, MemorySource):
            words = sorted(self.unigrams)
            return vocabulary_trie(words, np.full(len(words), -1, np.int32), np.ones(len(words), np.bool_))
        words = sorted(word for word in self.source.words() or () if word)
        ids = np.array([self.source.model.ids[word] for word in words], np.int32)
        if self.unigrams:
            return vocabulary_trie(words, ids, np.array([word in self.unigrams for word in words]))
        trie = vocabulary_trie(words, ids, np.ones(len(words), np.bool_))
        if self._has_prefixes:
            trie.flags[:] &= ~np.uint8(PREFIX_OF_WORD)
        return trie
