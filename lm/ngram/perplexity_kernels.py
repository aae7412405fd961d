"""Compiled sums of a text's log10 probabilities, and how long the n-grams are that tell them."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .lookup_kernels import lookup
from .packed_arrays import NgramArrays, NgramAutomaton

UNKNOWN_ID, END_ID = 0, 2


@kernel
def sum_scores(model: NgramArrays, start: int, tokens: NDArray[np.int32], sums: NDArray[np.float64]) -> None:
    """Add log10 p of the ``tokens`` (sentences, ``</s>`` after each) to ``sums``: of known words, of unknown ones."""
    state = start
    known = unknown = 0.0
    for token in tokens:
        log10_prob, state = lookup(model, state, token)
        if token == UNKNOWN_ID:
            unknown += log10_prob
        else:
            known += log10_prob
        if token == END_ID:
            state = start
    sums[0] += known
    sums[1] += unknown


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
