"""Compiled kernels that spell strings on arcs as single labels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .string_table import EMPTY, FULL, Strings
from .strings_kernels import joined, paired, string_length
from .transducer import FstArrays

NOWHERE = -1  # the state of what is still to be written after the end


class Spelled(NamedTuple):
    """Room for the transducer that is made."""

    begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    final_weights: NDArray[np.float32]


@kernel
def spell_along(
    fst: FstArrays,
    arc_strings: NDArray[np.int32],
    final_strings: NDArray[np.int32],
    start: tuple[int, int],
    strings: Strings,
    owed: Strings,
    made: Spelled,
) -> int:
    """Spell one label an arc, and owe the rest in the state that it leads to; return the states, or FULL.

    ``owed`` numbers pairs (state, string): number ``n`` is state ``n - 1`` of the result.
    """
    if paired(owed, start[0], start[1]) == FULL:
        return FULL
    at = 1
    used = 0
    while at < owed.used[0]:
        state, before = int(owed.heads[at]), int(owed.tails[at])
        length = string_length(strings, before)
        first = 0 if state == NOWHERE else fst.arc_begin[state]
        last = 0 if state == NOWHERE else fst.arc_begin[state + 1]
        if used + last - first + 1 > len(made.ilabels):
            return FULL
        for arc in range(first, last):
            string = joined(strings, before, length, arc_strings[arc]) if length else int(arc_strings[arc])
            if string == FULL:
                return FULL
            target = paired(owed, fst.nextstates[arc], strings.tails[string])
            if target == FULL:
                return FULL
            made.ilabels[used] = fst.ilabels[arc]
            made.olabels[used] = strings.heads[string]
            made.weights[used] = fst.weights[arc]
            made.nextstates[used] = target - 1
            used += 1
        weight = 0.0 if state == NOWHERE else float(fst.final_weights[state])
        string = before
        if state != NOWHERE and weight < np.inf:
            string = joined(strings, before, length, final_strings[state])
        if string == FULL:
            return FULL
        made.final_weights[at - 1] = weight if string == EMPTY else np.inf
        if string != EMPTY and weight < np.inf:
            target = paired(owed, NOWHERE, strings.tails[string])
            if target == FULL:
                return FULL
            made.ilabels[used] = 0
            made.olabels[used] = strings.heads[string]
            made.weights[used] = weight
            made.nextstates[used] = target - 1
            used += 1
        made.begin[at] = used
        at += 1
    return int(owed.used[0]) - 1


@kernel
def spell_at_once(
    fst: FstArrays,
    arc_strings: NDArray[np.int32],
    final_strings: NDArray[np.int32],
    strings: Strings,
    made: Spelled,
) -> None:
    """Spell each string whole, over new states that follow those of ``fst``; there is exactly the room for them.

    The input label and the cost stand on the first arc; a string at the end is spelled on epsilon arcs.
    """
    states = len(fst.final_weights)
    used = 0
    for state in range(states):
        used += fst.arc_begin[state + 1] - fst.arc_begin[state] + (1 if final_strings[state] != EMPTY else 0)
    fresh = states  # the next new state; its arc stands where ``used`` says
    to = 0
    made.begin[0] = 0
    for state in range(states):
        for arc in range(fst.arc_begin[state], fst.arc_begin[state + 1] + 1):
            ending = arc == fst.arc_begin[state + 1]
            if ending and final_strings[state] == EMPTY:
                continue
            string = int(final_strings[state]) if ending else int(arc_strings[arc])
            made.ilabels[to] = 0 if ending else fst.ilabels[arc]
            made.weights[to] = fst.final_weights[state] if ending else fst.weights[arc]
            place = to
            to += 1
            while True:
                made.olabels[place] = strings.heads[string]
                string = int(strings.tails[string])
                if string == EMPTY:
                    break
                made.nextstates[place] = fresh
                made.final_weights[fresh] = np.inf
                place = used
                made.ilabels[place] = 0
                made.weights[place] = 0.0
                used += 1
                fresh += 1
                made.begin[fresh] = used
            if not ending:
                made.nextstates[place] = fst.nextstates[arc]
                continue
            made.nextstates[place] = fresh
            made.final_weights[fresh] = 0.0
            fresh += 1
            made.begin[fresh] = used
        made.final_weights[state] = np.inf if final_strings[state] != EMPTY else fst.final_weights[state]
        made.begin[state + 1] = to
