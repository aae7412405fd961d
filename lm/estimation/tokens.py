"""From the bytes of a text to blocks of word ids, sentences between ``<s>`` and ``</s>``.

Words stand between spaces, tabs, carriage returns, vertical tabs, form feeds and NULs; lines are sentences. As in
KenLM's lmplz, a line without words is a sentence of no words. Unlike there, the last line needs no new-line to be one,
a byte-order mark is no part of the first word, and vertical tabs and form feeds, at which readers of ARPA files part
words, do so here already.

Several pieces of the text are numbered at once. Each finds the words of the pieces before it in a table that all read,
and gives others numbers of its own, which then, piece after piece, become numbers in that table.
"""

import codecs
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ..ngram.arpa import SPECIAL_WORDS
from ..ngram.bare_strings import refuse_bare_string
from .ngram_rows import END_ID
from .text_pieces import Sentences, Source
from .word_numbers import WHITE_SPACE, NumberedText, WordNumbers


class Tokenizer:
    """Numbers words: ``<unk>``, ``<s>``, ``</s>``, then those of ``vocabulary`` or, without one, those of the text.

    Words outside the vocabulary are ``<unk>``. Raises OptionsError for a vocabulary in which a word stands twice, is
    empty or holds white space, and for a string in its place.
    """

    def __init__(self, vocabulary: Sequence[str] | None = None, threads: int = 1) -> None:
        refuse_bare_string(vocabulary, "vocabulary", "split it, as in words.split()")
        self._known = WordNumbers()
        self._growing = vocabulary is None
        self._lanes = [WordNumbers() for _ in range(threads)]
        self._tokens = [np.empty(0, np.int32) for _ in range(threads)]
        self.seen = 0
        """How many words the text had so far."""
        self._enter(SPECIAL_WORDS)
        self._enter([word for word in vocabulary or () if word not in SPECIAL_WORDS])

    @property
    def size(self) -> int:
        """How many words have numbers."""
        return self._known.size

    @property
    def words(self) -> tuple[str, ...]:
        """The words in the order of their numbers."""
        return tuple(self._known.letters.tobytes().decode("utf8").split("\n")[:-1])

    def _enter(self, words: Sequence[str]) -> None:
        before = self.size
        lines = list(Sentences(words, "Word {} of the vocabulary"))
        tokens = _add(self._known, np.frombuffer(b"".join(lines), np.uint8))
        if len(tokens) != 3 * len(words) or not (tokens[2::3] == END_ID).all():
            raise OptionsError("The vocabulary holds a word that is empty or has white space in it.")
        if self.size != before + len(words):
            raise OptionsError("The vocabulary holds a word twice.")

    def blocks(self, sources: Iterable[Source], capacity: int = 1 << 62) -> Iterator[NDArray[np.int32]]:
        """Yield the ids of the texts, whole sentences, at most ``capacity`` a block unless one sentence is longer.

        Raises FormatError, naming the line, for ``<s>`` or ``</s>`` in the text and for bytes that are no UTF-8.
        """
        block = _Block(capacity)
        with ThreadPoolExecutor(len(self._lanes)) as pool:
            for source in sources:
                line, inside = 1, False
                for text, number in self._numbered(_whole_words(source), pool):
                    try:
                        piece = number()
                    except UnicodeDecodeError as problem:
                        place = source.place(line + text.count(b"\n", 0, problem.start))
                        raise FormatError(f"{place} is not UTF-8 ({problem.reason}): convert the text.") from None
                    line += piece.lines
                    if piece.marked:
                        place, bounds = source.place(line), "<s> or </s>, which mark where sentences begin and end"
                        raise FormatError(f"{place} holds {bounds}: take them out of the text.")
                    yield from block.add(piece.tokens[1 if inside else 0 :])
                    inside = piece.inside if len(piece.tokens) else inside
                    self.seen += piece.words
                if inside:
                    yield from block.add(np.array([END_ID], np.int32))
        yield from block.rest()

    def _numbered(self, texts: Iterator[bytes], pool: Executor) -> Iterator[tuple[bytes, Callable[[], NumberedText]]]:
        """Yield ``texts``, each with a function that returns its tokens, as if a sentence began with the text."""
        while wave := list(islice(texts, len(self._lanes))):
            base = self.size if self._growing else -1
            running = [pool.submit(self._number, text, lane, base) for lane, text in enumerate(wave)]
            wait(running)  # before the table that they read changes
            for lane, text in enumerate(wave):
                yield text, partial(self._settle, running[lane], lane, base)

    def _number(self, text: bytes, lane: int, base: int) -> NumberedText:
        """Number a piece of text; words that are not known yet get numbers from ``base`` on."""
        if not text.isascii():
            text.decode("utf8")
        if len(self._tokens[lane]) < 2 * len(text):
            self._tokens[lane] = np.empty(2 * len(text), np.int32)
        return self._lanes[lane].number(np.frombuffer(text, np.uint8), self._known, base, self._tokens[lane])

    def _settle(self, running: Future[NumberedText], lane: int, base: int) -> NumberedText:
        """Make the new words of a numbered piece known and give them their numbers for good."""
        piece = running.result()
        fresh = self._lanes[lane]
        if fresh.size:
            numbers = _add(self._known, fresh.letters)[1::3]
            new = np.flatnonzero(piece.tokens >= base)
            piece.tokens[new] = numbers[piece.tokens[new] - base]
            fresh.clear()
        return piece


def _add(known: WordNumbers, lines: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Make the words of ``lines`` known and return their tokens."""
    return known.number(lines, WordNumbers(), 0, np.empty(2 * len(lines), np.int32)).tokens


class _Block:
    """Collects tokens into blocks of whole sentences."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._tokens = np.empty(0, np.int32)
        self._filled = 0
        self._endless = 0  # so many tokens hold no end of a sentence

    def add(self, tokens: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
        """Append ``tokens`` and yield the blocks that are full."""
        wanted = self._filled + len(tokens)
        if wanted > len(self._tokens):
            longer = np.empty(max(wanted, min(2 * len(self._tokens), self._capacity)), np.int32)
            longer[: self._filled] = self._tokens[: self._filled]
            self._tokens = longer
        self._tokens[self._filled : wanted] = tokens
        self._filled = wanted
        while self._filled > self._capacity:
            ends = np.flatnonzero(self._tokens[self._endless : self._filled] == END_ID) + self._endless + 1
            if not len(ends):
                self._endless = self._filled
                break
            cut = int(ends[max(0, int(np.searchsorted(ends, self._capacity, side="right")) - 1)])
            full, self._tokens = self._tokens[:cut], self._tokens[cut : self._filled].copy()
            self._filled -= cut
            self._endless = 0
            yield full

    def rest(self) -> Iterator[NDArray[np.int32]]:
        """Yield what is left, if anything."""
        if self._filled:
            yield self._tokens[: self._filled]


def _whole_words(source: Source) -> Iterator[bytes]:
    """Yield the text of ``source`` in pieces that end with white space."""
    rest: list[bytes] = []
    pieces = iter(source)
    first = next(pieces, b"")
    while len(first) < len(codecs.BOM_UTF8) and (piece := next(pieces, b"")):
        first += piece
    for piece in itertools.chain([first.removeprefix(codecs.BOM_UTF8)], pieces):
        end = 1 + max(piece.rfind(space) for space in WHITE_SPACE)
        if end:
            yield b"".join([*rest, piece[:end]])
            rest = []
        rest.append(piece[end:])
    if any(rest):
        yield b"".join([*rest, b" "])
