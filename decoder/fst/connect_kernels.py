"""Compiled walks over the links between states, whatever their labels."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel


@kernel
def reached_from(begin: NDArray[np.int64], targets: NDArray[np.int32], seeds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the mask of the states that some path leads to from ``seeds``, the seeds included.

    ``begin`` (states + 1,) and ``targets`` (links,) are compressed rows.
    """
    states = len(begin) - 1
    reached = np.zeros(states, dtype=np.bool_)
    waiting = np.empty(states, dtype=np.int32)
    count = 0
    for seed in seeds:
        if not reached[seed]:
            reached[seed] = True
            waiting[count] = seed
            count += 1
    while count > 0:
        count -= 1
        state = waiting[count]
        for link in range(begin[state], begin[state + 1]):
            target = targets[link]
            if not reached[target]:
                reached[target] = True
                waiting[count] = target
                count += 1
    return reached


@kernel
def turned_links(
    begin: NDArray[np.int64], targets: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return the compressed rows of the same links turned round: begin, and the link and the source of each.

    The links into a state keep their order.
    """
    states = len(begin) - 1
    links = len(targets)
    turned_begin = np.zeros(states + 1, dtype=np.int64)
    for link in range(links):
        turned_begin[targets[link] + 1] += 1
    for state in range(states):
        turned_begin[state + 1] += turned_begin[state]
    place = turned_begin[:-1].copy()
    which = np.empty(links, dtype=np.int64)
    sources = np.empty(links, dtype=np.int32)
    for state in range(states):
        for link in range(begin[state], begin[state + 1]):
            at = place[targets[link]]
            which[at] = link
            sources[at] = state
            place[targets[link]] = at + 1
    return turned_begin, which, sources
