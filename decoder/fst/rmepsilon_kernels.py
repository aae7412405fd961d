"""Epsilon removal: to each state that stays go the arcs of all states that epsilons lead to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .shortest_distance_kernels import SETTLED, Links, Settled, distances, log_add, pop, sift_up
from .transducer import FstArrays


class Rows(NamedTuple):
    """The arcs of the result, those of a state together."""

    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]


class Ends(NamedTuple):
    """The states of the result: the state that each was, where its arcs begin, and its final weight."""

    state: NDArray[np.int32]
    arc_begin: NDArray[np.int64]
    final_weights: NDArray[np.float32]


class Closure(NamedTuple):
    """Working space: ``rank``, the place of each state in topological order, for which state it was ``seen`` last.

    ``members`` (states,) is what epsilons lead to. ``table``, with room for twice the arcs of a row and a power of two,
    finds those by open addressing, their number plus one, 0 where it is empty; ``used`` lists the other places.
    """

    rank: NDArray[np.float64]
    seen: NDArray[np.int32]
    members: NDArray[np.int32]
    table: NDArray[np.int64]
    used: NDArray[np.int64]


@inner_kernel
def close(links: Links, settled: Settled, closure: Closure, state: int) -> int:
    """Gather the states that epsilons lead to from ``state``, itself first, by rank; return how many they are."""
    rank, seen, members = closure.rank, closure.seen, closure.members
    heap, place = settled.queue, settled.place
    heap[0], seen[state], place[state] = state, state, 0
    count, waiting = 0, 1
    while waiting > 0:
        here = pop(heap, place, rank, waiting)
        waiting -= 1
        members[count] = here
        count += 1
        for arc in range(links.begin[here], links.begin[here + 1]):
            target = links.targets[arc]
            if seen[target] != state:
                seen[target] = state
                heap[waiting] = target
                sift_up(heap, place, rank, waiting)
                waiting += 1
    return count


@inner_kernel
def merge(fst: FstArrays, settled: Settled, closure: Closure, rows: Rows, count: int, made: int, log: bool) -> int:
    """Write the row of a closure from arc ``made`` on, equal arcs as one; return the arc after it."""
    begin, in_labels, out_labels, costs, targets = fst.arc_begin, fst.ilabels, fst.olabels, fst.weights, fst.nextstates
    ilabels, olabels, weights, nextstates = rows.ilabels, rows.olabels, rows.weights, rows.nextstates
    members, table, used, distance = closure.members, closure.table, closure.used, settled.distance
    taken, most, mask = 0, 0, 1
    for member in range(count):
        most += begin[members[member] + 1] - begin[members[member]]
    while mask < 2 * most:  # no more of the table than the row needs, so that it stays in the processor's cache
        mask = 2 * mask + 1
    for member in range(count):
        state = members[member]
        for arc in range(begin[state], begin[state + 1]):
            ilabel, olabel, target = in_labels[arc], out_labels[arc], targets[arc]
            cost = distance[state] + costs[arc]
            mixed = np.int64(ilabel) * 0x2545F491 + np.int64(olabel) * 0x1B873593 + np.int64(target) * 0x31848BAB
            place = (mixed ^ (mixed >> 21)) & mask
            there = table[place] - 1
            while there >= 0 and (nextstates[there] != target or ilabels[there] != ilabel or olabels[there] != olabel):
                place = (place + 1) & mask
                there = table[place] - 1
            if there >= 0:
                weights[there] = log_add(weights[there], cost) if log else min(weights[there], cost)
                continue
            there = made + taken
            table[place], used[taken] = there + 1, place
            ilabels[there], olabels[there], weights[there], nextstates[there] = ilabel, olabel, cost, target
            taken += 1
    for entry in range(taken):
        table[used[entry]] = 0
    return made + taken


@inner_kernel
def sum_up(fst: FstArrays, settled: Settled, closure: Closure, count: int, log: bool) -> float:
    """Return the final weight of a closure, and make its distances infinite again."""
    final = np.inf
    for state in closure.members[:count]:
        cost = settled.distance[state] + fst.final_weights[state]
        final = log_add(final, cost) if log else min(final, cost)
        settled.distance[state] = settled.pending[state] = np.inf
    return final


@kernel
def most_arcs(
    fst: FstArrays, links: Links, settled: Settled, closure: Closure, stays: NDArray[np.int32]
) -> tuple[int, int]:
    """Return how many arcs the rows of the states ``stays`` have, equal ones counted singly, and the longest row."""
    begin, link_begin, members = fst.arc_begin, links.begin, closure.members
    total = longest = 0
    for state in stays:
        arcs = begin[state + 1] - begin[state]
        if link_begin[state] < link_begin[state + 1]:
            arcs = 0
            for member in range(close(links, settled, closure, state)):
                arcs += begin[members[member] + 1] - begin[members[member]]
            longest = max(longest, arcs)
        total += arcs
    return total, longest


@kernel
def remove_epsilons(
    fst: FstArrays, links: Links, settled: Settled, closure: Closure, rows: Rows, ends: Ends, log: bool, delta: float
) -> int:
    """Write the rows of the states ``ends.state``; return how the distances went.

    ``fst`` holds the arcs that stay, ``links`` the epsilons.
    """
    begin, in_labels, out_labels, costs, targets = fst.arc_begin, fst.ilabels, fst.olabels, fst.weights, fst.nextstates
    ilabels, olabels, weights, nextstates = rows.ilabels, rows.olabels, rows.weights, rows.nextstates
    link_begin, arc_begin, stays = links.begin, ends.arc_begin, ends.state
    arc_begin[0] = made = 0
    for row in range(len(stays)):
        state = stays[row]
        if link_begin[state] == link_begin[state + 1]:
            for arc in range(begin[state], begin[state + 1]):
                ilabels[made], olabels[made] = in_labels[arc], out_labels[arc]
                weights[made], nextstates[made] = costs[arc], targets[arc]
                made += 1
            ends.final_weights[row], arc_begin[row + 1] = fst.final_weights[state], made
            continue
        count = close(links, settled, closure, state)
        settled.distance[state] = 0.0
        status = distances(links, settled, closure.members[:count], log, delta)
        if status != SETTLED:
            return status
        made = merge(fst, settled, closure, rows, count, made, log)
        ends.final_weights[row], arc_begin[row + 1] = sum_up(fst, settled, closure, count, log), made
    return SETTLED
