"""Perplexity and out-of-vocabulary rate of a language model on a text, counted as KenLM's query counts them."""

import codecs
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import SENTENCE_END
from .bare_strings import refuse_one_sentence
from .kenlm_model import KenlmModel
from .ngram import Ngram

START_ID, END_ID = 1, 2


class Text(Protocol):
    """A text to be measured, a sentence a line: what ``estimation.text_pieces.text_files`` yields."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, UTF-8, cut anywhere."""

    def place(self, line: int) -> str:
        """Name a line, counted from 1, as the beginning of an error message."""


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
        """Over all tokens (KenLM: "including OOVs"); a word that the model lacks has the probability of ``<unk>``."""
        return _power(-self.log10_prob / max(1, self.tokens))

    @property
    def perplexity_without_unknown(self) -> float:
        """Over the tokens that are in the vocabulary (KenLM: "excluding OOVs")."""
        return _power(-self.known_log10_prob / max(1, self.tokens - self.unknown_words))

    @property
    def unknown_rate(self) -> float:
        """The part of the words that the model does not know, 0 to 1."""
        return self.unknown_words / max(1, self.words)

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers by the names that ``harken lm perplexity --json`` writes."""
        return {
            "perplexity": self.perplexity,
            "perplexity_without_oov": self.perplexity_without_unknown,
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


def perplexity(model: WordScorer, sentences: Iterable[str | Sequence[str]]) -> Perplexity:
    """Measure ``model`` on ``sentences``: words between spaces, or a list of them.

    Raises FormatError where there are no words, OptionsError for one string in place of the sentences.
    """
    return text_perplexity(model, [_Sentences(sentences)])


def text_perplexity(model: WordScorer, sources: Iterable[Text], name: str = "the text") -> Perplexity:
    """Measure ``model`` on texts, a sentence a line; an ``Ngram`` scores some millions of words a second.

    Raises FormatError for texts that cannot be read, have no words (all of them are called ``name`` then) or hold
    ``<s>`` or ``</s>``.
    """
    found = _of_ngram(model, sources) if isinstance(model, Ngram) else _of_scorer(model, sources)
    if not found.words:
        raise no_sentences(name)
    return found


def no_sentences(name: str) -> FormatError:
    """Return the exception for a text without words."""
    return FormatError(f"{name}: there are no sentences with words to measure the language model on.")


def score_words(model: WordScorer, sources: Iterable[Text]) -> Iterator[list[WordScore]]:
    """Yield the words of every sentence of a text, its end included, with their scores.

    The length of the n-gram is what KenLM's query prints; 0 for models other than ``Ngram`` and ``KenlmModel``, which
    do not tell it.
    """
    automaton = model.automaton() if isinstance(model, Ngram) else None
    rows: Iterable[tuple[float, int, bool]]
    for words in text_lines(sources, plain=True):
        if isinstance(model, Ngram) and automaton is not None:
            from .perplexity_kernels import match_words

            ids = np.array([*map(model.word_id, words), END_ID], np.int32)
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


def _of_ngram(model: Ngram, sources: Iterable[Text]) -> Perplexity:
    sentences = words = unknown = 0
    known_total: list[float] = []
    unknown_total: list[float] = []
    for source in sources:
        for number, lines in _whole_lines(source):
            count = lines.count(b"\n")
            scores, ids, _ = model.line_scores(lines, count)
            if np.count_nonzero(ids == END_ID) != count or (ids == START_ID).any():
                _refuse_marks(lines, source, number)
            known = ids != 0
            sentences, words = sentences + count, words + len(ids) - count
            unknown += int(np.count_nonzero(~known))
            known_total.append(float(scores[known].sum()))
            unknown_total.append(float(scores[~known].sum()))
    total = math.fsum(known_total)
    return Perplexity(sentences, words, unknown, total + math.fsum(unknown_total), total)


def _of_scorer(model: WordScorer, sources: Iterable[Text]) -> Perplexity:
    sentences = words = unknown = 0
    total: list[float] = []
    known_total: list[float] = []
    for split in text_lines(sources, plain=True):
        scores, known = model.word_scores(split)
        sentences += 1
        words += len(split)
        unknown += int(np.count_nonzero(~known))
        total.append(float(scores.sum()))
        known_total.append(float(scores[known].sum()))
    return Perplexity(sentences, words, unknown, math.fsum(total), math.fsum(known_total))


def text_lines(sources: Iterable[Text], plain: bool = False) -> Iterator[list[str]]:
    """Yield the words of every line; white space is that of ASCII, and NUL.

    Raises FormatError for texts that cannot be read and, where they have to be ``plain``, hold ``<s>`` or ``</s>``.
    """
    for source in sources:
        for number, lines in _whole_lines(source):
            if plain and (b"<s>" in lines or b"</s>" in lines):
                _refuse_marks(lines, source, number)
            for line in lines.split(b"\n")[:-1]:
                yield [word.decode("utf8") for word in line.split()]


def _refuse_marks(lines: bytes, source: Text, number: int) -> None:
    """Raise FormatError for the first of ``lines``, the first of which has the ``number``, that holds a mark."""
    for at, line in enumerate(lines.split(b"\n")):
        if {b"<s>", b"</s>"} & {*line.split()}:
            raise FormatError(f"{source.place(number + at)} holds <s> or </s>: take them out of the text.")


def _whole_lines(source: Text) -> Iterator[tuple[int, bytes]]:
    """Yield blocks of whole lines, each ended by a new-line, and the number of the first of them."""
    rest, number = b"", 1
    for piece in source:
        lines, found, after = piece.rpartition(b"\n")
        if found:
            yield number, _checked(rest + lines + found, source, number)
            number += lines.count(b"\n") + 1
            rest = after
        else:
            rest += piece
    if rest:
        yield number, _checked(rest + b"\n", source, number)


def _checked(lines: bytes, source: Text, number: int) -> bytes:
    if not lines.isascii():
        try:
            lines.decode("utf8")
        except UnicodeDecodeError as problem:
            place = source.place(number + lines.count(b"\n", 0, problem.start))
            raise FormatError(f"{place} is not UTF-8 ({problem.reason}): convert the text.") from None
        if number == 1:
            lines = lines.removeprefix(codecs.BOM_UTF8)
    return lines.replace(b"\0", b" ")


class _Sentences:
    """Sentences from Python as a text."""

    def __init__(self, sentences: Iterable[str | Sequence[str]]) -> None:
        refuse_one_sentence(sentences)
        self._sentences = sentences

    def __iter__(self) -> Iterator[bytes]:
        source = (words if isinstance(words, str) else " ".join(words) for words in self._sentences)
        while batch := [sentence.replace("\n", " ") for sentence in islice(source, 1 << 14)]:
            yield ("\n".join(batch) + "\n").encode("utf8", "surrogateescape")

    def place(self, line: int) -> str:
        return f"Sentence {line}"


def _power(exponent: float) -> float:
    """Return 10 to ``exponent``, infinity where that is beyond a float."""
    return 10.0**exponent if exponent < 308 else math.inf
