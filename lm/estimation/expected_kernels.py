"""The compiled steps of a back-off model that writes a text for itself."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .linked_arrays import LinkedArrays
from .ngram_rows import END_ID, START_ID


@kernel
def write_word(
    model: LinkedArrays,
    context: NDArray[np.int32],
    lower: NDArray[np.float32],
    longest: int,
    mass: NDArray[np.float64],
    flow: NDArray[np.float64],
) -> None:
    """Go from how likely each n-gram is the history (``mass``, last the empty one) to that one word later.

    ``longest`` is the first n-gram of the highest order. ``flow`` becomes how likely each n-gram is the one that tells
    the next word. A history's mass goes on to its back-off with the back-off weight, for the words that it does not
    list; what its listed words would have taken there is taken away again.
    """
    word, prob, backoff, back = model.word, model.prob, model.backoff, model.back
    for node in range(longest - 1, -1, -1):
        mass[back[node]] += backoff[node] * mass[node]
    for node in range(len(word)):
        flow[node] = mass[context[node]] * prob[node] if word[node] != START_ID else 0.0
    for node in range(len(word)):
        history = context[node]
        if history >= 0 and word[node] != START_ID:
            flow[back[node]] -= backoff[history] * mass[history] * lower[node]
    mass[:] = 0.0
    for node in range(len(word)):
        flow[node] = max(flow[node], 0.0)  # rounding
        if word[node] == END_ID:
            mass[START_ID] += flow[node]
        elif node < longest:
            mass[node] += flow[node]
        else:
            mass[back[node]] += flow[node]
    total = mass.sum()
    if total > 0.0:
        mass /= total
    else:  # no word can follow
        mass[START_ID] = 1.0
