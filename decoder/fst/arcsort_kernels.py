"""One pass of a radix sort, compiled: what sorts arcs by label without comparing them."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel


@kernel
def sorted_by_digit(keys: NDArray[np.int32], order: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
    """Return ``order`` sorted stably by the 16 bits above ``shift`` of ``keys[order]``, which are not negative."""
    begin = np.zeros(65537, dtype=np.int64)
    for key in keys:
        begin[((key >> shift) & 65535) + 1] += 1
    for digit in range(65536):
        begin[digit + 1] += begin[digit]
    out = np.empty_like(order)
    for place in order:
        digit = (keys[place] >> shift) & 65535
        out[begin[digit]] = place
        begin[digit] += 1
    return out
