"""The words of a recogniser: those of its bundle, and those that a run adds with what language models say of them.

A word that is added is a unigram of the first pass's model and, alike, of the rescoring one: how likely it is does not
depend on the words before it, but for what backing off to it costs there. Many words share a twentieth of all speech.

A word that the bundle knows already gets no likelier (phrases do that, and customising), but it is shown as it was
written where that differs from the lexicon's spelling by capitals, accents and punctuation alone: "Knightley", not
"knightley". Not so words that are commoner than ``COMMON``, lest "US" rewrites every "us".
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import OptionsError
from ..lm.pronunciation.added_words import AddedWords, pronounce_words
from ..lm.pronunciation.words import WantedWord
from ..lm.text.folding import to_ascii
from .display_file import DISPLAY_FILE, read_display
from .model import Bundle
from .result import Segment
from .words_as_unknown import WordsAsUnknown

if TYPE_CHECKING:
    from ..decoder.graph.search_graph import Graph
    from ..lm.ngram.kenlm_model import KenlmModel
    from ..lm.ngram.ngram import Ngram
    from ..lm.pronunciation.g2p import G2p
    from ..lm.pronunciation.lexicon import Lexicon

    RescoringModel = KenlmModel | Ngram | WordsAsUnknown


MOST_ADDED = 0.05
"""What added words may have of the probability of all words together."""
COMMON = 3e-4
"""Words that the first pass's model thinks commoner than this are shown as the lexicon spells them: in English some
hundreds, "us" and "may" among them, but not "john"."""


class Vocabulary:
    """The words of ``bundle`` and ``words`` besides; parts are read when they are used.

    Each of ``words`` has the ``probability``, or less where together they would have more than ``MOST_ADDED``.
    """

    def __init__(self, bundle: Bundle, words: Iterable[WantedWord | str] = (), probability: float = 1e-3) -> None:
        self.bundle, self.words, self.probability = bundle, tuple(words), probability

    def with_words(self, words: Iterable[WantedWord | str], probability: float) -> "Vocabulary":
        """Return the vocabulary with other words added; what has been read of the bundle is not read again."""
        other = Vocabulary(self.bundle, words, probability)
        for name in ("_listed", "g2p", "_first_pass", "_rescoring"):
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    @cached_property
    def added(self) -> AddedWords | None:
        """The added words with their pronunciations; None where there are none, or all are known already.

        Raises OptionsError where one cannot be pronounced.
        """
        return self._pronounced if self._pronounced.words else None

    @property
    def known(self) -> tuple[str, ...]:
        """Those of ``words`` that the bundle knows already, as they were written; they get no likelier."""
        return self._pronounced.known

    @cached_property
    def lexicon(self) -> "Lexicon":
        """All pronunciations."""
        return self._listed if self.added is None else self.added.extend(self._listed)

    @cached_property
    def g2p(self) -> "G2p | None":
        """The model that guesses the pronunciations of other words, None where the bundle has none."""
        from ..lm.pronunciation.g2p import G2p

        return G2p.load(self.bundle.path("g2p.safetensors")) if self.bundle.has("g2p.safetensors") else None

    @cached_property
    def graph(self) -> "Graph":
        """The search graph of the lexicon; the bundle's own does without the added words."""
        from ..decoder.graph.lexicon_graph import compile_lexicon_graph

        assert self.first_pass is not None
        return compile_lexicon_graph(self.lexicon, self.bundle.units, self.first_pass.ids)

    @cached_property
    def first_pass(self) -> "Ngram | None":
        """The n-gram model of the first pass; None where the bundle lacks it and no words are added."""
        model = self._first_pass
        if self.added is None:
            return model
        if model is None:
            raise OptionsError(
                f"{self.bundle.folder}: this model has no first_pass.safetensors, which words can be added to; "
                "use one that has."
            )
        return model.with_words(self._new(model))

    @cached_property
    def rescoring(self) -> "RescoringModel | None":
        """The language model that re-ranks what a search found, None where the bundle has none."""
        model = self._rescoring
        if self.added is None or model is None:
            return model
        return WordsAsUnknown(model, self._new(model))

    @cached_property
    def display(self) -> dict[str, str]:
        """How words are shown that are not shown as the lexicon spells them."""
        shown = {}
        if self.bundle.has(DISPLAY_FILE):
            shown = AddedWords(read_display(self.bundle.path(DISPLAY_FILE))).display
        return shown | self.written_forms(self._pronounced) | self._pronounced.display

    def written_forms(self, added: AddedWords) -> dict[str, str]:
        """Return how those words of a list are shown that the bundle knew, by token (see the module's docstring)."""
        forms = {}
        for written in added.known:
            token = added.normalize(written)
            if token in (written, "") or token not in self._listed or _letters(written) != _letters(token):
                continue
            if self._first_pass is None or not self._is_common(token, self._first_pass):
                forms[token] = written
        return forms

    def shown(self, segment: Segment) -> Segment:
        """Return ``segment`` with its words as they are shown."""
        if not self.display:
            return segment
        alternatives = []
        for reading in segment.alternatives:
            words = tuple(replace(word, text=self.display.get(word.text, word.text)) for word in reading.words)
            alternatives.append(replace(reading, text=" ".join(word.text for word in words), words=words))
        return replace(segment, alternatives=tuple(alternatives))

    @staticmethod
    def _is_common(word: str, model: "Ngram") -> bool:
        return word in model.ids and float(model.arrays.word_log10[model.ids[word]]) > math.log10(COMMON)

    @cached_property
    def _pronounced(self) -> AddedWords:
        if not self.words:
            return AddedWords(())
        wanted = [WantedWord(word) if isinstance(word, str) else word for word in self.words]
        return pronounce_words(wanted, self._listed, self.g2p, phones=self.bundle.units[1:])

    @cached_property
    def _listed(self) -> "Lexicon":
        from ..lm.pronunciation.lexicon import Lexicon

        return Lexicon.read(self.bundle.path("lexicon.txt"))

    @cached_property
    def _first_pass(self) -> "Ngram | None":
        from ..lm.ngram.ngram import Ngram

        if not self.bundle.has("first_pass.safetensors"):
            return None
        return Ngram.load(self.bundle.path("first_pass.safetensors"))

    @cached_property
    def _rescoring(self) -> "KenlmModel | Ngram | None":
        if self.bundle.has("rescore.safetensors"):
            from ..lm.ngram.ngram import Ngram

            return Ngram.load(self.bundle.path("rescore.safetensors"))
        if self.bundle.has("rescore.bin"):
            from ..lm.ngram.kenlm_model import KenlmModel

            return KenlmModel(self.bundle.path("rescore.bin"))
        return None

    def _new(self, model: "KenlmModel | Ngram") -> dict[str, float]:
        """Return the added words that ``model`` does not know, with their log10 probabilities."""
        from ..lm.ngram.ngram import Ngram

        assert self.added is not None
        known = model.ids if isinstance(model, Ngram) else model
        words = [added.word for added in self.added.words if added.word not in known]
        return dict.fromkeys(words, math.log10(min(self.probability, MOST_ADDED / max(1, len(words)))))


def _letters(text: str) -> str:
    """Return the letters and figures of a text without accents and capitals."""
    return "".join(filter(str.isalnum, to_ascii(text).lower()))
