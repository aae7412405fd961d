"""Compiled steps from sorted n-grams to the automaton: contexts by row, states that follow or are backed off to."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel

NO_CONTEXT, OUT_OF_ORDER = -1, -2


@kernel
def context_rows(longer: NDArray[np.int32], shorter: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the row of ``shorter`` that each of the sorted rows of ``longer`` has without its last word.

    NO_CONTEXT where there is none, OUT_OF_ORDER where a row does not come after the one before it.
    """
    rows = np.empty(len(longer), np.int32)
    width = shorter.shape[1]
    place, last = 0, len(shorter)
    for row in range(len(longer)):
        if row > 0:
            same = 0
            while same <= width and longer[row, same] == longer[row - 1, same]:
                same += 1
            if same > width or longer[row, same] < longer[row - 1, same]:
                rows[row] = OUT_OF_ORDER
                continue
        difference = -1
        while place < last:
            column = 0
            while column < width and shorter[place, column] == longer[row, column]:
                column += 1
            difference = 0 if column == width else longer[row, column] - shorter[place, column]
            if difference <= 0:
                break
            place += 1
        rows[row] = place if place < last and difference == 0 else NO_CONTEXT
    return rows


@inlined_kernel
def follow(
    begin: NDArray[np.int32],
    words: NDArray[np.int32],
    next_state: NDArray[np.int32],
    backoff_state: NDArray[np.int32],
    state: int,
    word: int,
) -> int:
    """Return the state that follows ``word`` in ``state``, in plain arrays."""
    here = state
    while here > 0:
        low, size = np.int64(begin[here]), np.int64(begin[here + 1] - begin[here])
        while size > 1:
            half = size >> 1
            low = low + half if words[low + half] <= word else low
            size -= half
        if size == 1 and words[low] == word:
            return np.int64(next_state[low])
        here = np.int64(backoff_state[here])
    return np.int64(next_state[word])


@kernel
def link_states(
    begin: NDArray[np.int32],
    words: NDArray[np.int32],
    own: NDArray[np.int32],
    next_state: NDArray[np.int32],
    backoff_state: NDArray[np.int32],
) -> None:
    """Fill ``next_state`` and ``backoff_state``; ``own`` is the state that an arc's n-gram is, -1 where it is none.

    The longest state that ends a history and a word is found by following the word from where the history backs off
    to, as in Aho and Corasick's automaton: states are numbered by length, so that shorter ones are done.
    """
    for arc in range(begin[1]):
        next_state[arc] = max(own[arc], 0)
    backoff_state[0] = 0
    for arc in range(begin[1]):
        if own[arc] > 0:
            backoff_state[own[arc]] = 0
    for state in range(1, len(begin) - 1):
        lower = backoff_state[state]
        for arc in range(begin[state], begin[state + 1]):
            target = follow(begin, words, next_state, backoff_state, np.int64(lower), np.int64(words[arc]))
            if own[arc] > 0:
                backoff_state[own[arc]] = target
                target = np.int64(own[arc])
            next_state[arc] = target
