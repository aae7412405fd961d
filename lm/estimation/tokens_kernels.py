"""Compiled: from the bytes of a text to word ids, through a hash table of words."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .ngram_rows import END_ID, START_ID, UNKNOWN_ID

FINISHED, NO_ROOM, FULL_TABLE, MARK = range(4)
"""Why ``tokenize`` stopped: at the end of the bytes, of ``tokens``, of the table, or at ``<s>`` or ``</s>``."""

AT, FILLED, CLOSED, KNOWN, INSIDE, LINES, WORDS = range(7)
"""Places in the state: next byte, tokens written, tokens up to the last ``</s>``, words known, whether a sentence is
open, lines ended, words seen."""

_NUMBER_BITS = 31
_NEW_LINE = 10


class WordTable(NamedTuple):
    """A hash table of words, open addressing.

    ``slots`` int64 (a power of two): the word's hash above its number, -1 where empty. ``letters`` uint8: all words in
    UTF-8, a new-line after each; ``begin`` int64: where each word stands there, and the end of the last.
    """

    slots: NDArray[np.int64]
    letters: NDArray[np.uint8]
    begin: NDArray[np.int64]


@kernel
def tokenize(
    text: NDArray[np.uint8],
    is_space: NDArray[np.bool_],
    table: WordTable,
    growing: bool,
    state: NDArray[np.int64],
    tokens: NDArray[np.int32],
) -> int:
    """Append the word ids of ``text``, whose last byte is white space, to ``tokens``; return why it stopped.

    Lines are sentences, empty ones too, and get ``<s>`` and ``</s>`` around them. Unknown words enter the table where
    it is ``growing``, else they are ``<unk>``. A call with the same ``state`` and more room goes on.
    """
    slots, letters, begin = table.slots, table.letters, table.begin
    at, filled, known = state[AT], state[FILLED], state[KNOWN]
    why = FINISHED
    while at < len(text):
        if filled + 2 > len(tokens):
            why = NO_ROOM
            break
        if is_space[text[at]]:
            if text[at] == _NEW_LINE:
                if state[INSIDE] == 0:
                    tokens[filled] = START_ID
                    filled += 1
                tokens[filled] = END_ID
                filled += 1
                state[CLOSED], state[INSIDE] = filled, 0
                state[LINES] += 1
            at += 1
            continue
        end = at
        code = np.int64(0)
        while not is_space[text[end]]:
            code = ((code ^ np.int64(text[end])) * 16777619) & 0xFFFFFFFF  # FNV-1a
            end += 1
        slot = _find(text, at, end, code, slots, letters, begin)
        word = UNKNOWN_ID
        if slots[slot] >= 0:
            word = slots[slot] & ((1 << _NUMBER_BITS) - 1)
            if START_ID <= word <= END_ID:
                why = MARK
                break
        elif growing:
            if known + 2 > len(begin) or begin[known] + end - at >= len(letters) or 2 * known >= len(slots):
                why = FULL_TABLE
                break
            word = known
            slots[slot] = (code << _NUMBER_BITS) | word
            _keep(text, at, end, letters, begin, word)
            known += 1
        if state[INSIDE] == 0:
            tokens[filled] = START_ID
            filled += 1
            state[INSIDE] = 1
        tokens[filled] = word
        filled += 1
        state[WORDS] += 1
        at = end
    state[AT], state[FILLED], state[KNOWN] = at, filled, known
    return why


@inlined_kernel
def _find(
    text: NDArray[np.uint8],
    at: int,
    end: int,
    code: int,
    slots: NDArray[np.int64],
    letters: NDArray[np.uint8],
    begin: NDArray[np.int64],
) -> int:
    """Return the slot that holds the word ``text[at:end]`` with this hash, or the empty one where it belongs."""
    slot = (code ^ (code >> 15)) & (len(slots) - 1)
    while slots[slot] >= 0:
        if slots[slot] >> _NUMBER_BITS == code:
            word = slots[slot] & ((1 << _NUMBER_BITS) - 1)
            first = begin[word]
            if begin[word + 1] - first - 1 == end - at:
                place = 0
                while place < end - at and letters[first + place] == text[at + place]:
                    place += 1
                if place == end - at:
                    break
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@inlined_kernel
def _keep(
    text: NDArray[np.uint8], at: int, end: int, letters: NDArray[np.uint8], begin: NDArray[np.int64], word: int
) -> None:
    """Write the word ``text[at:end]`` behind the others."""
    first = begin[word]
    for place in range(end - at):
        letters[first + place] = text[at + place]
    letters[first + end - at] = _NEW_LINE
    begin[word + 1] = first + end - at + 1


@kernel
def move_slots(old: NDArray[np.int64], new: NDArray[np.int64]) -> None:
    """Put all words of the slots ``old`` into ``new``, which are empty and more."""
    for entry in old:
        if entry >= 0:
            code = entry >> _NUMBER_BITS
            slot = (code ^ (code >> 15)) & (len(new) - 1)
            while new[slot] >= 0:
                slot = (slot + 1) & (len(new) - 1)
            new[slot] = entry
