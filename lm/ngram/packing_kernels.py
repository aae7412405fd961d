"""Compiled packing of an automaton's arcs and states into records of bits, and unpacking."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .lookup_kernels import bits_at
from .packed_arrays import BEGIN_BITS, CODE_BITS, KEY_BITS, LISTED, NEXT_BITS, STATES, NgramArrays


@kernel
def places_by_key(begin: NDArray[np.int32], keys: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    """Return where each arc goes when the arcs of every state are sorted by ``keys`` (0 to ``most``): a radix sort."""
    arcs, states = len(keys), len(begin) - 1
    starts = np.zeros(most + 2, np.int32)
    for arc in range(arcs):
        starts[keys[arc] + 1] += 1
    for key in range(most + 1):
        starts[key + 1] += starts[key]
    by_key = np.empty(arcs, np.int32)
    source = np.empty(arcs, np.int32)
    for state in range(states):
        for arc in range(begin[state], begin[state + 1]):
            source[arc] = state
            by_key[starts[keys[arc]]] = arc
            starts[keys[arc]] += 1
    free = begin[:states].copy()
    places = np.empty(arcs, np.int32)
    for turn in range(arcs):
        arc = by_key[turn]
        places[arc] = free[source[arc]]
        free[source[arc]] += 1
    return places


@inlined_kernel
def put_bits(packed: NDArray[np.uint32], bit: int, value: int) -> None:
    """Write ``value`` (32 bits at most) to the zeros that begin at ``bit``."""
    place, shift = bit >> 5, np.uint64(bit & 31)
    both = np.uint64(value) << shift
    packed[place] |= np.uint32(both & np.uint64(0xFFFFFFFF))
    packed[place + 1] |= np.uint32(both >> np.uint64(32))


@kernel
def pack_arcs(
    packed: NDArray[np.uint32],
    layout: NDArray[np.int64],
    places: NDArray[np.int32],
    keys: NDArray[np.int32],
    next_state: NDArray[np.int32],
    codes: NDArray[np.uint32],
) -> None:
    """Write the arcs' records to ``packed``, all 0, each to its place."""
    key_bits, next_bits = layout[KEY_BITS], layout[NEXT_BITS]
    width = key_bits + next_bits + layout[CODE_BITS]
    for arc in range(len(places)):
        bit = np.int64(places[arc]) * width
        put_bits(packed, bit, np.int64(keys[arc]))
        put_bits(packed, bit + key_bits, np.int64(next_state[arc]))
        put_bits(packed, bit + key_bits + next_bits, np.int64(codes[arc]))


@kernel
def pack_states(
    packed: NDArray[np.uint32],
    layout: NDArray[np.int64],
    begin: NDArray[np.int32],
    backoff_state: NDArray[np.int32],
    codes: NDArray[np.uint32],
) -> None:
    """Write the states' records to ``packed``, all 0, and after them one that says where the last arc ends."""
    begin_bits, next_bits = layout[BEGIN_BITS], layout[NEXT_BITS]
    width = begin_bits + next_bits + layout[CODE_BITS]
    for state in range(len(begin)):
        bit = np.int64(state) * width
        put_bits(packed, bit, np.int64(begin[state]))
        if state < len(codes):
            put_bits(packed, bit + begin_bits, np.int64(backoff_state[state]))
            put_bits(packed, bit + begin_bits + next_bits, np.int64(codes[state]))


@kernel
def unpack_states(
    model: NgramArrays, begin: NDArray[np.int32], backoff_state: NDArray[np.int32], codes: NDArray[np.uint32]
) -> None:
    """Read every state's record, as ``lookup`` reads it where a file is damaged."""
    begin_bits, next_bits, code_bits = model.layout[BEGIN_BITS], model.layout[NEXT_BITS], model.layout[CODE_BITS]
    width = begin_bits + next_bits + code_bits
    for state in range(len(begin)):
        bit = np.int64(state) * width
        begin[state] = bits_at(model.states, bit, begin_bits)
        if state < len(codes):
            lower = bits_at(model.states, bit + begin_bits, next_bits)
            backoff_state[state] = lower if lower < state else 0
            codes[state] = bits_at(model.states, bit + begin_bits + next_bits, code_bits)


@kernel
def unpack_arcs(
    model: NgramArrays,
    inverse: int,
    words: NDArray[np.int32],
    next_state: NDArray[np.int32],
    codes: NDArray[np.uint32],
) -> None:
    """Read as many records as there is room for; ``inverse`` times a key is its word, modulo the number of keys."""
    key_bits, next_bits, code_bits = model.layout[KEY_BITS], model.layout[NEXT_BITS], model.layout[CODE_BITS]
    width, mask = key_bits + next_bits + code_bits, (np.int64(1) << key_bits) - 1
    for arc in range(len(words)):
        bit = np.int64(arc) * width
        word = bits_at(model.arcs, bit, key_bits) * inverse & mask
        words[arc] = word if word < model.layout[LISTED] else 0
        following = bits_at(model.arcs, bit + key_bits, next_bits)
        next_state[arc] = following if following < model.layout[STATES] else 0
        codes[arc] = bits_at(model.arcs, bit + key_bits + next_bits, code_bits)
