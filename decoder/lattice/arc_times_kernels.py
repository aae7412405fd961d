"""When the word of each arc is said: on the best path through the arc."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .lattice import LatticeArrays

NONE = -1


@kernel
def best_arcs(
    lattice: LatticeArrays, behind: NDArray[np.float64], ahead: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the arc by which the best path comes to each state, and that by which it goes on (NONE: none does)."""
    coming, going = np.full(len(behind), NONE, np.int64), np.full(len(behind), NONE, np.int64)
    best_coming, best_going = np.full(len(behind), np.inf), lattice.final_totals.copy()
    for state in range(len(behind)):
        for arc in range(lattice.arc_begin[state], lattice.arc_begin[state + 1]):
            target = lattice.nextstates[arc]
            if behind[state] + lattice.totals[arc] < best_coming[target]:
                best_coming[target], coming[target] = behind[state] + lattice.totals[arc], arc
            if ahead[target] + lattice.totals[arc] < best_going[state]:
                best_going[state], going[state] = ahead[target] + lattice.totals[arc], arc
    return coming, going


@inlined_kernel
def place_word(
    path: NDArray[np.int64],
    length: int,
    word: int,
    label_begin: NDArray[np.int64],
    labels: NDArray[np.int32],
    starts_word: NDArray[np.bool_],
    is_spoken: NDArray[np.bool_],
) -> tuple[int, int]:
    """Return where the word-th word of a path begins and ends, in labels; NONE and NONE where no label begins it."""
    position, starts, begin, end = 0, 0, NONE, NONE
    for i in range(length):
        for place in range(label_begin[path[i]], label_begin[path[i] + 1]):
            label = labels[place]
            if starts_word[label]:
                starts += 1
                if starts == word + 1:
                    begin, end = position, position + 1
                elif starts > word + 1:
                    return begin, end
            elif begin != NONE and is_spoken[label]:
                end = position + 1
            position += 1
    return begin, end


@kernel
def times_of_words(
    lattice: LatticeArrays,
    sources: NDArray[np.int32],
    ways: tuple[NDArray[np.int64], NDArray[np.int64]],
    label_begin: NDArray[np.int64],
    labels: NDArray[np.int32],
    starts_word: NDArray[np.bool_],
    is_spoken: NDArray[np.bool_],
    times: NDArray[np.int64],
) -> None:
    """Set ``times`` (arcs, 2) of the arcs with a word to where it begins and ends; others, and where unknown: NONE."""
    coming, going = ways
    path = np.empty(2 * len(coming), np.int64)
    for arc in range(len(lattice.words)):
        times[arc, 0] = times[arc, 1] = NONE
        if lattice.words[arc] == 0:
            continue
        # The part before is written backwards from the middle of ``path``, the part behind forwards.
        first, word = len(coming), 0
        back = coming[sources[arc]]
        while back != NONE:
            first -= 1
            path[first] = back
            word += lattice.words[back] != 0
            back = coming[sources[back]]
        last, on = len(coming), np.int64(arc)
        while on != NONE:
            path[last] = on
            last += 1
            on = going[lattice.nextstates[on]]
        begin, end = place_word(path[first:], last - first, word, label_begin, labels, starts_word, is_spoken)
        times[arc, 0], times[arc, 1] = begin, end
