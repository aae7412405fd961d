"""Composition: pairs of states, and a flag that orders the epsilons, each expanded once, a batch at a time."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .transducer import FstArrays

DONE, STATES_FULL, ARCS_FULL, MOVES_FULL = 0, 1, 2, 3
"""What ``expand`` answers."""
BATCH = 16384  # arcs that are found together, so that what is known of them stays in the processor's cache
INDEXED_FROM, INDEX_SPREAD = 16, 8  # arcs of a state, and labels an arc, for which an index by label pays


class LabelIndex(NamedTuple):
    """Where the arcs of each state with a label begin, so that in states with many arcs none is searched for.

    ``epsilon_end`` (states,) is the arc after the epsilons. State ``s`` owns ``first[begin[s]:begin[s + 1]]``, nothing
    or one entry a label from ``low[s]`` on: the first arc with it, counted from ``epsilon_end[s]``, or -1.
    """

    epsilon_end: NDArray[np.int64]
    begin: NDArray[np.int64]
    low: NDArray[np.int32]
    first: NDArray[np.int32]


class Operand(NamedTuple):
    """A machine with its arcs sorted by the labels that are matched, and the index to them."""

    fst: FstArrays
    lookup: LabelIndex


class Pairs(NamedTuple):
    """The states of the result: ``key`` and final weight, and where their arcs begin; room for ``len(key)`` of them.

    A key is (first state * states of the second + second state) * 2 + flag. ``table`` finds them by open addressing:
    entries of two numbers, key and state, -1 where empty; a power of two of them, twice the room at least.
    """

    key: NDArray[np.int64]
    final_weights: NDArray[np.float32]
    arc_begin: NDArray[np.int64]
    table: NDArray[np.int64]


class NewArcs(NamedTuple):
    """The arcs of the result."""

    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]


class Moves(NamedTuple):
    """A batch of arcs: the arc of each machine, -1 where it stays, and the key of the pair that they lead to."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    key: NDArray[np.int64]


class Result(NamedTuple):
    """The result so far; ``position`` holds how many states are expanded and how many there are."""

    pairs: Pairs
    arcs: NewArcs
    moves: Moves
    position: NDArray[np.int64]


@kernel
def index_labels(arc_begin: NDArray[np.int64], labels: NDArray[np.int32]) -> LabelIndex:
    """Index the arcs of each state by ``labels``, by which they are sorted."""
    states = len(arc_begin) - 1
    begin = np.zeros(states + 1, dtype=np.int64)
    low = np.zeros(states, dtype=np.int32)
    epsilon_end = np.empty(states, dtype=np.int64)
    for state in range(states):
        arc, end = arc_begin[state], arc_begin[state + 1]
        while arc < end and labels[arc] == 0:
            arc += 1
        epsilon_end[state] = arc
        begin[state + 1] = begin[state]
        if end - arc >= INDEXED_FROM:
            low[state] = labels[arc]
            spread = np.int64(labels[end - 1]) - labels[arc] + 1
            if spread <= INDEX_SPREAD * (end - arc):
                begin[state + 1] += spread
    first = np.full(begin[states], -1, dtype=np.int32)
    for state in range(states):
        if begin[state + 1] == begin[state]:
            continue
        for back in range(1, arc_begin[state + 1] - epsilon_end[state] + 1):
            arc = arc_begin[state + 1] - back
            first[begin[state] + labels[arc] - low[state]] = arc - epsilon_end[state]
    return LabelIndex(epsilon_end, begin, low, first)


@inner_kernel
def seek(
    labels: NDArray[np.int32],
    begin: int,
    end: int,
    label: int,
    first: NDArray[np.int32],
    at: int,
    spread: int,
    low: int,
) -> int:
    """Return the first of the arcs ``begin`` to ``end`` with ``label``, or ``end``: by the index, or by halves."""
    if spread > 0:
        if label < low or label >= low + spread or first[at + label - low] < 0:
            return end
        return begin + first[at + label - low]
    high = end
    while begin < high:
        middle = (begin + high) >> 1
        if labels[middle] < label:
            begin = middle + 1
        else:
            high = middle
    return begin


@inner_kernel
def collect(a: Operand, b: Operand, result: Result, state: int, last: int) -> int:
    """Find the moves from the pairs ``state`` to ``last``, or from the first of them; return the one after those.

    Each first state's arcs are looked up among the second's, or the other way where that are fewer. The epsilons that
    the first machine writes come before those that the second reads: the sequence filter of Allauzen, Riley and
    Schalkwyk (2009).
    """
    a_begin, a_label, a_final = a.fst.arc_begin, a.fst.olabels, a.fst.final_weights
    b_begin, b_label, states = b.fst.arc_begin, b.fst.ilabels, len(b.fst.final_weights)
    a_epsilon_end, a_at, a_low, a_first = a.lookup.epsilon_end, a.lookup.begin, a.lookup.low, a.lookup.first
    b_epsilon_end, b_at, b_low, b_first = b.lookup.epsilon_end, b.lookup.begin, b.lookup.low, b.lookup.first
    key, arc_begin, left, right = result.pairs.key, result.pairs.arc_begin, result.moves.left, result.moves.right
    made, room, begin = 0, len(left), arc_begin[state]
    while state < last and made < BATCH:
        one, other = (key[state] >> 1) // states, (key[state] >> 1) % states
        a0, a1, a2 = a_begin[one], a_epsilon_end[one], a_begin[one + 1]
        b0, b1, b2 = b_begin[other], b_epsilon_end[other], b_begin[other + 1]
        if made + a1 - a0 + b1 - b0 > room:
            return state
        if key[state] & 1 == 0:
            for i in range(a0, a1):
                left[made], right[made] = i, -1
                made += 1
        if a1 < a2 or a1 == a0 or a_final[one] < np.inf:  # else the first machine has to move
            for j in range(b0, b1):
                left[made], right[made] = -1, j
                made += 1
        if a2 - a1 <= b2 - b1:
            for i in range(a1, a2):
                j = seek(b_label, b1, b2, a_label[i], b_first, b_at[other], b_at[other + 1] - b_at[other], b_low[other])
                while j < b2 and b_label[j] == a_label[i]:
                    if made == room:
                        return state
                    left[made], right[made] = i, j
                    made, j = made + 1, j + 1
        else:
            for j in range(b1, b2):
                i = seek(a_label, a1, a2, b_label[j], a_first, a_at[one], a_at[one + 1] - a_at[one], a_low[one])
                while i < a2 and a_label[i] == b_label[j]:
                    if made == room:
                        return state
                    left[made], right[made] = i, j
                    made, i = made + 1, i + 1
        state += 1
        arc_begin[state] = begin + made
    return state


@inner_kernel
def write(a: Operand, b: Operand, result: Result, state: int, last: int) -> None:
    """Write the arcs of the moves from the pairs ``state`` to ``last``, and the keys of the pairs that they lead to.

    The flag is set where the second machine has moved alone and the first still could have.
    """
    a_in, a_cost, a_next = a.fst.ilabels, a.fst.weights, a.fst.nextstates
    b_out, b_cost, b_next = b.fst.olabels, b.fst.weights, b.fst.nextstates
    a_begin, a_epsilon_end, states = a.fst.arc_begin, a.lookup.epsilon_end, len(b.fst.final_weights)
    ilabels, olabels, weights = result.arcs.ilabels, result.arcs.olabels, result.arcs.weights
    left, right, target, key = result.moves.left, result.moves.right, result.moves.key, result.pairs.key
    a_final, b_final, final_weights = a.fst.final_weights, b.fst.final_weights, result.pairs.final_weights
    arc_begin = result.pairs.arc_begin
    begin = arc_begin[state]
    for pair in range(state, last):
        one, other = (key[pair] >> 1) // states, (key[pair] >> 1) % states
        final_weights[pair] = a_final[one] + b_final[other]
        waits = np.int64(a_epsilon_end[one] > a_begin[one])
        for arc in range(arc_begin[pair], arc_begin[pair + 1]):
            i, j = left[arc - begin], right[arc - begin]
            ilabel, olabel, cost, flag, next_one, next_other = 0, 0, np.float32(0.0), np.int64(0), one, other
            if i >= 0:
                ilabel, cost, next_one = a_in[i], a_cost[i], np.int64(a_next[i])
            else:
                flag = waits
            if j >= 0:
                olabel, cost, next_other = b_out[j], cost + b_cost[j], np.int64(b_next[j])
            ilabels[arc], olabels[arc], weights[arc] = ilabel, olabel, cost
            target[arc - begin] = (next_one * states + next_other) * 2 + flag


@kernel
def number(pairs: Pairs, keys: NDArray[np.int64], states: int, numbers: NDArray[np.int32]) -> int:
    """Number the pairs ``keys``, new ones from ``states`` on; return how many there are then, -1 if too many."""
    table, key_of = pairs.table, pairs.key
    mask = (len(table) >> 1) - 1
    for at in range(len(keys)):
        key = keys[at]
        mixed = (key & 0x7FFFFFFF) * 0x2545F491 + (key >> 31) * 0x1B873593  # below 2^63
        slot = (mixed ^ (mixed >> 21)) & mask
        while table[2 * slot] != key and table[2 * slot] != -1:
            slot = (slot + 1) & mask
        if table[2 * slot] == -1:
            if states == len(key_of):
                return -1
            table[2 * slot], table[2 * slot + 1] = key, states
            key_of[states] = key
            states += 1
        numbers[at] = table[2 * slot + 1]
    return states


@kernel
def expand(a: Operand, b: Operand, result: Result) -> int:
    """Expand pairs in the order in which they were met, until none is left or there is no room."""
    pairs, moves, position = result.pairs, result.moves, result.position
    nextstates = result.arcs.nextstates
    pairs.arc_begin[0] = 0
    while position[0] < position[1]:
        first = position[0]
        last = collect(a, b, result, first, position[1])
        if last == first:
            return MOVES_FULL
        begin, end = pairs.arc_begin[first], pairs.arc_begin[last]
        if end > len(nextstates):
            return ARCS_FULL
        write(a, b, result, first, last)
        states = number(pairs, moves.key[: end - begin], position[1], nextstates[begin:end])
        if states < 0:
            return STATES_FULL  # pairs that were met already keep their numbers: those are what the next try gives
        position[0], position[1] = last, states
    return DONE
