"""The n best paths, or strings: a best-first search that knows what every state still costs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .transducer import FstArrays

DONE, FULL = 0, 1
"""What ``search`` answers."""
ENTRIES, NODES, WAITING, FOUND, STEP, STEPS, KNOWN = 0, 1, 2, 3, 4, 5, 6
"""What ``position`` holds: how many entries and nodes there are, nodes in the heap, ends found; the next step, of how
many, from the node in hand; how many paths are known of."""
BOUND, IN_HAND = 0, 1
"""What ``levels`` holds: the cost above which no path is wanted; that of the node in hand until a step has it."""
SLACK = 1e-9  # what rounding may change, relative to the cost


class Entries(NamedTuple):
    """Ways to states: the state, the cost so far, the entry before and the arc from there (-1 for the start)."""

    state: NDArray[np.int32]
    cost: NDArray[np.float64]
    back: NDArray[np.int64]
    arc: NDArray[np.int64]
    stale: NDArray[np.bool_]


class Nodes(NamedTuple):
    """What the search chooses from: the best total cost that goes through a node's entries ``begin`` to ``end``.

    A node with ``end`` -1 is a whole path, up to the entry ``begin``. ``heap`` holds those still to be looked at,
    ``found`` the last entries of the whole paths that came out, ``known`` the costs of the best paths known of so far,
    as many as are wanted, the largest first: a heap, too.
    """

    total: NDArray[np.float64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    heap: NDArray[np.int64]
    found: NDArray[np.int64]
    known: NDArray[np.float64]


class Steps(NamedTuple):
    """The steps from one node: input label and number in one key, to be sorted, the entry and the arc."""

    key: NDArray[np.int64]
    entry: NDArray[np.int64]
    arc: NDArray[np.int64]


class States(NamedTuple):
    """For each state the costs to the end and to it by a step, its last entry, how often it was expanded.

    The entry is that in the node that was built last.
    """

    ahead: NDArray[np.float64]
    onward: NDArray[np.float64]
    entry: NDArray[np.int64]
    expanded: NDArray[np.int64]


class Search(NamedTuple):
    """All of it, so that a search with no room left can go on with more."""

    entries: Entries
    nodes: Nodes
    steps: Steps
    states: States
    position: NDArray[np.int64]
    levels: NDArray[np.float64]


@inner_kernel
def sort(keys: NDArray[np.int64], count: int) -> None:
    """Sort the first ``count`` keys by insertion over shrinking distances (Shell)."""
    gap = 1
    while gap < count:
        gap = 3 * gap + 1
    while gap > 1:
        gap //= 3
        for index in range(gap, count):
            key, at = keys[index], index
            while at >= gap and keys[at - gap] > key:
                keys[at] = keys[at - gap]
                at -= gap
            keys[at] = key


@inner_kernel
def push(nodes: Nodes, position: NDArray[np.int64], total: float, begin: int, end: int) -> None:
    """Add a node."""
    heap, key = nodes.heap, nodes.total
    node, at = position[NODES], position[WAITING]
    key[node], nodes.begin[node], nodes.end[node] = total, begin, end
    while at > 0 and key[heap[(at - 1) >> 1]] > total:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = node
    position[NODES] += 1
    position[WAITING] += 1


@inner_kernel
def pop(nodes: Nodes, position: NDArray[np.int64]) -> None:
    """Take the best node out of the heap; of equal ones the oldest is best, so that every one has its turn."""
    heap, key = nodes.heap, nodes.total
    position[WAITING] -= 1
    count = position[WAITING]
    last = heap[count]
    at, child = 0, 1
    while child < count:
        if child + 1 < count:
            one, other = heap[child], heap[child + 1]
            if key[other] < key[one] or (key[other] == key[one] and other < one):
                child += 1
        below = heap[child]
        if key[last] < key[below] or (key[last] == key[below] and last < below):
            break
        heap[at] = below
        at, child = child, 2 * child + 1
    heap[at] = last


@inner_kernel
def enter(entries: Entries, states: States, first: int, end: int, state: int, cost: float, back: int, arc: int) -> int:
    """Note a way to a state in the node that begins with entry ``first``, if it is the best; return the node's end."""
    entry = states.entry[state]
    if entry < first or entry >= end or entries.state[entry] != state:
        entry = end
        states.entry[state] = entry
        entries.state[entry] = state
    elif cost >= entries.cost[entry] - SLACK * (1.0 + abs(cost)):
        return end
    entries.cost[entry], entries.back[entry], entries.arc[entry], entries.stale[entry] = cost, back, arc, True
    return max(end, entry + 1)


@inner_kernel
def follow_epsilons(fst: FstArrays, entries: Entries, states: States, first: int, end: int) -> int:
    """Add to a node what input epsilons lead to; return its end, -1 without room."""
    begin, again = fst.arc_begin, True
    while again:
        again = False
        entry = first
        while entry < end:
            state = entries.state[entry]
            if entries.stale[entry]:
                entries.stale[entry] = False
                again = True
                if end + begin[state + 1] - begin[state] > len(entries.state):
                    return -1
                for arc in range(begin[state], begin[state + 1]):
                    target = fst.nextstates[arc]
                    if fst.ilabels[arc] == 0 and states.ahead[target] < np.inf:
                        cost = entries.cost[entry] + fst.weights[arc]
                        end = enter(entries, states, first, end, target, cost, entry, arc)
            entry += 1
    return end


@inner_kernel
def is_wanted(search: Search, total: float, paths: int) -> bool:
    """Return whether a node can be among the best ``paths``, and note that there is a path of its cost.

    Nodes have no paths in common, except that those of the node in hand become those of its steps.
    """
    position, levels, known = search.position, search.levels, search.nodes.known
    slack = SLACK * (1.0 + abs(total))
    if total == np.inf or total > levels[BOUND] + slack:  # equal ones stay: on a cycle for nothing they are the way out
        return False
    if total <= levels[IN_HAND] + slack:
        levels[IN_HAND] = -np.inf
        return True
    if position[KNOWN] < paths:
        at = position[KNOWN]
        position[KNOWN] += 1
        while at > 0 and known[(at - 1) >> 1] < total:
            known[at] = known[(at - 1) >> 1]
            at = (at - 1) >> 1
        known[at] = total
    elif total < known[0]:
        at, child = 0, 1
        while child < paths:
            if child + 1 < paths and known[child + 1] > known[child]:
                child += 1
            if known[child] <= total:
                break
            known[at] = known[child]
            at, child = child, 2 * child + 1
        known[at] = total
    if position[KNOWN] == paths:
        levels[BOUND] = known[0]
    return True


@inner_kernel
def finish(fst: FstArrays, search: Search, end: int, paths: int) -> None:
    """Add the node of the entries made last, and the one that ends there, where they are wanted."""
    entries, position, onward = search.entries, search.position, search.states.onward
    first, total, final, last = position[ENTRIES], np.inf, np.inf, -1
    for entry in range(first, end):
        state = entries.state[entry]
        total = min(total, entries.cost[entry] + onward[state])
        if entries.cost[entry] + fst.final_weights[state] < final:
            final, last = entries.cost[entry] + fst.final_weights[state], entry
    if is_wanted(search, final, paths):
        position[ENTRIES] = end
        push(search.nodes, position, final, last, -1)
    if is_wanted(search, total, paths):
        position[ENTRIES] = end
        push(search.nodes, position, total, first, end)


@inner_kernel
def gather(fst: FstArrays, search: Search, node: int, unique: bool) -> int:
    """List the steps from a node, by input label where strings are told apart; return how many, -1 without room."""
    entries, steps, ahead = search.entries, search.steps, search.states.ahead
    count, bound = 0, search.levels[BOUND]
    for entry in range(search.nodes.begin[node], search.nodes.end[node]):
        state = entries.state[entry]
        if count + fst.arc_begin[state + 1] - fst.arc_begin[state] > len(steps.key):
            return -1
        for arc in range(fst.arc_begin[state], fst.arc_begin[state + 1]):
            label = np.int64(fst.ilabels[arc]) if unique else np.int64(1)
            total = entries.cost[entry] + fst.weights[arc] + ahead[fst.nextstates[arc]]
            if label > 0 and total < np.inf and total <= bound + SLACK * (1.0 + abs(total)):
                steps.key[count] = (label << 32) + count
                steps.entry[count], steps.arc[count] = entry, arc
                count += 1
    if unique:
        sort(steps.key, count)
    return count


@inner_kernel
def take_steps(fst: FstArrays, search: Search, paths: int, unique: bool) -> int:
    """Add a node for every step, or for all steps with the same label, from where it stopped without room."""
    entries, steps, states, position = search.entries, search.steps, search.states, search.position
    while position[STEP] < position[STEPS]:
        first = end = position[ENTRIES]
        at = position[STEP]
        label = steps.key[at] >> 32
        while at < position[STEPS] and steps.key[at] >> 32 == label and (unique or at == position[STEP]):
            if end == len(entries.state):
                return FULL
            step = steps.key[at] & 0xFFFFFFFF
            entry, arc = steps.entry[step], steps.arc[step]
            cost = entries.cost[entry] + fst.weights[arc]
            end = enter(entries, states, first, end, fst.nextstates[arc], cost, entry, arc)
            at += 1
        if unique:
            end = follow_epsilons(fst, entries, states, first, end)
        if end < 0 or position[NODES] + 2 > len(search.nodes.total):
            return FULL
        finish(fst, search, end, paths)
        position[STEP] = at
    return DONE


@kernel
def find_ends(fst: FstArrays, search: Search, start: int, paths: int, unique: bool) -> int:
    """Find the entries with which the best paths end, as many as ``paths``; with ``unique`` one a string.

    A node costs what the best whole path through it costs, so ends come out best first. Without ``unique`` a state is
    expanded once a path at most.
    """
    entries, nodes, states, position = search.entries, search.nodes, search.states, search.position
    if position[NODES] == 0:
        end = enter(entries, states, 0, 0, start, 0.0, -1, -1)
        end = follow_epsilons(fst, entries, states, 0, end) if unique else end
        if end < 0 or len(nodes.total) < 2:
            return FULL
        finish(fst, search, end, paths)
    while True:
        if take_steps(fst, search, paths, unique) == FULL:
            return FULL
        if position[WAITING] == 0 or position[FOUND] == paths:
            return DONE
        node = nodes.heap[0]
        state = entries.state[nodes.begin[node]]
        if nodes.end[node] < 0:
            nodes.found[position[FOUND]] = nodes.begin[node]
            position[FOUND] += 1
        elif unique or states.expanded[state] < paths:
            count = gather(fst, search, node, unique)
            if count < 0:
                return FULL
            states.expanded[state] += 1
            position[STEP], position[STEPS] = 0, count
            search.levels[IN_HAND] = nodes.total[node]
        pop(nodes, position)


@kernel
def trace(
    back: NDArray[np.int64], arc: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the arcs of the paths that end with the entries ``ends``, and where each path begins among them."""
    begin = np.zeros(len(ends) + 1, dtype=np.int64)
    for path, end in enumerate(ends):
        entry = end
        while arc[entry] >= 0:
            begin[path + 1] += 1
            entry = back[entry]
        begin[path + 1] += begin[path]
    arcs = np.empty(begin[-1], dtype=np.int64)
    for path, end in enumerate(ends):
        entry, at = end, begin[path + 1]
        while arc[entry] >= 0:
            at -= 1
            arcs[at] = arc[entry]
            entry = back[entry]
    return begin, arcs
