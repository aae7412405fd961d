"""Compiled: from the bytes of a text to word ids, through hash tables of words."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .ngram_rows import END_ID, START_ID, UNKNOWN_ID

FINISHED, FULL_TABLE, MARK = range(3)
"""Why ``tokenize`` stopped: at the end of the bytes, because the table is full, or at ``<s>`` or ``</s>``."""

AT, FILLED, SIZE, INSIDE, LINES, WORDS = range(6)
"""Places in the state: next byte, tokens written, words in the table, whether a sentence is open, lines ended, words
seen."""

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
    known: WordTable,
    table: WordTable,
    base: int,
    state: NDArray[np.int64],
    tokens: NDArray[np.int32],
) -> int:
    """Write the word ids of ``text``, whose last byte is white space, to ``tokens``; return why it stopped.

    Lines are sentences, empty ones too, and get ``<s>`` and ``</s>`` around them. Words have their numbers in ``known``
    or ``base`` more than in ``table``, which new ones enter; where ``base`` is below 0, these are ``<unk>`` instead.
    ``tokens`` is twice as long as the text. A call with the same ``state`` goes on.
    """
    slots, letters, begin = table.slots, table.letters, table.begin
    known_slots, known_letters, known_begin = known.slots, known.letters, known.begin
    at, filled, size, inside = state[AT], state[FILLED], state[SIZE], state[INSIDE]
    why = FINISHED
    while at < len(text):
        if is_space[text[at]]:
            if text[at] == _NEW_LINE:
                if inside == 0:
                    tokens[filled] = START_ID
                    filled += 1
                tokens[filled] = END_ID
                filled += 1
                inside = 0
                state[LINES] += 1
            at += 1
            continue
        end = at
        code = np.int64(0)
        while not is_space[text[end]]:
            code = ((code ^ np.int64(text[end])) * 16777619) & 0xFFFFFFFF  # FNV-1a
            end += 1
        word = np.int64(UNKNOWN_ID)
        slot = _find(text, at, end, code, known_slots, known_letters, known_begin)
        if known_slots[slot] >= 0:
            word = known_slots[slot] & ((1 << _NUMBER_BITS) - 1)
            if START_ID <= word <= END_ID:
                why = MARK
                break
        elif base >= 0:
            slot = _find(text, at, end, code, slots, letters, begin)
            if slots[slot] < 0:
                if size + 2 > len(begin) or begin[size] + end - at >= len(letters) or 2 * size >= len(slots):
                    why = FULL_TABLE
                    break
                slots[slot] = (code << _NUMBER_BITS) | size
                _keep(text, at, end, letters, begin, size)
                size += 1
            word = base + (slots[slot] & ((1 << _NUMBER_BITS) - 1))
        if inside == 0:
            tokens[filled] = START_ID
            filled += 1
            inside = 1
        tokens[filled] = word
        filled += 1
        state[WORDS] += 1
        at = end
    state[AT], state[FILLED], state[SIZE], state[INSIDE] = at, filled, size, inside
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
