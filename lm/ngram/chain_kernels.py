"""Compiled look-ups of many word sequences side by side: while one waits for memory, the others go on.

A look-up reads places far apart (a state's record, its words, the next state's record), each known only when the one
before has been read; in a model larger than the processor's caches it mostly waits. Here a few sequences are in hand at
a time, and what they are about to read is read for all of them before it is used for any.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .lookup_kernels import bits_at, value_of
from .packed_arrays import (
    ARCS,
    BEGIN_BITS,
    CODE_BITS,
    FIRST,
    KEY_BITS,
    LENGTHS,
    LISTED,
    NEXT_BITS,
    SPREAD,
    STATES,
    NgramArrays,
)

LANES = 32
"""Sequences in hand at a time."""


class Lanes(NamedTuple):
    """A sequence each, all int64: its number, the word in hand and the end among all words, the state.

    Then what is read for that word in that state: the arcs from ``low`` to ``high``, the ``key`` sought, the ``arc``
    where it is guessed to be, and the key that stands ``here``.
    """

    chain: NDArray[np.int64]
    place: NDArray[np.int64]
    end: NDArray[np.int64]
    state: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    key: NDArray[np.int64]
    arc: NDArray[np.int64]
    here: NDArray[np.int64]


@inlined_kernel
def read_ahead(model: NgramArrays, lanes: Lanes, active: int, words: NDArray[np.int32]) -> None:
    """Read every lane's state, then the arc where its word is guessed to be, then where it is guessed to be from there.

    The guesses are ``lookup_kernels.find_key``'s. No step depends on another lane's, so that their waits overlap.
    """
    arcs, states, layout = model.arcs, model.states, model.layout
    key_bits, begin_bits, spread, all_arcs = layout[KEY_BITS], layout[BEGIN_BITS], layout[SPREAD], layout[ARCS]
    rest = layout[NEXT_BITS] + layout[CODE_BITS]
    arc_bits, state_bits, mask = key_bits + rest, begin_bits + rest, (np.int64(1) << key_bits) - 1
    state, place, low, high, key, arc, here = (
        lanes.state,
        lanes.place,
        lanes.low,
        lanes.high,
        lanes.key,
        lanes.arc,
        lanes.here,
    )
    for lane in range(active):
        bit = state[lane] * state_bits
        until = min(bits_at(states, bit + state_bits, begin_bits), all_arcs)
        since = min(bits_at(states, bit, begin_bits), until)
        wanted = np.int64(words[place[lane]]) * spread & mask
        low[lane], high[lane], key[lane] = since, until, wanted
        arc[lane] = since + (wanted * (until - since) >> key_bits)
    for lane in range(active):
        here[lane] = bits_at(arcs, arc[lane] * arc_bits, key_bits)
    for lane in range(active):
        guess = arc[lane] + ((key[lane] - here[lane]) * (high[lane] - low[lane]) >> key_bits)
        guess = max(min(guess, high[lane] - 1), low[lane])
        arc[lane] = guess
        here[lane] = bits_at(arcs, guess * arc_bits, key_bits)


@inlined_kernel
def settle(model: NgramArrays, lanes: Lanes, lane: int, word: int) -> tuple[float, bool]:
    """Find the word among the arcs of the lane's state, or back off; return log10 of that step, and whether it is done.

    The lane's state becomes the one that follows, or the one backed off to.
    """
    arcs, states, layout, state = model.arcs, model.states, model.layout, lanes.state[lane]
    if state == 0:
        lanes.state[lane] = model.word_next[word]
        return np.float64(model.word_log10[word]), True
    key_bits, next_bits, code_bits = layout[KEY_BITS], layout[NEXT_BITS], layout[CODE_BITS]
    arc_bits, longest = key_bits + next_bits + code_bits, layout[LENGTHS]
    length = longest
    while length > 1 and state < layout[FIRST + length - 1]:
        length -= 1
    low, high, key, arc, here = lanes.low[lane], lanes.high[lane], lanes.key[lane], lanes.arc[lane], lanes.here[lane]
    while here > key and arc > low:
        arc -= 1
        here = bits_at(arcs, arc * arc_bits, key_bits)
    while here < key and arc + 1 < high:
        arc += 1
        here = bits_at(arcs, arc * arc_bits, key_bits)
    if here == key and low < high and word < layout[LISTED]:
        bit = arc * arc_bits + key_bits
        following = bits_at(arcs, bit, next_bits)
        lanes.state[lane] = following if following < layout[STATES] else 0
        return value_of(model.levels, length - 1, bits_at(arcs, bit + next_bits, code_bits), code_bits), True
    bit = state * (layout[BEGIN_BITS] + next_bits + code_bits) + layout[BEGIN_BITS]
    lower = bits_at(states, bit, next_bits)
    weight = value_of(model.levels, longest + length - 1, bits_at(states, bit + next_bits, code_bits), code_bits)
    if 0 < lower < state:
        lanes.state[lane] = lower
        return weight, False
    lanes.state[lane] = model.word_next[word]
    return weight + np.float64(model.word_log10[word]), True


@inlined_kernel
def fill_lane(lanes: Lanes, lane: int, chain: int, begin: NDArray[np.int64], states: NDArray[np.int64]) -> int:
    """Put the first sequence from ``chain`` on that has words into the lane; return the number of the next one.

    That number is beyond the last where the lane got none.
    """
    while chain < len(states):
        if begin[chain] < begin[chain + 1]:
            lanes.chain[lane], lanes.place[lane], lanes.end[lane] = chain, begin[chain], begin[chain + 1]
            lanes.state[lane] = states[chain]
            return chain + 1
        chain += 1
    return chain + 1


@inlined_kernel
def follow_chains(
    model: NgramArrays,
    states: NDArray[np.int64],
    words: NDArray[np.int32],
    begin: NDArray[np.int64],
    log10_prob: NDArray[np.float64],
    lanes: Lanes,
) -> None:
    """Do what ``lookup_chains`` does, in the room of ``lanes``."""
    chain, active = np.int64(0), np.int64(0)
    while chain < len(states) and active < len(lanes.state):
        chain = fill_lane(lanes, active, chain, begin, states)
        active += 1 if chain <= len(states) else 0
    while active > 0:
        read_ahead(model, lanes, active, words)
        lane = np.int64(0)
        while lane < active:
            place = lanes.place[lane]
            log10, done = settle(model, lanes, lane, np.int64(words[place]))
            log10_prob[place] += log10
            if done:
                lanes.place[lane] = place + 1
                if place + 1 == lanes.end[lane]:
                    states[lanes.chain[lane]] = lanes.state[lane]
                    chain = fill_lane(lanes, lane, chain, begin, states)
                    if chain > len(states):  # the last lane comes here
                        active -= 1
                        for field in lanes:
                            field[lane] = field[active]
                        continue
            lane += 1


@kernel
def lookup_chains(
    model: NgramArrays,
    states: NDArray[np.int64],
    words: NDArray[np.int32],
    begin: NDArray[np.int64],
    log10_prob: NDArray[np.float64],
) -> None:
    """Look up the words ``words[begin[i]:begin[i + 1]]`` one after the other from ``states[i]`` on, for every i.

    ``log10_prob``, all 0, takes log10 p of each word, ``states`` the states that follow the last ones. With sequences
    of one word each, these are look-ups of independent pairs.
    """
    room = np.empty((9, LANES), np.int64)
    lanes = Lanes(room[0], room[1], room[2], room[3], room[4], room[5], room[6], room[7], room[8])
    follow_chains(model, states, words, begin, log10_prob, lanes)
