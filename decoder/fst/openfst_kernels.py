"""Finding the states in the body of an OpenFst vector file, compiled: where each begins depends on the one before."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel


@kernel
def state_begins(words: NDArray[np.int32], states: int) -> tuple[NDArray[np.int64], int]:
    """Return where the record of each state begins, (states,), and how many of ``words`` they take, -1 if none.

    ``words`` is the body of the file: a state is its final weight, its number of arcs as two words, low first,
    and four words an arc. ``states`` is -1 where the records go on to the end of the body.
    """
    size = len(words)
    begins = np.empty(size // 3 if states < 0 else states, dtype=np.int64)
    at = 0
    state = 0
    while state < states or (states < 0 and at < size):
        if at + 3 > size:
            return begins[:0], -1
        arcs = np.int64(words[at + 1]) & 0xFFFFFFFF | np.int64(words[at + 2]) << 32
        if arcs < 0 or arcs > (size - at - 3) // 4:
            return begins[:0], -1
        begins[state] = at
        state += 1
        at += 3 + 4 * arcs
    return begins[:state], at
