"""The topological order of a machine's states, which of them lie on a whole path, and their frames."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel


@kernel
def topological_order(arc_begin: NDArray[np.int64], nextstates: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the states so that every arc leads to a later one; fewer than all where there is a cycle."""
    states = len(arc_begin) - 1
    waiting = np.zeros(states, np.int64)
    for target in nextstates:
        waiting[target] += 1
    order = np.empty(states, np.int64)
    known = 0
    for state in range(states):
        if waiting[state] == 0:
            order[known] = state
            known += 1
    done = 0
    while done < known:
        state = order[done]
        done += 1
        for arc in range(arc_begin[state], arc_begin[state + 1]):
            target = nextstates[arc]
            waiting[target] -= 1
            if waiting[target] == 0:
                order[known] = target
                known += 1
    return order[:known]


@kernel
def on_a_path(
    order: NDArray[np.int64],
    start: int,
    arc_begin: NDArray[np.int64],
    nextstates: NDArray[np.int32],
    is_final: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Mark the states that ``start`` leads to and that lead to a final state."""
    reached = np.zeros(len(is_final), np.bool_)
    reached[start] = True
    for state in order:
        if reached[state]:
            for arc in range(arc_begin[state], arc_begin[state + 1]):
                reached[nextstates[arc]] = True
    useful = is_final.copy()
    for place in range(len(order) - 1, -1, -1):
        state = order[place]
        for arc in range(arc_begin[state], arc_begin[state + 1]):
            useful[state] |= useful[nextstates[arc]]
    for state in range(len(useful)):
        useful[state] &= reached[state]
    return useful


@kernel
def count_frames(
    arc_begin: NDArray[np.int64], nextstates: NDArray[np.int32], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int32], int]:
    """Return how many labels lead to each state, and a state that paths of two lengths lead to, -1 where none is.

    ``lengths`` (arcs,) is the number of labels that each arc reads; the states are in topological order.
    """
    frames = np.full(len(arc_begin) - 1, -1, np.int32)
    frames[:1] = 0
    for state in range(len(frames)):
        for arc in range(arc_begin[state], arc_begin[state + 1]):
            target, frame = nextstates[arc], frames[state] + lengths[arc]
            if frames[target] >= 0 and frames[target] != frame:
                return frames, target
            frames[target] = frame
    return frames, -1
