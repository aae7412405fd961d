"""Strongly connected components, in topological order."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel


@inner_kernel
def direction_of(begin: NDArray[np.int64], targets: NDArray[np.int32]) -> int:
    """Return 1 where no arc leads to a lower state, -1 where none leads to a higher one, else 0."""
    up, down = True, True
    for state in range(len(begin) - 1):
        for arc in range(begin[state], begin[state + 1]):
            up &= targets[arc] >= state
            down &= targets[arc] <= state
        if not up and not down:
            return 0
    return 1 if up else -1


@kernel
def strong_components(
    begin: NDArray[np.int64], targets: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Return every state's component, the states in topological order of their components, and how many there are.

    The components are numbered in topological order: an arc leads to the same or a higher one. Tarjan's algorithm
    (1972), with the stack of calls in arrays, where the states are not in order already.
    """
    states = len(begin) - 1
    component = np.full(states, -1, dtype=np.int32)
    order = np.empty(states, dtype=np.int32)
    direction = direction_of(begin, targets)
    if direction != 0:
        for state in range(states):
            order[state] = component[state] = state if direction > 0 else states - 1 - state
        return component, order, states
    visit = np.full(states, -1, dtype=np.int32)  # when a state was met first
    low = np.empty(states, dtype=np.int32)  # the earliest open state that it reaches
    cursor = np.empty(states, dtype=np.int64)
    opened = np.empty(states, dtype=np.int32)  # met, but not in a finished component
    calls = np.empty(states, dtype=np.int32)
    met = depth = open_count = count = 0
    end = states
    for reverse_root in range(states):
        root = states - 1 - reverse_root  # components fill the order from its end
        if visit[root] >= 0:
            continue
        calls[0], depth = root, 1
        while depth > 0:
            here = calls[depth - 1]
            if visit[here] < 0:
                visit[here] = low[here] = met
                met += 1
                cursor[here] = begin[here]
                opened[open_count] = here
                open_count += 1
            deeper = False
            while cursor[here] < begin[here + 1]:
                target = targets[cursor[here]]
                if visit[target] < 0:
                    calls[depth] = target
                    depth += 1
                    deeper = True
                    break
                if component[target] < 0:
                    low[here] = min(low[here], low[target])
                cursor[here] += 1
            if deeper:
                continue
            depth -= 1
            if low[here] < visit[here]:
                continue
            while True:
                open_count -= 1
                end -= 1
                member = opened[open_count]
                order[end] = member
                component[member] = count
                if member == here:
                    break
            count += 1
    for state in range(states):
        component[state] = count - 1 - component[state]
    return component, order, count


@kernel
def incoming(
    begin: NDArray[np.int64], targets: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """Return the arcs turned round: where each state's incoming arcs begin, their sources, costs and numbers."""
    states, arcs = len(begin) - 1, len(targets)
    in_begin = np.zeros(states + 1, dtype=np.int64)
    for arc in range(arcs):
        in_begin[targets[arc] + 1] += 1
    for state in range(states):
        in_begin[state + 1] += in_begin[state]
    place = in_begin[:-1].copy()
    sources = np.empty(arcs, dtype=np.int32)
    costs = np.empty(arcs, dtype=np.float32)
    numbers = np.empty(arcs, dtype=np.int64)
    for state in range(states):
        for arc in range(begin[state], begin[state + 1]):
            at = place[targets[arc]]
            place[targets[arc]] += 1
            sources[at], costs[at], numbers[at] = state, weights[arc], arc
    return in_begin, sources, costs, numbers
