"""The lines of an ARPA file, put together from arrays."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .float_text_kernels import LONGEST_NUMBER, write_number


@kernel
def write_lines(
    words: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ids: NDArray[np.int32],
    prob: NDArray[np.int32],
    backoff: NDArray[np.int32],
) -> NDArray[np.uint8]:
    """Return the lines of some n-grams as text.

    Word w is ``words[starts[w]:starts[w + 1]]``; ``ids`` is (rows, order); ``prob`` and ``backoff`` are the bits of
    float32 numbers, the latter empty for the highest order.
    """
    rows, order = ids.shape
    room = rows * (2 * LONGEST_NUMBER + order + 3)
    for row in range(rows):
        for place in range(order):
            room += starts[ids[row, place] + 1] - starts[ids[row, place]]
    out = np.empty(room, np.uint8)
    at = 0
    for row in range(rows):
        at = write_number(np.int64(prob[row]) & 0xFFFFFFFF, out, at)
        separator = 9
        for place in range(order):
            out[at] = separator
            at += 1
            word = ids[row, place]
            for source in range(starts[word], starts[word + 1]):
                out[at] = words[source]
                at += 1
            separator = 32
        if len(backoff):
            out[at] = 9
            at = write_number(np.int64(backoff[row]) & 0xFFFFFFFF, out, at + 1)
        out[at] = 10
        at += 1
    return out[:at]
