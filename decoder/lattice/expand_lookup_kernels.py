"""Look-ups in an n-gram model for many states and words at a time."""

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
