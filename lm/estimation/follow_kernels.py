"""Compiled steps along a back-off model whose n-grams are one array, each linked to its longest suffix."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .linked_arrays import LinkedArrays


@inlined_kernel
def _step(model: LinkedArrays, history: int, wanted: int) -> tuple[float, int]:
    """Return p(wanted | history) and the longest n-gram of history and word that the model lists."""
    weight = 1.0
    while history >= 0:
        low, high = model.begin[history], model.begin[history + 1]
        end = high
        while low < high:
            middle = (low + high) >> 1
            if model.word[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        if low < end and model.word[low] == wanted:
            return weight * float(model.prob[low]), low
        weight *= float(model.backoff[history])
        history = model.back[history]
    return weight * float(model.prob[wanted]), wanted


@kernel
def follow(
    model: LinkedArrays,
    histories: NDArray[np.int32],
    words: NDArray[np.int32],
    prob: NDArray[np.float32],
    reached: NDArray[np.int32],
) -> None:
    """Put the probability of each word after its history into ``prob``, the n-gram that it leads to into ``reached``.

    A word below 0 is none of the model's: its probability is 0, and after it nothing is remembered (-1). Senseless
    models, whose probabilities come out above 1, are held to 1.
    """
    for place in range(len(words)):
        if words[place] < 0:
            prob[place], reached[place] = np.float32(0), -1
        else:
            value, node = _step(model, histories[place], words[place])
            prob[place], reached[place] = min(value, 1.0), node
