"""The n-gram model in memory: packed records, made from ARPA, kept in a mapped file, looked up by kernels.

model = Ngram.from_arpa(read_arpa("model.arpa"))
log10_prob, state = model.score(model.start_state, model.word_id("hello"))
model.save("model.safetensors", quantised=8)
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ...tensorfile import map_arrays, save_arrays
from .arpa import MOST_LOG10, SENTENCE_END, SENTENCE_START, SPECIAL_WORDS, Arpa
from .automaton import arpa_of, automaton_of
from .bare_strings import refuse_bare_sentence, refuse_one_sentence
from .packed_arrays import CODE_BITS, PLAIN_BITS, STATES, NgramArrays, NgramAutomaton, read_only
from .packed_check import is_sound
from .packing import pack, unpack
from .word_table import WordTable
from .word_table_filling import table_of_lines

__all__ = ["Ngram", "NgramArrays", "NgramAutomaton"]

_FORMAT = "harken n-gram 2"
START_ID, END_ID = SPECIAL_WORDS.index(SENTENCE_START), SPECIAL_WORDS.index(SENTENCE_END)


class Ngram:
    """A back-off model as an automaton over words whose states are histories.

    ``words[id]`` names the words, ``<unk>``, ``<s>``, ``</s>`` first; ``arrays`` (harken.lm.ngram.packed_arrays) is
    what ``harken.lm.ngram.lookup_kernels.lookup`` takes, ``automaton()`` the same as plain arrays;
    ``start_state`` is the history ``<s>``.
    """

    def __init__(self, words: Sequence[str] | str, arrays: NgramArrays, start_state: int, order: int) -> None:
        """Take the words (a string: one a line) and arrays of a model; use ``from_arpa`` or ``load``.

        Raises FormatError for words that hold line breaks.
        """
        self._text = words if isinstance(words, str) else "\n".join(words)
        if not isinstance(words, str) and self._text.count("\n") >= max(1, len(words)):
            raise FormatError("A word of the model holds a line break.")
        self.arrays = arrays
        self.start_state = start_state
        self.order = order

    @classmethod
    def from_arpa(cls, arpa: Arpa, quantised: int | None = None) -> "Ngram":
        """Return ``arpa`` as a model; with ``quantised`` its numbers become codes of so many bits.

        See ``harken.lm.ngram.packing.pack`` for the codes. Raises FormatError where the context of an n-gram is no
        n-gram itself.
        """
        automaton = automaton_of(arpa)
        return cls(arpa.words, pack(automaton, quantised), int(automaton.next_state[START_ID]), arpa.order)

    def to_arpa(self) -> Arpa:
        """Return the model's n-grams, of a quantised model with the numbers that the codes stand for.

        Raises FormatError where the file was damaged so that they are no model's.
        """
        from .arpa_reader_kernels import first_not_rising

        made = arpa_of(self.automaton(), self.words)
        for table in made.tables:
            if first_not_rising(read_only(table.ids)) < len(table.ids):
                raise FormatError("The n-gram model is damaged: its records are out of order; copy or make it again.")
        return made

    def quantise(self, bits: int) -> "Ngram":
        """Return the model with probabilities and back-off weights as codes of ``bits`` bits; see ``from_arpa``."""
        return Ngram(self.words, pack(self.automaton(), bits), self.start_state, self.order)

    def automaton(self) -> NgramAutomaton:
        """Return the model as plain arrays, made anew at every call."""
        return unpack(self.arrays)

    @property
    def quantised(self) -> int | None:
        """The bits of the codes, None where numbers are float32."""
        bits = int(self.arrays.layout[CODE_BITS])
        return None if bits == PLAIN_BITS else bits

    def with_words(self, log10_probs: Mapping[str, float]) -> "Ngram":
        """Return a copy that knows more words, each with the log10 probability it has wherever it stands.

        A new word is a unigram alone: its probability is paid after the back-off weights of what stands before it, and
        what follows it has no history. Words that the model has stay as they are. The other words' probabilities are
        not lowered to make room: what is added is meant to be little. Raises OptionsError for a probability that is
        not finite and at most 0, and for what is no word (empty, or with white space).
        """
        known = self.ids
        added = {word: value for word, value in log10_probs.items() if word not in known}
        for word, value in added.items():
            if not (-MOST_LOG10 <= value <= 0):
                raise OptionsError(f"with_words: log10 p of {word!r} is {value}; give a number from -100 to 0.")
            if word.split() != [word]:
                raise OptionsError(f"with_words: {word!r} is no word; give one that is not empty and has no space.")
        old = self.arrays
        arrays = old._replace(
            word_log10=read_only(np.concatenate([old.word_log10, np.array(list(added.values()), np.float32)])),
            word_next=read_only(np.concatenate([old.word_next, np.zeros(len(added), np.int32)])),
        )
        return Ngram((*self.words, *added), arrays, self.start_state, self.order)

    def save(self, path: str | os.PathLike[str], quantised: int | None = None) -> None:
        """Write the model as one file that ``load`` maps, quantised first where bits are given; aside, then renamed.

        Raises FormatError where it cannot be written.
        """
        model = self if quantised is None or quantised == self.quantised else self.quantise(quantised)
        named = dict(model.arrays._asdict())
        named["text"] = np.frombuffer(model._text.encode("utf8"), np.uint8)
        metadata = {"format": _FORMAT, "start": str(self.start_state), "order": str(self.order)}
        try:
            save_arrays(path, named, metadata)
        except OSError as problem:
            raise FormatError(f"{path}: cannot be written ({problem.strerror or problem}).") from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Ngram":
        """Map the file that ``save`` wrote; raises FormatError for any other.

        Sizes, tables and words are checked here, the records where they are read: a damaged one may give wrong numbers
        but leads no look-up astray.
        """
        named, metadata = map_arrays(path)
        if metadata.get("format") != _FORMAT:
            raise FormatError(f"{path}: not an n-gram model of the format {_FORMAT!r}.")
        try:
            text = bytes(named.pop("text")).decode("utf8")
            model = cls(text, NgramArrays(**named), int(metadata["start"]), int(metadata["order"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(f"{path}: the n-gram model is damaged ({problem}).") from None
        count = text.count("\n") + 1
        if not text.startswith("\n".join(SPECIAL_WORDS)) or not is_sound(
            model.arrays, model.order, model.start_state, count
        ):
            raise FormatError(f"{path}: the n-gram model is damaged: its arrays do not fit each other.")
        return model

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words by their ids."""
        return tuple(self._text.split("\n"))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every word."""
        return {word: number for number, word in enumerate(self.words)}

    def word_id(self, word: str) -> int:
        """Return the id of ``word``, 0 (``<unk>``) for one that the model does not know."""
        return self.ids.get(word, 0)

    @property
    def states(self) -> int:
        """The number of histories that are states."""
        return int(self.arrays.layout[STATES])

    def score(self, state: int, word_id: int) -> tuple[float, int]:
        """Return log10 p(word | state) and the state that follows; raises OptionsError for what the model lacks."""
        if not (0 <= state < self.states and 0 <= word_id < len(self.arrays.word_next)):
            raise OptionsError(f"score: the model has no state {state} or no word {word_id}.")
        log10_prob, following = self._kernels.lookup_one(*self.arrays, state, word_id)
        return float(log10_prob), int(following)

    def word_scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return log10 p of each word of a sentence and of ``</s>`` after it, and which of them the model knows.

        Raises OptionsError for a sentence that is not split into words.
        """
        refuse_bare_sentence(words)
        known = self.ids
        ids = np.array([known.get(word, 0) for word in words] + [END_ID], np.int32)
        scores = np.empty(len(ids))
        self._kernels.lookup_all(self.arrays, self.start_state, ids, scores)
        return scores, ids != 0

    def sentence_score(self, words: Sequence[str]) -> float:
        """Return log10 p of a whole sentence, its end included; raises OptionsError for one not split into words."""
        refuse_bare_sentence(words)
        ids = np.fromiter(map(self.ids.get, words, repeat(0)), np.int32, len(words))
        return float(self._kernels.sum_lookups(*self.arrays, self.start_state, ids, END_ID))

    def sentence_scores(self, sentences: Iterable[str | Sequence[str]]) -> NDArray[np.float64]:
        """Return log10 p of each sentence (words between spaces, or a list of them), its end included.

        Many times faster than one by one: words are numbered and looked up side by side by compiled code.
        """
        scores, _, begin = self.token_scores(sentences)
        return np.add.reduceat(scores, begin[:-1]) if len(scores) else scores

    def token_scores(
        self, sentences: Iterable[str | Sequence[str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
        """Return log10 p of every word of every sentence and of ``</s>`` after it, and their ids (0: unknown).

        Those of sentence i stand from ``begin[i]`` to ``begin[i + 1]``; ``begin`` is the third answer. Raises
        OptionsError for one string in place of the sentences.
        """
        refuse_one_sentence(sentences)
        lines = [sentence if isinstance(sentence, str) else " ".join(sentence) for sentence in sentences]
        text = "\n".join(lines)
        if text.count("\n") >= max(1, len(lines)):
            text = "\n".join(line.replace("\n", " ") for line in lines)
        return self.line_scores(text.encode("utf8"), len(lines))

    def line_scores(self, text: bytes, lines: int) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
        """Return what ``token_scores`` does for the first ``lines`` lines of a text in UTF-8."""
        from .chain_kernels import lookup_chains
        from .word_table_kernels import number_lines

        data = np.frombuffer(text, np.uint8)
        ids = np.empty(len(data) // 2 + 1 + lines, np.int32)
        begin = np.empty(lines + 1, np.int64)
        count = number_lines(self._table, data, END_ID, ids, begin)
        scores = np.zeros(count)
        lookup_chains(self.arrays, np.full(lines, self.start_state), ids, begin, scores)
        return scores, ids[:count], begin

    @cached_property
    def _kernels(self) -> Any:
        """The compiled look-ups, imported when first wanted; an import statement at every call takes as long as it."""
        from . import lookup_kernels

        return lookup_kernels

    @cached_property
    def _table(self) -> WordTable:
        return table_of_lines(self._text)
