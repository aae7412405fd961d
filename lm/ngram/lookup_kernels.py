"""Compiled look-up in a back-off n-gram model, for use from other kernels."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .packed_arrays import (
    ARCS,
    BEGIN_BITS,
    CODE_BITS,
    FIRST,
    KEY_BITS,
    LEAST_PLAIN,
    LENGTHS,
    LISTED,
    MOST_PLAIN,
    NEXT_BITS,
    PLAIN_BITS,
    SPREAD,
    STATES,
    NgramArrays,
)


@inlined_kernel
def bits_at(packed: NDArray[np.uint32], bit: int, width: int) -> int:
    """Return the field of ``width`` bits (32 at most) that begins at ``bit``."""
    place = np.uint64(bit) >> np.uint64(5)
    both = np.uint64(packed[place]) | (np.uint64(packed[place + np.uint64(1)]) << np.uint64(32))
    shifted = both >> (np.uint64(bit) & np.uint64(31))
    return np.int64(shifted & np.uint64((np.int64(1) << width) - 1))


@inlined_kernel
def value_of(levels: NDArray[np.float32], table: int, code: int, bits: int) -> float:
    """Return the number that ``code`` stands for in the ``table``-th table of levels."""
    if bits == PLAIN_BITS:
        value = np.uint32(code).view(np.float32)
        return np.float64(value) if LEAST_PLAIN < value < MOST_PLAIN else 0.0
    return np.float64(levels[(table << bits) + code])


@inlined_kernel
def find_key(arcs: NDArray[np.uint32], low: int, high: int, key: int, key_bits: int, width: int) -> int:
    """Return the arc of ``low`` to ``high`` (not empty) that has ``key``, -1 where none has.

    Keys lie evenly between 0 and 2**key_bits: the place is guessed from the key, once more from what stands there,
    and from then on sought by steps.
    """
    count = high - low
    place = low + (key * count >> key_bits)
    here = bits_at(arcs, place * width, key_bits)
    if here != key:
        place = min(max(place + ((key - here) * count >> key_bits), low), high - 1)
        here = bits_at(arcs, place * width, key_bits)
    while here > key and place > low:
        place -= 1
        here = bits_at(arcs, place * width, key_bits)
    while here < key and place + 1 < high:
        place += 1
        here = bits_at(arcs, place * width, key_bits)
    return place if here == key else -1


@inlined_kernel
def lookup(model: NgramArrays, state: int, word: int) -> tuple[float, int]:
    """Return log10 p(word | state), backing off as needed, and the state that follows.

    ``state`` and ``word`` must be ones of the model. Whatever its arrays hold, nothing outside of them is read.
    """
    arcs, states, layout = model.arcs, model.states, model.layout
    key_bits, next_bits, code_bits, begin_bits = (
        layout[KEY_BITS],
        layout[NEXT_BITS],
        layout[CODE_BITS],
        layout[BEGIN_BITS],
    )
    arc_bits, state_bits = key_bits + next_bits + code_bits, begin_bits + next_bits + code_bits
    key = np.int64(word) * layout[SPREAD] & (np.int64(1) << key_bits) - 1
    log10_prob = 0.0
    here = np.int64(state)
    longest = layout[LENGTHS]
    while here > 0:
        length = longest
        while length > 1 and here < layout[FIRST + length - 1]:
            length -= 1
        bit = here * state_bits
        low, high = bits_at(states, bit, begin_bits), bits_at(states, bit + state_bits, begin_bits)
        if low < high <= layout[ARCS] and word < layout[LISTED]:
            place = find_key(arcs, low, high, key, key_bits, arc_bits)
            if place >= 0:
                field = place * arc_bits + key_bits
                following = bits_at(arcs, field, next_bits)
                code = bits_at(arcs, field + next_bits, code_bits)
                log10_prob += value_of(model.levels, length - 1, code, code_bits)
                return log10_prob, following if following < layout[STATES] else 0
        lower = bits_at(states, bit + begin_bits, next_bits)
        code = bits_at(states, bit + begin_bits + next_bits, code_bits)
        log10_prob += value_of(model.levels, longest + length - 1, code, code_bits)
        here = lower if lower < here else np.int64(0)
    return log10_prob + model.word_log10[word], np.int64(model.word_next[word])


@kernel
def lookup_one(
    arcs: NDArray[np.uint32],
    states: NDArray[np.uint32],
    word_log10: NDArray[np.float32],
    word_next: NDArray[np.int32],
    levels: NDArray[np.float32],
    layout: NDArray[np.int64],
    state: int,
    word: int,
) -> tuple[float, int]:
    """Return what ``lookup`` does, to Python, where handing over arrays one by one takes a third of a tuple's time."""
    return lookup(NgramArrays(arcs, states, word_log10, word_next, levels, layout), state, word)


@kernel
def lookup_all(model: NgramArrays, state: int, words: NDArray[np.int32], log10_prob: NDArray[np.float64]) -> int:
    """Put log10 p of each of ``words``, one after the other from ``state`` on, into ``log10_prob``; return the end."""
    for place in range(len(words)):
        log10_prob[place], state = lookup(model, state, words[place])
    return state


@kernel
def sum_lookups(
    arcs: NDArray[np.uint32],
    states: NDArray[np.uint32],
    word_log10: NDArray[np.float32],
    word_next: NDArray[np.int32],
    levels: NDArray[np.float32],
    layout: NDArray[np.int64],
    state: int,
    words: NDArray[np.int32],
    last: int,
) -> float:
    """Return the sum of log10 p of ``words`` and ``last``, from ``state`` on; arrays as for ``lookup_one``."""
    model, total = NgramArrays(arcs, states, word_log10, word_next, levels, layout), 0.0
    for place in range(len(words)):
        log10_prob, state = lookup(model, state, words[place])
        total += log10_prob
    return total + lookup(model, state, last)[0]
