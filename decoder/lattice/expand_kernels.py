"""Look-ups in an n-gram model for many states and words at a time; the levels of a lattice."""

import math

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from ...lm.ngram.lookup_kernels import lookup
from ...lm.ngram.ngram import NgramArrays


@kernel
def step_all(
    model: NgramArrays, states: NDArray[np.int64], words: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return -ln p(word | state) and the state that follows, for each pair."""
    costs, following = np.empty(len(states)), np.empty(len(states), np.int64)
    for i in range(len(states)):
        log10_prob, following[i] = lookup(model, states[i], words[i])
        costs[i] = -math.log(10.0) * log10_prob
    return costs, following


@kernel
def levels_of(arc_begin: NDArray[np.int64], nextstates: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how many arcs the longest way from a state without an arc into it has, for each state in order."""
    levels = np.zeros(len(arc_begin) - 1, np.int64)
    for state in range(len(levels)):
        for arc in range(arc_begin[state], arc_begin[state + 1]):
            levels[nextstates[arc]] = max(levels[nextstates[arc]], levels[state] + 1)
    return levels
