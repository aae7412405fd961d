"""Numbers for words, in the order in which they come: a hash table that grows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError

WHITE_SPACE = b"\0\t\n\v\f\r "
_MOST_WORDS = 1 << 31
_FIRST_SLOTS = 1 << 10


@dataclass(frozen=True, slots=True)
class NumberedText:
    """The tokens of a piece of text: see ``tokenize``.

    ``inside``: the last sentence has no end yet. ``lines`` and ``words``: how many there were. ``marked``: numbering
    stopped at ``<s>`` or ``</s>``.
    """

    tokens: NDArray[np.int32]
    inside: bool
    lines: int
    words: int
    marked: bool


class WordNumbers:
    """Words and their numbers, 0 for the first."""

    def __init__(self) -> None:
        from . import tokens_kernels as kernels

        self._kernels = kernels
        self._is_space = np.zeros(256, np.bool_)
        self._is_space[list(WHITE_SPACE)] = True
        self.size = 0
        self.table = kernels.WordTable(
            np.full(_FIRST_SLOTS, -1, np.int64), np.empty(4 * _FIRST_SLOTS, np.uint8), np.zeros(_FIRST_SLOTS, np.int64)
        )

    @property
    def letters(self) -> NDArray[np.uint8]:
        """All words in UTF-8, a new-line behind each."""
        return self.table.letters[: self.table.begin[self.size]]

    def clear(self) -> None:
        """Forget all words."""
        self.table.slots.fill(-1)
        self.size = 0

    def number(
        self, text: NDArray[np.uint8], known: "WordNumbers", base: int, tokens: NDArray[np.int32]
    ) -> NumberedText:
        """Number the words of ``text`` in ``tokens``; those that ``known`` lacks enter here.

        Their numbers begin with ``base``; where that is below 0, they are 0 and enter nothing. ``text`` ends with white
        space, ``tokens`` are twice as long.
        """
        kernels = self._kernels
        state = np.zeros(6, np.int64)
        state[kernels.SIZE] = self.size
        while True:
            why = kernels.tokenize(text, self._is_space, known.table, self.table, base, state, tokens)
            self.size = int(state[kernels.SIZE])
            if why != kernels.FULL_TABLE:
                break
            self._widen(len(text))
        _, filled, _, inside, lines, words = state.tolist()
        return NumberedText(tokens[:filled], bool(inside), lines, words, why == kernels.MARK)

    def _widen(self, more: int) -> None:
        """Make room: for twice the words where there is none left, and for ``more`` letters."""
        slots, letters, begin = self.table
        if self.size + 2 >= _MOST_WORDS:
            raise FormatError("The text has more than 2^31 different words: is it text?")
        if 2 * self.size >= len(slots):
            slots = np.full(2 * len(slots), -1, np.int64)
            self._kernels.move_slots(self.table.slots, slots)
            begin = np.concatenate([begin, np.zeros(len(begin), np.int64)])
        used = int(begin[self.size])
        if used + more >= len(letters):
            letters = np.empty(2 * used + 2 * more, np.uint8)
            letters[:used] = self.table.letters[:used]
        self.table = self._kernels.WordTable(slots, letters, begin)
