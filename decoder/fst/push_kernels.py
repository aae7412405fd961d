"""Compiled kernels of label pushing: the longest common prefix of all that can be written from a state on.

Strings that are pushed towards the end are common suffixes; they are kept the other way round, last label first, so
that the same kernels serve.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .string_table import EMPTY, FULL, Strings
from .strings_kernels import common_length, joined, paired, string_length, without_prefix
from .transducer import FstArrays

UNKNOWN = -2


@kernel
def common_prefixes(
    begin: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    labels: NDArray[np.int32],
    strings: Strings,
    prefixes: NDArray[np.int32],
) -> int:
    """Find the longest common prefix of each state, in place; return FULL where ``strings`` needs more room.

    The arcs that come into state ``s`` from ``neighbours`` are ``begin[s]:begin[s + 1]``. ``prefixes`` (states,) is
    EMPTY where paths may end and UNKNOWN elsewhere. A prefix that gets known, or shorter, is passed on.
    """
    states = len(prefixes)
    ring = np.empty(states, dtype=np.int32)
    queued = np.zeros(states, dtype=np.bool_)
    head, length = 0, 0
    for state in range(states):
        if prefixes[state] == EMPTY:
            ring[length] = state
            queued[state] = True
            length += 1
    while length > 0:
        state = ring[head]
        head = 0 if head + 1 == states else head + 1
        length -= 1
        queued[state] = False
        for arc in range(begin[state], begin[state + 1]):
            other = neighbours[arc]
            before = int(prefixes[other])
            if before == EMPTY:
                continue
            found = int(prefixes[state])
            if labels[arc] != 0:
                found = paired(strings, labels[arc], found)
            if found != FULL and before != UNKNOWN and found != before:
                found = joined(strings, before, common_length(strings, before, found, 1 << 31), EMPTY)
            if found == FULL:
                return FULL
            if found == before:
                continue
            prefixes[other] = found
            if not queued[other]:
                ring[head + length - states if head + length >= states else head + length] = other
                queued[other] = True
                length += 1
    return 0


@inlined_kernel
def turned(strings: Strings, string: int) -> int:
    """Return a string the other way round; FULL without room."""
    result = EMPTY
    while string != EMPTY and result != FULL:
        result = paired(strings, strings.heads[string], result)
        string = int(strings.tails[string])
    return result


@kernel
def pushed_strings(
    fst: FstArrays, strings: Strings, prefixes: NDArray[np.int32], to_final: bool, result: NDArray[np.int32]
) -> int:
    """Write what each arc writes once the prefixes of states are written early (suffixes: late); FULL without room."""
    for state in range(len(fst.final_weights)):
        for arc in range(fst.arc_begin[state], fst.arc_begin[state + 1]):
            near, far = state, int(fst.nextstates[arc])
            if to_final:
                near, far = far, near
            known = prefixes[near] >= 0 and prefixes[far] >= 0
            string = int(prefixes[far]) if known else EMPTY
            if fst.olabels[arc] != 0:
                string = paired(strings, fst.olabels[arc], string)
            if string == FULL:
                return FULL
            if known:
                string = without_prefix(strings, string, string_length(strings, prefixes[near]))
            result[arc] = turned(strings, string) if to_final else string
            if result[arc] == FULL:
                return FULL
    return 0


@kernel
def turned_strings(strings: Strings, mirrored: NDArray[np.int32], result: NDArray[np.int32]) -> int:
    """Write each string the other way round, what is UNKNOWN as nothing; FULL without room."""
    for at in range(len(mirrored)):
        result[at] = turned(strings, max(int(mirrored[at]), EMPTY))
        if result[at] == FULL:
            return FULL
    return 0
