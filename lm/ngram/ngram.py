"""The n-gram model in memory: sorted flat arrays, read from ARPA, kept in a mapped file, looked up by kernels.

model = Ngram.from_arpa(read_arpa("model.arpa"))
log10_prob, state = model.score(model.start_state, model.word_id("hello"))
"""

import os
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...tensorfile import map_arrays, save_arrays
from .arpa import MOST_LOG10, SPECIAL_WORDS, Arpa, NgramTable
from .keys import Keys, NgramKeys, find

_FORMAT = "harken n-gram 1"
_DTYPES = (np.int32, np.int32, np.float32, np.int32, np.float32, np.int32)  # of NgramArrays


class NgramArrays(NamedTuple):
    """A model as a word automaton, read-only; state 0 is the empty history and lists every word at its own id.

    The words listed after state ``s`` are ``words[begin[s]:begin[s + 1]]``, rising; ``log10_prob`` and ``next_state``
    go with them. A word that is not listed costs ``log10_backoff[s]`` and is looked for in ``backoff_state[s]``.
    """

    begin: NDArray[np.int32]
    words: NDArray[np.int32]
    log10_prob: NDArray[np.float32]
    next_state: NDArray[np.int32]
    log10_backoff: NDArray[np.float32]
    backoff_state: NDArray[np.int32]


class Ngram:
    """A back-off model as a word automaton whose states are histories.

    A history is a state where words are listed after it or its back-off weight is not 0; any other tells the model
    nothing that its longest suffix does not. ``words[id]`` names the words, ``<unk>``, ``<s>``, ``</s>`` first;
    ``arrays`` (see ``NgramArrays``) is what ``ngram_kernels.lookup`` takes; ``start_state`` is the history ``<s>``.
    """

    def __init__(self, words: tuple[str, ...], arrays: NgramArrays, start_state: int, order: int) -> None:
        self.words = words
        self.arrays = arrays
        self.start_state = start_state
        self.order = order

    @classmethod
    def from_arpa(cls, arpa: Arpa) -> "Ngram":
        """Build the automaton of ``arpa``; raises FormatError where the context of an n-gram is no n-gram itself."""
        packing = NgramKeys(len(arpa.words))
        histories = _Histories(packing, arpa.tables)
        begins, words, probs, targets = [], [], [], []
        for n, table in enumerate(arpa.tables, 1):
            ids = table.ids
            words.append(ids[:, -1])
            probs.append(table.log10_prob)
            targets.append(histories.longest(ids, min(n, arpa.order - 1)))
            context = histories.exact(ids[:, :-1])
            if len(context) and context.min() < 0:
                shown = " ".join(arpa.words[word] for word in ids[int(np.argmin(context))])
                raise FormatError(f"The model lists {shown!r} but not that n-gram without its last word.")
            begins.append(np.bincount(context, minlength=histories.count))
        arrays = NgramArrays(
            np.concatenate([[0], np.cumsum(sum(begins))]),
            np.concatenate(words),
            np.concatenate(probs),
            np.concatenate(targets),
            *histories.backoffs(),
        )
        start = int(histories.longest(np.array([[1]], np.int32), min(1, arpa.order - 1))[0])
        return cls(arpa.words, _frozen(arrays), start, arpa.order)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as one file that ``load`` maps; written aside, then renamed."""
        named = dict(self.arrays._asdict())
        named["text"] = np.frombuffer("\n".join(self.words).encode("utf8"), np.uint8)
        save_arrays(path, named, {"format": _FORMAT, "start": str(self.start_state), "order": str(self.order)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Ngram":
        """Map the file that ``save`` wrote; raises FormatError for any other."""
        named, metadata = map_arrays(path)
        if metadata.get("format") != _FORMAT:
            raise FormatError(f"{path}: not an n-gram model of the format {_FORMAT!r}.")
        try:
            words = tuple(bytes(named.pop("text")).decode("utf8").split("\n"))
            model = cls(words, NgramArrays(**named), int(metadata["start"]), int(metadata["order"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(f"{path}: the n-gram model is damaged ({problem}).") from None
        model._check(path)
        return model

    def _check(self, path: str | os.PathLike[str]) -> None:
        """Refuse arrays that a look-up could follow out of their bounds."""
        a = self.arrays
        states, arcs = len(a.log10_backoff), len(a.words)
        sound = (
            all(array.dtype == dtype and array.ndim == 1 for array, dtype in zip(a, _DTYPES, strict=True))
            and len(a.begin) == states + 1
            and len(a.backoff_state) == states > self.start_state >= 0
            and len(a.log10_prob) == len(a.next_state) == arcs == a.begin[-1]
            and self.words[:3] == SPECIAL_WORDS
            and a.begin[0] == 0
            and a.begin[1] == len(self.words)
            and bool((a.begin[:-1] <= a.begin[1:]).all())
            and bool(((a.words >= 0) & (a.words < len(self.words))).all())
            and all(np.all(np.isfinite(log10) & (log10 < MOST_LOG10)) for log10 in (a.log10_prob, a.log10_backoff))
            and bool(((a.next_state >= 0) & (a.next_state < states)).all())
            and bool((a.backoff_state[1:] < np.arange(1, states)).all() and (a.backoff_state >= 0).all())
        )
        if not sound:
            raise FormatError(f"{path}: the n-gram model is damaged: its arrays do not fit each other.")

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every word."""
        return {word: number for number, word in enumerate(self.words)}

    def word_id(self, word: str) -> int:
        """Return the id of ``word``, 0 (``<unk>``) for one that the model does not know."""
        return self.ids.get(word, 0)

    def score(self, state: int, word_id: int) -> tuple[float, int]:
        """Return log10 p(word | state) and the state that follows."""
        from .lookup_kernels import lookup

        log10_prob, following = lookup(self.arrays, state, word_id)
        return float(log10_prob), int(following)

    def word_scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return log10 p of each word of a sentence and of ``</s>`` after it, and which of them the model knows."""
        from .lookup_kernels import lookup_all

        known = self.ids
        ids = np.array([known.get(word, 0) for word in words] + [2], np.int32)
        scores = np.empty(len(ids))
        lookup_all(self.arrays, self.start_state, ids, scores)
        return scores, ids != 0

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included."""
        return float(self.word_scores(words)[0].sum())


class _Histories:
    """Numbers the histories that are states: 0 the empty one, then by length, then by their words."""

    def __init__(self, packing: NgramKeys, tables: Sequence[NgramTable]) -> None:
        self.packing = packing
        self.keys: list[Keys] = []  # sorted, by length - 1
        self.first: list[int] = []  # the number of the first history of that length
        self.count = 1
        self.ids: list[NDArray[np.int32]] = []
        self.weights: list[NDArray[np.float32]] = []
        for n, (table, longer) in enumerate(pairwise(tables), 1):
            keys = packing.pack([table.ids[:, place] for place in range(n)])
            contexts = packing.pack([longer.ids[:, place] for place in range(n)])
            is_state = table.log10_backoff != 0
            rows = find(keys, contexts)
            is_state[rows[rows >= 0]] = True
            self.keys.append(keys[is_state])
            self.ids.append(table.ids[is_state])
            self.weights.append(table.log10_backoff[is_state])
            self.first.append(self.count)
            self.count += len(self.keys[-1])

    def exact(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the states of the histories ``ids`` (count, length), -1 where there is none."""
        length = ids.shape[1]
        if length == 0:
            return np.zeros(len(ids), np.int32)
        rows = find(self.keys[length - 1], self.packing.pack([ids[:, place] for place in range(length)]))
        states: NDArray[np.int32] = np.where(rows >= 0, rows + np.int32(self.first[length - 1]), np.int32(-1))
        return states

    def longest(self, ids: NDArray[np.int32], most: int) -> NDArray[np.int32]:
        """Return the states of the longest suffixes of ``ids`` that are states and have at most ``most`` words."""
        states = np.zeros(len(ids), np.int32)
        open_rows = np.arange(len(ids))
        for length in range(most, 0, -1):
            found = self.exact(ids[open_rows][:, ids.shape[1] - length :])
            states[open_rows[found >= 0]] = found[found >= 0]
            open_rows = open_rows[found < 0]
        return states

    def backoffs(self) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return the back-off weight and the back-off state of every state."""
        lower = [self.longest(ids, n - 1) for n, ids in enumerate(self.ids, 1)]
        zero = np.zeros(1, np.int32)
        return np.concatenate([zero.astype(np.float32), *self.weights]), np.concatenate([zero, *lower])


def _frozen(arrays: NgramArrays) -> NgramArrays:
    """Return contiguous read-only arrays of the right dtypes: what a mapped file gives, so kernels compile once."""
    made: list[NDArray[Any]] = [
        np.ascontiguousarray(array, dtype) for array, dtype in zip(arrays, _DTYPES, strict=True)
    ]
    for array in made:
        array.flags.writeable = False
    return NgramArrays(*made)
