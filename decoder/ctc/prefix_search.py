"""The search over prefixes as an object: scores in, in any portions; what is alive out, at any time."""

import math

import numpy as np
from numpy.typing import NDArray

from ...lm.ngram.packed_arrays import without_ngrams
from .alphabet import Alphabet
from .endings import Ending, read_endings
from .label_rows import LabelRows, empty_rows
from .language_model import LanguageModel
from .ngram_source import MemorySource
from .options import HotWords, PrefixOptions
from .prefix_arrays import (
    ASK,
    ASKED,
    ASKED_LABELS,
    BOUNDARY,
    CANDIDATE_NUMBERS,
    DONE,
    ENTRIES,
    ENTRY_NUMBERS,
    FULL,
    GAIN,
    GROUPS,
    HASH,
    HISTORY,
    HOT,
    LAST,
    NEXT_STATE,
    NO_MODEL,
    NODE,
    NODES,
    PARENT,
    PART,
    POSITIONS,
    RECENT,
    ROW,
    SIDE,
    SPANS,
    STATE,
    VALUES,
    Beam,
    Frames,
    Store,
    Trie,
    Weights,
    Work,
)
from .word_trie import hot_trie, vocabulary_trie


class PrefixSearch:
    """A search in progress."""

    def __init__(
        self,
        alphabet: Alphabet,
        model: LanguageModel | None,
        options: PrefixOptions,
        hot_words: HotWords,
        label_rows: LabelRows | None = None,
        start_state: int = 0,
    ) -> None:
        self._alphabet = alphabet
        self.hot_words = hot_words
        self._model = model
        self._label_rows = label_rows
        source = NO_MODEL if model is None else model.kind
        by_label = source == ASKED_LABELS
        self._labels = alphabet.arrays(by_label)
        no_words = vocabulary_trie([], np.zeros(0, np.int32), np.zeros(0, np.bool_))
        self._vocabulary: Trie = no_words if model is None else model.trie
        self._hot_trie = hot_trie(sorted(hot_words.words)) if hot_words.words else no_words
        ngrams = None if model is None else model.source
        self._ngrams = ngrams.model.arrays if isinstance(ngrams, MemorySource) else _NO_NGRAMS
        self._weights = Weights(
            source=source,
            scale=0.0 if model is None else model.scale,
            beta=0.0 if model is None else model.beta,
            unknown=0.0 if model is None else model.unk_score_offset,
            hot=hot_words.weight,
            has_hot=int(bool(hot_words.words)),
            recent=max(1, (1 if model is None else model.order) - 1),
            width=int(options.beam_width),
            prune=math.exp(options.beam_prune_logp),
            prune_history=int(options.prune_history),
            spelled_once=int(by_label or alphabet.spelled_once),
            strict=int(not options.wide),
        )
        self._least = options.token_min_logp
        self._rows = empty_rows(len(alphabet.labels))
        self._beam = self._first_beam(start_state)
        self._store = _store(32 * self._weights.width + 32768)

    def _first_beam(self, start_state: int) -> Beam:
        width, weights = self._weights.width, self._weights
        # A text ends in a blank or its last label; a text of pieces may have several of those.
        entries = width * (1 if weights.strict else 2 if weights.spelled_once else 4)
        beam = Beam(
            group_numbers=np.zeros((2, width, RECENT + weights.recent), np.int64),
            group_values=np.zeros((2, width, VALUES)),
            entry_numbers=np.zeros((2, entries, ENTRY_NUMBERS), np.int64),
            mass=np.zeros((2, entries)),
            position=np.zeros(POSITIONS, np.int64),
            offset=np.zeros(1),
        )
        first = beam.group_numbers[0, 0]
        first[[HASH, PART, HISTORY]] = 1
        first[[NODE, PARENT]] = -1
        first[LAST] = next((symbol for symbol, kind in enumerate(self._labels.kind.tolist()) if kind == BOUNDARY), -1)
        first[HOT] = weights.has_hot - 1
        first[STATE] = start_state
        beam.group_values[0, 0, 0] = beam.mass[0, 0] = 1.0
        beam.group_values[0, 0, GAIN] = math.nan
        beam.entry_numbers[0, 0] = 0, -1, -1, -1, -1
        beam.position[[GROUPS, ENTRIES]] = 1
        return beam

    def advance(self, log_probs: NDArray[np.floating]) -> None:
        """Read more rows of log-probabilities (frames, columns); the portions make no difference."""
        from .path_kernels import compact
        from .prefix_kernels import advance

        frames = self._frames(log_probs)
        work = self._room(frames)
        self._beam.position[ROW] = 0
        while True:
            rows = self._rows if self._label_rows is None else self._label_rows.rows
            answer = advance(
                self._beam,
                frames,
                self._labels,
                rows,
                self._weights,
                self._vocabulary,
                self._hot_trie,
                self._ngrams,
                self._store,
                work,
            )
            if answer == DONE:
                return
            if answer == FULL:
                compact(self._beam, self._store)
                self._enlarge()
            elif answer == ASK:
                self._answer(work.asked[: self._beam.position[ASKED]])

    def _frames(self, log_probs: NDArray[np.floating]) -> Frames:
        """Choose the labels to follow in each row."""
        chosen = log_probs >= self._least
        chosen[np.arange(len(log_probs)), log_probs.argmax(axis=1)] = True
        row, column = np.nonzero(chosen)
        symbol = self._alphabet.symbol_of_column[column]
        probs = np.exp(log_probs[row, column].astype(np.float64))
        is_blank = symbol < 0
        blank = np.bincount(row[is_blank], probs[is_blank], minlength=len(log_probs))
        row, symbol, probs = row[~is_blank], symbol[~is_blank], probs[~is_blank]
        if self._alphabet.has_twins:
            key, place = np.unique(row * len(self._alphabet.labels) + symbol, return_inverse=True)
            row, symbol = key // len(self._alphabet.labels), (key % len(self._alphabet.labels)).astype(np.int32)
            probs = np.bincount(place, probs)
        begin = np.zeros(len(log_probs) + 1, np.int64)
        np.cumsum(np.bincount(row, minlength=len(log_probs)), out=begin[1:])
        return Frames(begin, symbol.astype(np.int32), probs.astype(np.float64), blank.astype(np.float64))

    def _room(self, frames: Frames) -> Work:
        width = self._weights.width
        most = width * (int(np.diff(frames.begin).max(initial=0)) + 1) + self._beam.mass.shape[1]
        return Work(
            mass=np.empty(most),
            numbers=np.empty((most, CANDIDATE_NUMBERS), np.int64),
            text_mass=np.empty(most),
            text_of=np.empty(most, np.int64),
            prob_of=np.zeros(len(self._alphabet.labels)),
            token_of=np.zeros(len(self._alphabet.labels), np.int64),
            change=np.empty(most),
            partial=np.empty(most),
            nodes=np.empty(most, np.int32),
            hot_nodes=np.empty(most, np.int32),
            joined=np.zeros(most, np.int64),
            table=np.zeros((1 << max(6, (2 * most).bit_length()), 2), np.int64),
            order=np.empty(max(most, width)),
            kept=np.empty(most, np.int64),
            asked=np.empty(width, np.int64),
        )

    def _enlarge(self) -> None:
        """Double the store where what is alive fills half of it."""
        position, store = self._beam.position, self._store
        needed = 2 * (max(int(position[NODES]), int(position[SPANS])) + self._beam.mass.shape[1])
        if needed > len(store.parents):
            larger = _store(2 * needed)
            for old, new in zip(store, larger, strict=True):
                new[: len(old)] = old
            self._store = larger

    def _answer(self, groups: NDArray[np.int64]) -> None:
        """Ask the language model what the kernel lacks."""
        side = int(self._beam.position[SIDE])
        numbers, values = self._beam.group_numbers[side], self._beam.group_values[side]
        assert self._model is not None
        if self._label_rows is not None:
            self._label_rows.fill(numbers[groups, STATE].tolist())
            return
        for group in groups.tolist():
            state = int(numbers[group, STATE])
            word = self._last_word(int(numbers[group, NODE]))
            values[group, GAIN], numbers[group, NEXT_STATE] = self._model.score(state, word)

    def _last_word(self, node: int) -> str:
        """Return the unfinished word that ends in ``node``."""
        parents, symbols, texts = self._store.parents, self._store.symbols, self._alphabet.texts
        parts: list[str] = []
        starts = 0
        while node >= 0 and not starts:
            symbol, starts = divmod(int(symbols[node]), 2)
            parts.append(texts[symbol])
            node = int(parents[node])
        return "".join(reversed(parts))

    def endings(self, with_frames: bool = True) -> list[Ending]:
        """Return what is alive, the best first (of equal ones the earlier); without their frames where not wanted."""
        return read_endings(self._beam, self._store, self._alphabet, with_frames)


def _store(size: int) -> Store:
    return Store(*(np.empty(size, np.int32) for _ in Store._fields))


_NO_NGRAMS = without_ngrams()
