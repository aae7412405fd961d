"""Scores of all labels after a state of an n-gram model of labels (characters or BPE pieces), filled in when asked."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .alphabet import Alphabet
from .language_model import LanguageModel
from .prefix_arrays import Rows

_SPACES = ("|", "<space>", "<sp>", "▁", "_", "␣")
"""How models of characters write the space between words; the first that a model knows is meant."""


class LabelRows:
    """Rows of weighted scores, one a state that was asked for."""

    def __init__(self, alphabet: Alphabet, model: LanguageModel) -> None:
        self.weights = weights_of(model)
        self._model = model
        space = next((mark for mark in _SPACES if model.source.knows(mark)), " ")
        self._words = [space if label == " " and not alphabet.is_bpe else label for label in alphabet.labels]
        if not any(model.source.knows(word) for word in self._words if word):
            raise OptionsError("lm_unit: the language model knows none of the labels; is it one of words?")
        self.rows = empty_rows(len(self._words))
        self._count = 0

    def fill(self, states: Sequence[int]) -> None:
        """Score every label after each of ``states``."""
        for state in states:
            self._reserve(state)
            if self.rows.row[state] >= 0:
                continue
            for symbol, word in enumerate(self._words):
                if word:
                    score = self._model.score(state, word)
                    self.rows.gain[self._count, symbol], self.rows.following[self._count, symbol] = score
            self.rows.row[state] = self._count
            self._count += 1
            self._reserve(int(self.rows.following[self._count - 1].max()))

    def _reserve(self, state: int) -> None:
        row, gain, following = self.rows
        if state >= len(row):
            row = np.concatenate([row, np.full(max(state + 1 - len(row), len(row)), -1, np.int32)])
        if self._count == len(gain):
            gain = np.concatenate([gain, np.zeros_like(gain)])
            following = np.concatenate([following, np.zeros_like(following)])
        self.rows = Rows(row, gain, following)


def weights_of(model: LanguageModel) -> tuple[float, float, float]:
    """Return what a row depends on besides the model."""
    return model.alpha, model.beta, model.unk_score_offset


def empty_rows(symbols: int) -> Rows:
    """Return rows for no state."""
    shape = (16, symbols)
    row: NDArray[np.int32] = np.full(16, -1, np.int32)
    return Rows(row, np.zeros(shape), np.zeros(shape, np.int32))
