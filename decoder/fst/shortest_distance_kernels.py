"""Shortest distances from weighted sources, one strongly connected component after another."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel

SETTLED, NEGATIVE_CYCLE, DIVERGES = 0, 1, 2
"""How it went."""
TOLERANCE = 1e-10  # what rounding may take off a cycle that costs nothing, relative to the costs
BARELY = 1e-6  # the loss a round, relative, below which a component's mass is taken to grow for ever
RELAXATIONS = 100_000_000  # that many, and four thousand an arc, and it is taken to, anyway


class Links(NamedTuple):
    """Arcs to follow, and the strongly connected component of every state."""

    begin: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]
    component: NDArray[np.int32]


class Settled(NamedTuple):
    """Distances so far and working space, all (states,); the last two for the log semiring alone.

    ``parent`` is the arc by which the least distance came and ``came_from`` the state that it leaves, -1 for none.
    ``place`` is -1 outside of queues, ``pending`` infinite.
    """

    distance: NDArray[np.float64]
    parent: NDArray[np.int64]
    came_from: NDArray[np.int32]
    place: NDArray[np.int32]
    queue: NDArray[np.int32]
    pending: NDArray[np.float64]
    mass: NDArray[np.float64]
    inflow: NDArray[np.float64]


@inner_kernel
def log_add(left: float, right: float) -> float:
    """Return -ln(exp(-left) + exp(-right))."""
    if left > right:
        left, right = right, left
    return left - np.log1p(np.exp(left - right)) if right != np.inf else left


@inner_kernel
def sift_up(heap: NDArray[np.int32], place: NDArray[np.int32], key: NDArray[np.float64], at: int) -> None:
    """Move the state at ``at`` of the heap towards the root."""
    state = heap[at]
    while at > 0:
        above = (at - 1) >> 1
        if key[heap[above]] <= key[state]:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = state
    place[state] = at


@inner_kernel
def pop(heap: NDArray[np.int32], place: NDArray[np.int32], key: NDArray[np.float64], count: int) -> int:
    """Take the state of the least key out of a heap of ``count`` states."""
    first = heap[0]
    place[first] = -1
    last = heap[count - 1]
    at, child = 0, 1
    while child < count - 1:
        if child + 1 < count - 1 and key[heap[child + 1]] < key[heap[child]]:
            child += 1
        if key[last] <= key[heap[child]]:
            break
        heap[at] = heap[child]
        place[heap[at]] = at
        at, child = child, 2 * child + 1
    if count > 1:
        heap[at] = last
        place[last] = at
    return int(first)


@inner_kernel
def settle_nearest_first(links: Links, settled: Settled, members: NDArray[np.int32]) -> int:
    """Settle a component without negative costs in the tropical semiring: Dijkstra's algorithm."""
    begin, targets, weights, component = links.begin, links.targets, links.weights, links.component
    distance, place, heap = settled.distance, settled.place, settled.queue
    parent, came_from, here = settled.parent, settled.came_from, component[members[0]]
    count = 0
    for state in members:
        if distance[state] < np.inf:
            heap[count] = state
            sift_up(heap, place, distance, count)
            count += 1
    while count > 0:
        state = pop(heap, place, distance, count)
        count -= 1
        for arc in range(begin[state], begin[state + 1]):
            target = targets[arc]
            cost = distance[state] + weights[arc]
            if not cost < distance[target] or component[target] != here:
                continue
            distance[target], parent[target], came_from[target] = cost, arc, state
            if place[target] < 0:
                heap[count] = target
                place[target] = count
                count += 1
            sift_up(heap, place, distance, place[target])
    return SETTLED


@inner_kernel
def parents_form_cycle(members: NDArray[np.int32], came_from: NDArray[np.int32], mark: NDArray[np.float64]) -> bool:
    """Return whether the last improvements of some states of a component lead back to themselves.

    ``mark`` is infinite, before and after, so that a walk ends where it leaves the component.
    """
    for state in members:
        mark[state] = -1.0
    cycle = False
    for walk, first in enumerate(members):
        state = first
        while state >= 0 and mark[state] == -1.0:
            mark[state] = walk
            state = came_from[state]
        cycle |= state >= 0 and mark[state] == walk
    for state in members:
        mark[state] = np.inf
    return cycle


@inner_kernel
def settle_in_turn(links: Links, settled: Settled, members: NDArray[np.int32]) -> int:
    """Settle a component with negative costs in the tropical semiring: first come, first served (Bellman, Ford)."""
    begin, targets, weights, component = links.begin, links.targets, links.weights, links.component
    distance, place, queue = settled.distance, settled.place, settled.queue
    parent, came_from = settled.parent, settled.came_from
    size, here = len(members), component[members[0]]
    head = count = improved = 0
    for state in members:
        if distance[state] < np.inf:
            queue[count], place[state] = state, 0
            count += 1
    while count > 0:
        state = queue[head]
        head, count = (head + 1) % size, count - 1
        place[state] = -1
        for arc in range(begin[state], begin[state + 1]):
            target = targets[arc]
            cost = distance[state] + weights[arc]
            slack = TOLERANCE * (1.0 + abs(distance[target])) if distance[target] < np.inf else 0.0
            if not cost < distance[target] - slack or component[target] != here:
                continue
            distance[target], parent[target], came_from[target] = cost, arc, state
            improved += 1
            if place[target] < 0:
                place[target] = 0
                queue[(head + count) % size] = target
                count += 1
        if improved >= size:  # so that looking for a cycle costs no more than what was done since
            improved = 0
            if parents_form_cycle(members, came_from, settled.pending):
                return NEGATIVE_CYCLE
    return SETTLED


@inner_kernel
def settle_loops(links: Links, settled: Settled, state: int) -> int:
    """Settle a state with arcs to itself in the log semiring: the sum of a geometric series."""
    loops = np.inf
    for arc in range(links.begin[state], links.begin[state + 1]):
        if links.targets[arc] == state:
            loops = log_add(loops, links.weights[arc])
    if loops <= 0.0:
        return DIVERGES
    settled.distance[state] += np.log1p(-np.exp(-loops))
    return SETTLED


@inner_kernel
def grows(links: Links, settled: Settled, members: NDArray[np.int32], rounds: int) -> bool:
    """Return whether a component is sure to grow for ever in the log semiring.

    If every state gets from the others as much as it has, the largest eigenvalue of the component's matrix is at least
    1 (Collatz and Wielandt's bound), whatever they have: here what ``rounds`` of passing it all on left them.
    """
    begin, targets, weights, component = links.begin, links.targets, links.weights, links.component
    mass, inflow, here = settled.mass, settled.inflow, component[members[0]]
    least, largest, growing = np.inf, 1.0, True
    for state in members:
        least = min(least, settled.distance[state])
    for state in members:
        mass[state] = np.exp(least - settled.distance[state])
    for _ in range(rounds):
        for state in members:
            mass[state] /= largest
            inflow[state] = 0.0
        for state in members:
            for arc in range(begin[state], begin[state + 1]):
                if component[targets[arc]] == here:
                    inflow[targets[arc]] += mass[state] * np.exp(-weights[arc])
        largest, growing = 0.0, True
        for state in members:
            growing &= inflow[state] >= (1.0 - BARELY) * mass[state]
            mass[state] += inflow[state]  # keeping what it has, too, since what goes in turns settles on nothing
            largest = max(largest, mass[state])
        if growing:
            break
    return growing


@inner_kernel
def settle_mass(links: Links, settled: Settled, members: NDArray[np.int32], delta: float) -> int:
    """Settle a component in the log semiring: pass on what came in since the last turn until it is below ``delta``.

    Mohri (2002), section 3, except that what is below ``delta`` of a state's mass is kept for its next turn.
    """
    begin, targets, weights, component = links.begin, links.targets, links.weights, links.component
    size, here, smallest = len(members), component[members[0]], -np.log(delta)
    distance, place, queue, pending = settled.distance, settled.place, settled.queue, settled.pending
    head = count = done = 0
    for state in members:
        if distance[state] < np.inf:
            queue[count], place[state], pending[state] = state, 0, distance[state]
            count += 1
    once = np.int64(size)
    for state in members:
        once += begin[state + 1] - begin[state]
    test_after, most = 64 * once, RELAXATIONS + 4000 * once
    while count > 0:
        state = queue[head]
        head, count = (head + 1) % size, count - 1
        place[state] = -1
        mass = pending[state]
        pending[state] = np.inf
        done += 1 + begin[state + 1] - begin[state]
        if done > test_after:
            test_after *= 2
            if done > most or grows(links, settled, members, done // once):
                return DIVERGES
        for arc in range(begin[state], begin[state + 1]):
            target = targets[arc]
            more = mass + weights[arc]
            if component[target] != here or more == np.inf:
                continue
            distance[target] = log_add(distance[target], more)
            pending[target] = log_add(pending[target], more)
            if place[target] < 0 and pending[target] - distance[target] < smallest:
                place[target] = 0
                queue[(head + count) % size] = target
                count += 1
    for state in members:
        pending[state] = np.inf
    return SETTLED


@inner_kernel
def settle(links: Links, settled: Settled, members: NDArray[np.int32], log: bool, delta: float) -> int:
    """Settle the distances of one component with cycles, given those that came in from earlier ones."""
    begin, targets, weights, component = links.begin, links.targets, links.weights, links.component
    here = component[members[0]]
    negative = reached = False
    for state in members:
        reached |= settled.distance[state] < np.inf
        for arc in range(begin[state], begin[state + 1]):
            negative |= weights[arc] < 0.0 and component[targets[arc]] == here
    if not reached:
        return SETTLED
    if log:
        return (
            settle_loops(links, settled, members[0])
            if len(members) == 1
            else settle_mass(links, settled, members, delta)
        )
    if negative:
        return settle_in_turn(links, settled, members)
    return settle_nearest_first(links, settled, members) if len(members) > 1 else SETTLED


@kernel
def distances(links: Links, settled: Settled, order: NDArray[np.int32], log: bool, delta: float) -> int:
    """Turn what the states start with, in ``settled.distance``, into their distances; return how it went.

    ``order`` holds the states in topological order of their components. Within a component distances are settled
    first, then the arcs that leave it are followed, once.
    """
    begin, targets, weights, component = links.begin, links.targets, links.weights, links.component
    distance, parent, came_from = settled.distance, settled.parent, settled.came_from
    first, states = 0, len(order)
    while first < states:
        here = component[order[first]]
        last = first + 1
        while last < states and component[order[last]] == here:
            last += 1
        cyclic = last > first + 1
        for arc in range(begin[order[first]], begin[order[first] + 1]):
            cyclic |= targets[arc] == order[first]
        if cyclic:
            status = settle(links, settled, order[first:last], log, delta)
            if status != SETTLED:
                return status
        for place in range(first, last):
            state = order[place]
            if distance[state] == np.inf:
                continue
            for arc in range(begin[state], begin[state + 1]):
                target, cost = targets[arc], distance[state] + weights[arc]
                if component[target] == here or cost == np.inf:
                    continue
                if log:
                    distance[target] = log_add(distance[target], cost)
                elif cost < distance[target]:
                    distance[target], parent[target], came_from[target] = cost, arc, state
        first = last
    return SETTLED
