"""Compiled look-up of a sentence's words that also tells how long the n-grams are that foretell them."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .packed_arrays import NgramAutomaton


@kernel
def match_words(
    model: NgramAutomaton,
    start: int,
    words: NDArray[np.int32],
    log10_prob: NDArray[np.float64],
    lengths: NDArray[np.int32],
) -> None:
    """Put log10 p of each of a sentence's ``words``, and the length of the n-gram that was found, into the rest."""
    begin, listed, probs, following = model.begin, model.words, model.log10_prob, model.next_state
    weights, lower, first = model.log10_backoff, model.backoff_state, model.first
    state = start
    for place in range(len(words)):
        word, total = words[place], 0.0
        while True:
            low, high = (begin[state], begin[state + 1]) if state else (word, word + 1)
            end = high
            while low < high:
                middle = (low + high) >> 1
                if listed[middle] < word:
                    low = middle + 1
                else:
                    high = middle
            if low < end and listed[low] == word:
                break
            total += weights[state]
            state = lower[state]
        length = 0
        while first[length + 1] <= state:
            length += 1
        log10_prob[place], lengths[place] = total + probs[low], length + 1
        state = following[low]
