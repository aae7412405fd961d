"""How far epsilon arcs lead: the order in which a frame's tokens follow them."""

import numpy as np
from numpy.typing import NDArray

from ...jit import lean_kernel


@lean_kernel
def mark_levels(
    states: NDArray[np.int32], arcs: NDArray[np.int32], owners: NDArray[np.int32], level: NDArray[np.uint8]
) -> int:
    """Set ``level`` (states,), zero on entry, to the longest epsilon path from each state, and add it to the arcs.

    ``owners`` are the states that epsilon arcs leave. Returns the largest, or -1 - state where an epsilon cycle passes
    near that state or a path has more than 255 arcs.
    """
    largest = 0
    changed = True
    while changed:
        changed = False
        for i in range(len(owners)):
            state = int(owners[i])
            height = 0
            for arc in range(states[2 * state + 1], states[2 * state + 2]):
                height = max(height, np.int64(level[arcs[3 * arc]]) + 1)
            if height > 255:
                return -1 - state
            if height != level[state]:
                level[state] = height
                largest = max(largest, height)
                changed = True
    for arc in range(states[len(states) - 1]):
        arcs[3 * arc + 2] |= level[arcs[3 * arc]]
    return largest
