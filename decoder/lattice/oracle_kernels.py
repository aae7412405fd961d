"""Edit distance between all paths of a lattice and a word sequence."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .lattice import LatticeArrays

NONE = -1


@kernel
def edit_distances(
    lattice: LatticeArrays, reference: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Return errors, costs and the last steps, (states, len(reference) + 1) each.

    Entry (s, j) is for the paths to state s against the first j words: the least errors, the least cost with as many
    errors, and how that path came: twice the arc, plus 1 where the arc's word stands against the j-th one; NONE where
    the j-th word was left out in state s.
    """
    states, length = len(lattice.final_totals), len(reference)
    errors = np.full((states, length + 1), np.iinfo(np.int32).max // 2, np.int32)
    costs = np.full((states, length + 1), np.inf)
    came = np.full((states, length + 1), NONE, np.int32)
    errors[0, 0], costs[0, 0] = 0, 0.0
    for state in range(states):
        for j in range(1, length + 1):
            left_out = errors[state, j - 1] + 1
            if left_out < errors[state, j] or (left_out == errors[state, j] and costs[state, j - 1] < costs[state, j]):
                errors[state, j], costs[state, j], came[state, j] = left_out, costs[state, j - 1], NONE
        for arc in range(lattice.arc_begin[state], lattice.arc_begin[state + 1]):
            target, word = lattice.nextstates[arc], lattice.words[arc]
            for j in range(length + 1):
                cost = costs[state, j] + lattice.totals[arc]
                for ahead in range(2 if word != 0 and j < length else 1):
                    wrong = errors[state, j]
                    if ahead == 1:
                        wrong += reference[j] != word
                    elif word != 0:
                        wrong += 1
                    to = j + ahead
                    if wrong < errors[target, to] or (wrong == errors[target, to] and cost < costs[target, to]):
                        errors[target, to], costs[target, to], came[target, to] = wrong, cost, 2 * arc + ahead
    return errors, costs, came
