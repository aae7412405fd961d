"""Language models as automata over a lattice's words: n-grams in memory, KenLM's, and linear mixtures of any."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...lm.ngram.kenlm_model import KenlmModel
from ...lm.ngram.ngram import Ngram
from ...lm.rescore import LinearMixture


class WordModel(Protocol):
    """A language model as a deterministic automaton over a lattice's word numbers; its states are numbers from 0."""

    start: int

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ending in each state."""


LatticeModel = WordModel | Ngram | KenlmModel | LinearMixture
"""What lattices can be expanded on."""


def word_model(model: LatticeModel, words_table: Sequence[str]) -> WordModel:
    """Return ``model`` as an automaton over the words that ``words_table`` numbers."""
    if isinstance(model, Ngram):
        return NgramWords(model, words_table)
    if isinstance(model, KenlmModel):
        return KenlmWords(model, words_table)
    if isinstance(model, LinearMixture):
        return MixtureWords([word_model(part, words_table) for part in model.models], model.weights)
    return model


class NgramWords:
    """An n-gram model over numbered words; words that the model lacks are its ``<unk>``."""

    def __init__(self, model: Ngram, words_table: Sequence[str]) -> None:
        self.model, self.start = model, model.start_state
        self._table = words_table
        self._ids = np.full(len(words_table), -1, np.int64)

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""
        from .expand_lookup_kernels import step_all

        ids = self._ids[words]
        if (ids < 0).any():
            for word in np.unique(words[ids < 0]).tolist():
                self._ids[word] = self.model.word_id(self._table[word])
            ids = self._ids[words]
        return step_all(self.model.arrays, states, ids)

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ``</s>`` in each state."""
        from .expand_lookup_kernels import step_all

        return step_all(self.model.arrays, states, np.full(len(states), 2, np.int64))[0]


class KenlmWords:
    """A KenLM model over numbered words: its states, which are objects, are numbered as they are met."""

    def __init__(self, model: KenlmModel, words_table: Sequence[str]) -> None:
        import kenlm

        self.model, self.start = model.kenlm, 0
        self._table, self._new_state = words_table, kenlm.State
        first = kenlm.State()
        self.model.BeginSentenceWrite(first)
        self._states, self._numbers = [first], {first: 0}

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""
        known, numbers, table = self._states, self._numbers, self._table
        score, new_state = self.model.BaseScore, self._new_state
        scores, following = [], []
        for state, word in zip(states.tolist(), words.tolist(), strict=True):
            reached = new_state()
            scores.append(score(known[state], table[word], reached))
            number = numbers.setdefault(reached, len(known))
            if number == len(known):
                known.append(reached)
            following.append(number)
        return np.array(scores, np.float64) * -np.log(10.0), np.array(following, np.int64)

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ``</s>`` in each state."""
        known, score, after = self._states, self.model.BaseScore, self._new_state()
        scores = [score(known[state], "</s>", after) for state in states.tolist()]
        return np.array(scores, np.float64) * -np.log(10.0)


class MixtureWords:
    """Several models mixed word by word: p = sum of weight times each model's p; a state is one state of each."""

    def __init__(self, models: Sequence[WordModel], weights: Sequence[float]) -> None:
        self.models, self.start = tuple(models), 0
        self._log_weights = np.log(np.asarray(weights, np.float64))
        first = tuple(model.start for model in models)
        self._numbers: dict[tuple[int, ...], int] = {first: 0}
        self._states = [first]

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""
        columns = self._columns(states)
        costs, parts = zip(
            *(model.step(column, words) for model, column in zip(self.models, columns, strict=True)), strict=True
        )
        following = np.empty(len(states), np.int64)
        for place, reached in enumerate(zip(*(part.tolist() for part in parts), strict=True)):
            number = following[place] = self._numbers.setdefault(reached, len(self._states))
            if number == len(self._states):
                self._states.append(reached)
        return self._mixed(costs), following

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ending in each state."""
        columns = self._columns(states)
        return self._mixed([model.end(column) for model, column in zip(self.models, columns, strict=True)])

    def _columns(self, states: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the states of each model, int64 (models, states)."""
        rows = [self._states[state] for state in states.tolist()]
        return np.ascontiguousarray(np.array(rows, np.int64).reshape(len(rows), len(self.models)).T)

    def _mixed(self, costs: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        mixed: NDArray[np.float64] = -np.logaddexp.reduce(self._log_weights[:, np.newaxis] - np.stack(costs), axis=0)
        return mixed


class OffsetWords:
    """A model in which each word costs more than in another one, by its entry of ``offsets``, in nats."""

    def __init__(self, model: WordModel, offsets: NDArray[np.float64]) -> None:
        self.model, self.start, self._offsets = model, model.start, offsets

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""
        costs, following = self.model.step(states, words)
        return costs + self._offsets[words], following

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ending in each state."""
        return self.model.end(states)
