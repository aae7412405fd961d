"""Perplexity and out-of-vocabulary rate of a language model on a text, counted as KenLM's query counts them."""

import codecs
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import SENTENCE_END, SPECIAL_WORDS
from .kenlm_model import KenlmModel
from .ngram import Ngram

if TYPE_CHECKING:
    from ..estimation.text_pieces import Source


class WordScorer(Protocol):
    """What is measured: ``Ngram``, ``KenlmModel``, or anything else that scores the words of a sentence."""

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
    def tokens(self) -> int:
        """Words and sentence ends."""
        return self.words + self.sentences

    @property
    def perplexity(self) -> float:
        """Over the tokens that are in the vocabulary (KenLM: "excluding OOVs")."""
        return _power(-self.known_log10_prob / max(1, self.tokens - self.unknown_words))

    @property
    def perplexity_with_unknown(self) -> float:
        """Over all tokens (KenLM: "including OOVs")."""
        return _power(-self.log10_prob / max(1, self.tokens))

    @property
    def unknown_rate(self) -> float:
        """The part of the words that the model does not know, 0 to 1."""
        return self.unknown_words / max(1, self.words)

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers by the names that ``harken lm perplexity --json`` writes."""
        return {
            "perplexity": self.perplexity_with_unknown,
            "perplexity_without_oov": self.perplexity,
            "oovs": self.unknown_words,
            "tokens": self.tokens,
            "sentences": self.sentences,
            "words": self.words,
            "log10_prob": self.log10_prob,
            "log10_prob_without_oov": self.known_log10_prob,
        }


@dataclass(frozen=True, slots=True)
class WordScore:
    """One word of a sentence, or its end: log10 p and the length of the longest n-gram that the model lists for it."""

    word: str
    log10_prob: float
    length: int
    known: bool


def perplexity(model: WordScorer, sentences: Iterable[str]) -> Perplexity:
    """Measure ``model`` on ``sentences`` (words between spaces); raises FormatError where there are no words."""
    from ..estimation.text_pieces import Sentences

    return text_perplexity(model, [Sentences(sentences)])


def text_perplexity(model: WordScorer, sources: "Iterable[Source]") -> Perplexity:
    """Measure ``model`` on texts (``text_files(paths)``, see ``estimation.text_pieces``), a sentence a line.

    An ``Ngram`` scores some millions of words a second. Raises FormatError for a text that cannot be read, has no words
    or holds ``<s>`` or ``</s>``.
    """
    found = _of_ngram(model, sources) if isinstance(model, Ngram) else _of_scorer(model, sources)
    if not found.words:
        raise FormatError("There are no sentences with words to measure the language model on.")
    return found


def score_words(model: WordScorer, sources: "Iterable[Source]") -> Iterator[list[WordScore]]:
    """Yield the words of every sentence of a text, its end included, with their scores.

    The length of the n-gram is what KenLM's query prints; 0 for models other than ``Ngram`` and ``KenlmModel``, which
    do not tell it.
    """
    automaton = model.automaton() if isinstance(model, Ngram) else None
    rows: Iterable[tuple[float, int, bool]]
    for words in _lines(sources):
        if isinstance(model, Ngram) and automaton is not None:
            from .perplexity_kernels import match_words

            ids = np.array([*map(model.word_id, words), SPECIAL_WORDS.index(SENTENCE_END)], np.int32)
            log10_prob, lengths = np.empty(len(ids)), np.empty(len(ids), np.int32)
            match_words(automaton, model.start_state, ids, log10_prob, lengths)
            rows = zip(log10_prob.tolist(), lengths.tolist(), (ids != 0).tolist(), strict=True)
        elif isinstance(model, KenlmModel):
            rows = ((row[0], row[1], not row[2]) for row in model.kenlm.full_scores(" ".join(words)))
        else:
            log10_prob, known = model.word_scores(words)
            rows = ((value, 0, there) for value, there in zip(log10_prob.tolist(), known.tolist(), strict=True))
        yield [WordScore(word, *row) for word, row in zip([*words, SENTENCE_END], rows, strict=True)]


def perplexity_of(scores: Iterable[Sequence[WordScore]]) -> Perplexity:
    """Return the perplexity of sentences that ``score_words`` gave."""
    sentences = words = unknown = 0
    total: list[float] = []
    known_total: list[float] = []
    for sentence in scores:
        sentences += 1
        words += len(sentence) - 1
        unknown += sum(not word.known for word in sentence)
        total.append(math.fsum(word.log10_prob for word in sentence))
        known_total.append(math.fsum(word.log10_prob for word in sentence if word.known))
    return Perplexity(sentences, words, unknown, math.fsum(total), math.fsum(known_total))


def _of_ngram(model: Ngram, sources: "Iterable[Source]") -> Perplexity:
    from ..estimation.tokens import Tokenizer
    from .perplexity_kernels import END_ID, UNKNOWN_ID, sum_scores

    sums = np.zeros(2)
    sentences = unknown = tokens = 0
    for block in Tokenizer(model.words[len(SPECIAL_WORDS) :]).blocks(sources, capacity=1 << 22):
        sum_scores(model.arrays, model.start_state, block, sums)
        tokens += len(block)
        sentences += int(np.count_nonzero(block == END_ID))
        unknown += int(np.count_nonzero(block == UNKNOWN_ID))
    known, missing = sums.tolist()
    return Perplexity(sentences, tokens - 2 * sentences, unknown, known + missing, known)


def _of_scorer(model: WordScorer, sources: "Iterable[Source]") -> Perplexity:
    sentences = words = unknown = 0
    total: list[float] = []
    known_total: list[float] = []
    for split in _lines(sources):
        scores, known = model.word_scores(split)
        sentences += 1
        words += len(split)
        unknown += int(np.count_nonzero(~known))
        total.append(float(scores.sum()))
        known_total.append(float(scores[known].sum()))
    return Perplexity(sentences, words, unknown, math.fsum(total), math.fsum(known_total))


def _lines(sources: "Iterable[Source]") -> Iterator[list[str]]:
    """Yield the words of every line; white space is what ``estimation.tokens`` says."""
    for source in sources:
        rest, number = b"", 0
        for piece in source:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                number += 1
                yield _words(line, source, number)
        if rest:
            yield _words(rest, source, number + 1)


def _words(line: bytes, source: "Source", number: int) -> list[str]:
    line = line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"")
    try:
        return [word.decode("utf8") for word in line.replace(b"\0", b" ").split()]
    except UnicodeDecodeError as problem:
        raise FormatError(f"{source.place(number)} is not UTF-8 ({problem.reason}): convert the text.") from None


def _power(exponent: float) -> float:
    """Return 10 to ``exponent``, infinity where that is beyond a float."""
    return 10.0**exponent if exponent < 308 else math.inf
