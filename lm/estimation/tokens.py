"""From the bytes of a text to blocks of word ids, sentences between ``<s>`` and ``</s>``.

Words stand between spaces, tabs, carriage returns, vertical tabs, form feeds and NULs; lines are sentences. As in
KenLM's lmplz, a line without words is a sentence of no words. Unlike there, the last line needs no new-line to be one,
a byte-order mark is no part of the first word, and vertical tabs and form feeds, at which readers of ARPA files part
words, do so here already.
"""

import codecs
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ..ngram.arpa import SPECIAL_WORDS
from .ngram_rows import END_ID
from .text_pieces import Sentences, Source

WHITE_SPACE = b"\0\t\n\v\f\r "
_FIRST_TOKENS = 1 << 20
_MOST_WORDS = 1 << 31


class Tokenizer:
    """Numbers words: ``<unk>``, ``<s>``, ``</s>``, then those of ``vocabulary`` or, without one, those of the text.

    Words outside the vocabulary are ``<unk>``. Raises OptionsError for a vocabulary in which a word stands twice, is
    empty or holds white space.
    """

    def __init__(self, vocabulary: Sequence[str] | None = None) -> None:
        from . import tokens_kernels as kernels

        self._kernels = kernels
        self._is_space = np.zeros(256, np.bool_)
        self._is_space[list(WHITE_SPACE)] = True
        self._table = kernels.WordTable(
            np.full(1 << 10, -1, np.int64), np.empty(1 << 12, np.uint8), np.zeros(1 << 9, np.int64)
        )
        self._state = np.zeros(7, np.int64)
        self._growing = True
        self._enter(SPECIAL_WORDS)
        if vocabulary is not None:
            self._enter([word for word in vocabulary if word not in SPECIAL_WORDS])
            self._growing = False
        self._state[kernels.WORDS] = 0

    @property
    def size(self) -> int:
        """How many words have numbers."""
        return int(self._state[self._kernels.KNOWN])

    @property
    def seen(self) -> int:
        """How many words the text had so far."""
        return int(self._state[self._kernels.WORDS])

    @property
    def words(self) -> tuple[str, ...]:
        """The words in the order of their numbers."""
        letters = self._table.letters[: self._table.begin[self.size]]
        return tuple(letters.tobytes().decode("utf8").split("\n")[:-1])

    def _enter(self, words: Sequence[str]) -> None:
        known = self.size
        blocks = self.blocks([Sentences(words, "Word {} of the vocabulary")])
        tokens = np.concatenate([np.zeros(0, np.int32), *blocks])
        single = len(tokens) == 3 * len(words) and (tokens[2::3] == END_ID).all()
        if not single:
            raise OptionsError("The vocabulary holds a word that is empty or has white space in it.")
        if self.size != known + len(words):
            raise OptionsError("The vocabulary holds a word twice.")

    def blocks(self, sources: Iterable[Source], capacity: int = 1 << 62) -> Iterator[NDArray[np.int32]]:
        """Yield the ids of the texts, whole sentences, at most ``capacity`` a block unless one sentence is longer.

        Raises FormatError, naming the line, for ``<s>`` or ``</s>`` in the text and for bytes that are no UTF-8.
        """
        kernels, state = self._kernels, self._state
        self._tokens = np.empty(max(2, min(capacity, _FIRST_TOKENS)), np.int32)
        for source in sources:
            state[kernels.LINES] = 0
            for text in _whole_words(source):
                yield from self._feed(text, source, capacity)
            if state[kernels.INSIDE]:
                yield from self._feed(b"\n", source, capacity)
        if state[kernels.FILLED]:
            yield self._take()
        del self._tokens

    def _feed(self, text: bytes, source: Source, capacity: int) -> Iterator[NDArray[np.int32]]:
        """Tokenize ``text``; yield the blocks that become full."""
        kernels, state = self._kernels, self._state
        line = int(state[kernels.LINES]) + 1
        if not text.isascii():
            try:
                text.decode("utf8")
            except UnicodeDecodeError as problem:
                place = source.place(line + text.count(b"\n", 0, problem.start))
                raise FormatError(f"{place} is not UTF-8 ({problem.reason}): convert the text.") from None
        buffer = np.frombuffer(text, np.uint8)
        state[kernels.AT] = 0
        while why := kernels.tokenize(buffer, self._is_space, self._table, self._growing, state, self._tokens):
            if why == kernels.MARK:
                place = source.place(int(state[kernels.LINES]) + 1)
                raise FormatError(
                    f"{place} holds <s> or </s>, which mark where sentences begin and end: take them out of the text."
                )
            if why == kernels.FULL_TABLE:
                self._widen(len(text))
            elif len(self._tokens) >= capacity and state[kernels.CLOSED]:
                yield self._take()
                self._lengthen(capacity)
            else:
                longer = 2 * len(self._tokens)
                self._lengthen(min(longer, capacity) if len(self._tokens) < capacity else longer)

    def _take(self) -> NDArray[np.int32]:
        """Return the whole sentences and keep the beginning of the last one."""
        kernels, state = self._kernels, self._state
        closed, filled = int(state[kernels.CLOSED]), int(state[kernels.FILLED])
        taken, self._tokens = self._tokens[:closed], self._tokens[closed:filled].copy()
        state[kernels.CLOSED], state[kernels.FILLED] = 0, filled - closed
        return taken

    def _lengthen(self, length: int) -> None:
        filled = int(self._state[self._kernels.FILLED])
        tokens = np.empty(max(length, filled + 2), np.int32)
        tokens[:filled] = self._tokens[:filled]
        self._tokens = tokens

    def _widen(self, more: int) -> None:
        """Make room in the table: for twice the words, and for ``more`` letters if it may lack that."""
        slots, letters, begin = self._table
        if self.size + 2 >= _MOST_WORDS:
            raise FormatError("The text has more than 2^31 different words: is it text?")
        if 2 * self.size >= len(slots) or self.size + 2 > len(begin):
            slots = np.full(2 * len(slots), -1, np.int64)
            self._kernels.move_slots(self._table.slots, slots)
            begin = np.concatenate([begin, np.zeros(len(begin), np.int64)])
        used = int(begin[self.size])
        if used + more >= len(letters):
            letters = np.empty(2 * used + 2 * more, np.uint8)
            letters[:used] = self._table.letters[:used]
        self._table = self._kernels.WordTable(slots, letters, begin)


def _whole_words(source: Source) -> Iterator[bytes]:
    """Yield the text of ``source`` in pieces that end with white space."""
    rest = b""
    first = True
    for piece in source:
        text = rest + piece
        if first and text.startswith(codecs.BOM_UTF8):
            text = text[len(codecs.BOM_UTF8) :]
        first = False
        end = 1 + max(text.rfind(space) for space in WHITE_SPACE)
        if end:
            yield text[:end]
        rest = text[end:]
    if rest:
        yield rest + b" "
