"""How a word that no lexicon lists is said: a joint-sequence model over graphones.

A graphone pairs letters with phones ("ph" with F, "x" with K S). Training aligns every listed word by
expectation-maximisation over graphone unigrams, then estimates an n-gram model of graphones as it would one of words; a
new word is said by the graphone sequences that spell it, searched with a beam (Bisani and Ney 2008, "Joint-sequence
models for grapheme-to-phoneme conversion"; Novak et al. 2012, "WFST-based grapheme-to-phoneme conversion").

model = G2p.train([("cat", ("K", "AE", "T")), ...])
model.pronounce("cats", 3)      # up to three ways and their probabilities, the best first
"""

import json
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import FormatError, ModelError, OptionsError
from ...tensorfile import map_arrays, save_arrays
from ..ngram.arpa import SPECIAL_WORDS
from ..ngram.ngram import Ngram, NgramArrays, NgramAutomaton
from ..ngram.packed_check import is_sound
from .graphones import Graphones

if TYPE_CHECKING:
    from .align import Alignment
    from .g2p_kernels import Hypotheses

_KIND = "harken g2p 2"
_ROOM = 32
"""Hypotheses that a place has room for, as a multiple of those that are extended."""


@dataclass(frozen=True, slots=True)
class G2pOptions:
    """How to train.

    ``order`` of the n-gram model, ``iterations`` of the alignment; ``pruning``: n-grams are left out that change the
    model's entropy by no more (nats a graphone); ``bits`` of the codes that probabilities are rounded to.
    """

    order: int = 6
    iterations: int = 8
    pruning: float = 9e-8
    bits: int = 6

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 6:
            raise OptionsError(f"G2pOptions.order is {self.order}; give 1 to 6.")
        if self.iterations < 1:
            raise OptionsError(f"G2pOptions.iterations is {self.iterations}; give 1 or more.")
        if not self.pruning >= 0.0:
            raise OptionsError(f"G2pOptions.pruning is {self.pruning}; give 0 or more.")
        if not 2 <= self.bits <= 16:
            raise OptionsError(f"G2pOptions.bits is {self.bits}; give 2 to 16.")


class G2p:
    """A grapheme-to-phoneme model: trained, saved, loaded, asked.

    ``graphones`` says what the n-gram model's words are: graphone k is word k + 3. Letters are Unicode characters in
    composed form (NFC), of any script; ``letters`` holds those that the model can spell with, sorted.
    """

    def __init__(self, graphones: Graphones, ngram: Ngram) -> None:
        """Put a model together; raises ModelError where the parts do not belong together (use ``train``, ``load``)."""
        from .g2p_kernels import Model

        self.graphones = graphones
        self.ngram = ngram
        self.phones = graphones.phones
        self.letters = "".join(chunk for chunk in graphones.chunks if len(chunk) == 1)
        automaton = ngram.automaton()
        if not _is_safe(automaton, len(graphones) + len(SPECIAL_WORDS)):
            raise ModelError("The parts of the g2p model do not belong together; train it or copy it again.")
        natural = np.log(10.0)
        self._model = Model(
            automaton.begin, automaton.words, automaton.log10_prob * natural, automaton.next_state,
            automaton.log10_backoff * natural, automaton.backoff_state, graphones.first, graphones.second,
        )  # fmt: skip
        bounds = zip(graphones.chunks, graphones.begin[:-1].tolist(), graphones.begin[1:].tolist(), strict=True)
        self._ranges = {chunk: (begin, end) for chunk, begin, end in bounds}

    @classmethod
    def train(cls, pairs: Iterable[tuple[str, tuple[str, ...]]], options: G2pOptions | None = None) -> "G2p":
        """Train a model on pairs of a word and its phones; a word may come several times.

        Pairs that ``align.can_align`` refuses (more than two phones a letter) are passed over. Raises OptionsError
        where no pair can be used.
        """
        from .align import align_pairs

        options = options or G2pOptions()
        composed = ((unicodedata.normalize("NFC", word), tuple(phones)) for word, phones in pairs)
        alignment = align_pairs(composed, options.iterations)
        return cls(alignment.graphones, _estimate(alignment, options))

    def pronounce(
        self, word: str, n: int = 1, beam: float = 9.0, width: int = 48
    ) -> list[tuple[tuple[str, ...], float]]:
        """Return up to ``n`` ways to say ``word``, best first, each with its probability.

        Probabilities are shares among all the ways that survived the beam. Raises ModelError for an empty word, one
        with a character that the model never saw, or one that can only be silent.
        """
        from .g2p_kernels import search

        letters = unicodedata.normalize("NFC", word)
        unknown = sorted({letter for letter in letters if letter not in self._ranges})
        if unknown or not letters:
            what = f"the model never saw {', '.join(map(repr, unknown))}" if unknown else "it is empty"
            raise ModelError(f"{word!r} cannot be pronounced: {what}; spell it with {_some(self.letters)!r}.")
        if n < 1 or width < 1 or not beam > 0.0:
            raise OptionsError(f"pronounce was asked for n={n}, beam={beam}, width={width}; give positive numbers.")
        n = min(n, width * _ROOM)  # more are never in hand
        ranges = np.zeros((len(letters), 4), np.int32)
        for place, letter in enumerate(letters):
            ranges[place, :2] = self._ranges[letter]
            ranges[place, 2:] = self._ranges.get(letters[place : place + 2], (0, 0)) if place + 1 < len(letters) else 0
        phones = np.full((n, 2 * len(letters)), -1, np.int16)
        shares = np.zeros(n)
        held = _empty(len(letters), width * _ROOM)
        found = search(self._model, held, ranges, self.ngram.start_state, float(beam), int(width), phones, shares)
        if not found:
            raise ModelError(
                f"{word!r} cannot be pronounced: all its letters are silent to the model; list it instead."
            )
        return [
            (tuple(self.phones[phone] for phone in row if phone >= 0), float(np.exp(share)))
            for row, share in zip(phones[:found], shares[:found], strict=True)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to ``path``: one file of named arrays, those of the n-gram model among them."""
        names = {"phones": self.phones, "chunks": self.graphones.chunks}
        numbers = {"start": str(self.ngram.start_state), "order": str(self.ngram.order)}
        arrays = {**self.ngram.arrays._asdict(), **self.graphones.arrays()}
        save_arrays(path, arrays, {_KIND: json.dumps(names, ensure_ascii=True), **numbers})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "G2p":
        """Map a saved model; raises FormatError where ``path`` holds none."""
        arrays, metadata = map_arrays(path)
        if _KIND not in metadata:
            raise FormatError(f"{path}: not a pronunciation model of this version; give one that G2p.save wrote.")
        try:
            names = json.loads(metadata[_KIND])
            graphones = Graphones.of(names["chunks"], names["phones"], arrays)
            packed = NgramArrays(*(arrays[name] for name in NgramArrays._fields))
            start, order, words = int(metadata["start"]), int(metadata["order"]), _words(graphones)
            if not is_sound(packed, order, start, len(words)):
                raise ModelError("its n-gram model is damaged; copy it again.")
            return cls(graphones, Ngram(words, packed, start, order))
        except (ModelError, KeyError, TypeError, ValueError) as problem:
            raise FormatError(f"{path}: is damaged ({problem}).") from None


def _words(graphones: Graphones) -> tuple[str, ...]:
    return (*SPECIAL_WORDS, *map(str, range(len(graphones))))


def _estimate(alignment: "Alignment", options: G2pOptions) -> Ngram:
    """Return the n-gram model of the words' graphones, each word a sentence."""
    from ..estimation.counting import END_ID, START_ID, count_ngrams
    from ..estimation.kneser_ney import smooth
    from ..estimation.prune import PruneOptions, prune

    lengths = alignment.lengths
    ends = np.cumsum(lengths + 2)
    tokens = np.zeros(int(ends[-1]), np.int32)
    tokens[np.arange(int(lengths.sum())) + 1 + 2 * np.repeat(np.arange(len(lengths)), lengths)] = (
        alignment.sequence + len(SPECIAL_WORDS)
    )
    tokens[ends - lengths - 2] = START_ID
    tokens[ends - 1] = END_ID
    tables = smooth(count_ngrams(tokens, _words(alignment.graphones), options.order))
    if options.pruning > 0.0 and options.order > 1:
        tables = prune(tables, PruneOptions(threshold=options.pruning))
    return Ngram.from_arpa(tables.to_arpa(), options.bits)


def _is_safe(automaton: NgramAutomaton, words: int) -> bool:
    """Return whether a search over the automaton stays within its arrays and ends."""
    states, arcs = len(automaton.backoff_state), len(automaton.words)
    lower = automaton.backoff_state[1:]
    return (
        automaton.begin[0] == 0
        and automaton.begin[1] == words
        and automaton.begin[-1] == arcs
        and bool((np.diff(automaton.begin) >= 0).all())
        and np.array_equal(automaton.words[:words], np.arange(words))
        and bool(((automaton.words >= 0) & (automaton.words < words)).all())
        and bool(((automaton.next_state >= 0) & (automaton.next_state < states)).all())
        and bool(((lower >= 0) & (lower < np.arange(1, states))).all())
        and bool(np.isfinite(automaton.log10_prob).all() and np.isfinite(automaton.log10_backoff).all())
    )


def _some(letters: str) -> str:
    return letters if len(letters) <= 60 else f"{letters[:60]}..."


def _empty(letters: int, room: int) -> "Hypotheses":
    from .g2p_kernels import Hypotheses

    slots = (letters + 1) * room
    return Hypotheses(
        np.full(slots, -np.inf), np.zeros(slots, np.int32), np.zeros(slots, np.int32), np.zeros(slots, np.int32),
        np.zeros(slots, np.int64), np.zeros(letters + 1, np.int32), np.full(letters + 1, -np.inf),
    )  # fmt: skip
