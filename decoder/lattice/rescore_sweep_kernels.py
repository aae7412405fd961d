"""The best path of a lattice under many weights at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel

BLOCK = 64
"""How many points are looked at together: what is kept for each state of the lattice stays small."""


class Parted(NamedTuple):
    """A lattice with the parts of its costs: ``costs`` (arcs, parts), ``final_costs`` (states, parts), ``ends``."""

    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    sources: NDArray[np.int32]
    words: NDArray[np.int32]
    costs: NDArray[np.float64]
    final_costs: NDArray[np.float64]
    ends: NDArray[np.bool_]


class Best(NamedTuple):
    """For each state and point of the block, the least cost and the arc by which it came; and the best end."""

    cost: NDArray[np.float64]
    arc: NDArray[np.int32]
    end_cost: NDArray[np.float64]
    end: NDArray[np.int32]
    total: NDArray[np.float64]


@inlined_kernel
def weigh(
    total: NDArray[np.float64], costs: NDArray[np.float64], row: int, weights: NDArray[np.float64], at: int
) -> None:
    """Put into ``total`` what the parts in a row amount to under the weights of each point of the block at ``at``."""
    count = min(BLOCK, weights.shape[1] - at)
    for point in range(count):
        total[point] = 0.0
    for part in range(costs.shape[1]):
        cost = costs[row, part]
        if cost != 0.0:
            for point in range(count):
                total[point] += weights[part, at + point] * cost


@inlined_kernel
def spread(lattice: Parted, weights: NDArray[np.float64], at: int, best: Best) -> None:
    """Find the best way to every state, and the best end, for the points of the block at ``at``."""
    count = min(BLOCK, weights.shape[1] - at)
    best.cost[:] = np.inf
    best.cost[0] = 0.0
    best.end_cost[:] = np.inf
    best.end[:] = -1
    for state in range(len(lattice.ends)):
        for arc in range(lattice.arc_begin[state], lattice.arc_begin[state + 1]):
            weigh(best.total, lattice.costs, arc, weights, at)
            target = np.int64(lattice.nextstates[arc])
            for point in range(count):
                cost = best.cost[state, point] + best.total[point]
                better = cost < best.cost[target, point]
                best.cost[target, point] = cost if better else best.cost[target, point]
                best.arc[target, point] = arc if better else best.arc[target, point]
        if lattice.ends[state]:
            weigh(best.total, lattice.final_costs, state, weights, at)
            for point in range(count):
                cost = best.cost[state, point] + best.total[point]
                better = cost < best.end_cost[point]
                best.end_cost[point] = cost if better else best.end_cost[point]
                best.end[point] = state if better else best.end[point]


@inlined_kernel
def read_words(lattice: Parted, best: Best, point: int, words: NDArray[np.int32]) -> int:
    """Put the words of a point's best path, the last one first, into ``words``; return how many there are."""
    count, state = 0, np.int64(best.end[point])
    while state > 0:
        arc = np.int64(best.arc[state, point])
        if lattice.words[arc] != 0:
            words[count] = lattice.words[arc]
            count += 1
        state = np.int64(lattice.sources[arc])
    return count


@kernel
def sweep(
    lattice: Parted, weights: NDArray[np.float64], longest: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Return the word sequence of each point's best path: its number, where each distinct sequence begins, the words.

    And what the best paths cost. ``weights`` is (parts, points); ``longest`` bounds the words of a path. There is a
    path.
    """
    states, points = len(lattice.ends), weights.shape[1]
    best = Best(
        np.empty((states, BLOCK)), np.empty((states, BLOCK), np.int32), np.empty(BLOCK), np.empty(BLOCK, np.int32),
        np.empty(BLOCK),
    )  # fmt: skip
    sequence, costs = np.empty(points, np.int32), np.empty(points)
    begin, known = np.zeros(points + 1, np.int64), 0
    words, here = np.empty(points * longest, np.int32), np.empty(longest, np.int32)
    for at in range(0, points, BLOCK):
        spread(lattice, weights, at, best)
        for point in range(min(BLOCK, points - at)):
            costs[at + point] = best.end_cost[point]
            count = read_words(lattice, best, point, here)
            found = known
            for other in range(known):
                same = begin[other + 1] - begin[other] == count
                place = 0
                while same and place < count:
                    same = words[begin[other] + place] == here[count - 1 - place]
                    place += 1
                if same:
                    found = other
                    break
            if found == known:
                known += 1
                begin[known] = begin[found] + count
                for place in range(count):
                    words[begin[found] + place] = here[count - 1 - place]
            sequence[at + point] = found
    return sequence, begin[: known + 1].copy(), words[: begin[known]].copy(), costs
