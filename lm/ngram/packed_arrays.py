"""How an n-gram model lies in memory and in its file: records of bits, as narrow as the model's sizes allow.

The model is an automaton over words whose states are histories. State 0 is the empty history: it lists every word, in
plain arrays. Every other state has a record (where its words begin, the state to back off to, the back-off weight), and
every word that it lists has one (the word, the state that follows, the probability). Probabilities and weights are
float32 bits, or codes into tables of levels, one for histories of each length.

Words stand in their records as keys, by which the words of a state are sorted: ``word`` times an odd number near the
golden section of a power of two, modulo that power (Fibonacci hashing: Knuth, volume 3, 6.4). Whatever the order of the
vocabulary, the keys of a state's words lie evenly, so that a key's place can be computed.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

KEY_BITS, SPREAD, NEXT_BITS, CODE_BITS, BEGIN_BITS, STATES, ARCS, LISTED, LENGTHS, FIRST = range(10)
"""Places in ``NgramArrays.layout``: widths of the fields and what words are multiplied with; counts of states, arcs and
words that arcs may list (words added later are listed nowhere); the length of the longest histories; from ``FIRST`` on
the first state of length 1, 2 and so on, then the number of states."""

PLAIN_BITS = 32
"""The width of the codes of a model that is not quantised: they are float32 bits."""

LEAST_PLAIN, MOST_PLAIN = np.float32(-3e38), np.float32(100)
"""No sound float32 probability or weight lies beyond; what a damaged file holds there is read as 0."""


class NgramArrays(NamedTuple):
    """What ``lookup`` takes: all arrays are read-only and contiguous.

    ``arcs`` and ``states`` (uint32) hold the records, fields from the lowest bits on: of an arc key, next state, code;
    of a state the first arc, the state to back off to, code. A state's arcs end where the next one's begin; after the
    last state stands one more record. ``word_log10`` (float32) and ``word_next`` (int32) are state 0's. ``levels``
    (float32) holds the levels of probabilities after histories of length 1, 2, ..., then those of back-off weights.
    """

    arcs: NDArray[np.uint32]
    states: NDArray[np.uint32]
    word_log10: NDArray[np.float32]
    word_next: NDArray[np.int32]
    levels: NDArray[np.float32]
    layout: NDArray[np.int64]


class NgramAutomaton(NamedTuple):
    """The same automaton as plain arrays, for whoever reads all of it; state 0 lists every word at its own id.

    The words listed after state ``s`` are ``words[begin[s]:begin[s + 1]]``, rising; ``log10_prob`` and ``next_state``
    go with them. A word that is not listed costs ``log10_backoff[s]`` and is looked for in ``backoff_state[s]``.
    States are numbered by the length of their histories; those of length n begin at ``first[n]``, ``first[-1]`` is
    their number.
    """

    begin: NDArray[np.int32]
    words: NDArray[np.int32]
    log10_prob: NDArray[np.float32]
    next_state: NDArray[np.int32]
    log10_backoff: NDArray[np.float32]
    backoff_state: NDArray[np.int32]
    first: NDArray[np.int32]


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return ``array`` contiguous and read-only, as a mapped file gives it, so that kernels compile once."""
    made = np.ascontiguousarray(array).view()
    made.flags.writeable = False
    return made


def width_of(most: int) -> int:
    """Return how many bits hold the numbers 0 to ``most``."""
    return max(1, int(most).bit_length())


def spread_of(key_bits: int) -> int:
    """Return what words are multiplied with for keys of that many bits."""
    return int(2**key_bits * 0.6180339887498949) | 1


def packed_size(records: int, bits: int) -> int:
    """Return how many uint32 hold ``records`` of ``bits`` each, with one more to read fields across."""
    return -(-records * bits // 32) + 2


def layout_of(listed: int, states: int, arcs: int, code_bits: int, first: NDArray[Any]) -> NDArray[np.int64]:
    """Return the layout of a model of these sizes, whose states of length 1, 2, ... begin at ``first``."""
    layout = np.zeros(FIRST + len(first), np.int64)
    layout[KEY_BITS] = width_of(listed - 1)
    layout[SPREAD] = spread_of(int(layout[KEY_BITS]))
    layout[[NEXT_BITS, CODE_BITS, BEGIN_BITS]] = width_of(states - 1), code_bits, width_of(arcs)
    layout[[STATES, ARCS, LISTED, LENGTHS]] = states, arcs, listed, len(first) - 1
    layout[FIRST:] = first
    return layout


def record_sizes(layout: NDArray[np.int64]) -> tuple[int, int]:
    """Return how many uint32 the arcs' records take, and those of the states with the one after them."""
    arc_bits, state_bits = (int(layout[[width, NEXT_BITS, CODE_BITS]].sum()) for width in (KEY_BITS, BEGIN_BITS))
    return packed_size(int(layout[ARCS]), arc_bits), packed_size(int(layout[STATES]) + 1, state_bits)


def without_ngrams() -> NgramArrays:
    """Return arrays of a model without a word, for kernels that want some where there is no model."""
    none, real = np.zeros(0, np.uint32), np.zeros(0, np.float32)
    layout = np.array([1, 1, 1, PLAIN_BITS, 1, 1, 0, 0, 0, 1], np.int64)
    following = np.zeros(0, np.int32)
    return NgramArrays(*(read_only(array) for array in (none, none, real, following, real, layout)))
