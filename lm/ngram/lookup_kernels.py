"""Compiled look-up in a back-off n-gram model, for use from other kernels."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .ngram import NgramArrays


@kernel
def lookup(model: NgramArrays, state: int, word: int) -> tuple[float, int]:
    """Return log10 p(word | state), backing off as needed, and the state that follows."""
    log10_prob = 0.0
    while state != 0:
        low, high = model.begin[state], model.begin[state + 1]
        end = high
        while low < high:
            middle = (low + high) >> 1
            if model.words[middle] < word:
                low = middle + 1
            else:
                high = middle
        if low < end and model.words[low] == word:
            return log10_prob + model.log10_prob[low], model.next_state[low]
        log10_prob += model.log10_backoff[state]
        state = model.backoff_state[state]
    return log10_prob + model.log10_prob[word], model.next_state[word]


@kernel
def lookup_all(model: NgramArrays, state: int, words: NDArray[np.int32], log10_prob: NDArray[np.float64]) -> int:
    """Put log10 p of each of ``words``, one after the other from ``state`` on, into ``log10_prob``; return the end."""
    for place in range(len(words)):
        log10_prob[place], state = lookup(model, state, words[place])
    return state
