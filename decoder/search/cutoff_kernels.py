"""Which tokens of a frame are followed, and how far the next frame's may lie behind the best.

The rules are those of Kaldi's faster-decoder and lattice-faster-decoder.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel
from .history_kernels import HistoryArrays
from .token_arrays import (
    BEAM,
    HAS_WORD,
    LABEL_SHIFT,
    LOOKS_AHEAD,
    MAX_ACTIVE,
    MIN_ACTIVE,
    MOVES,
    GraphArrays,
    Tokens,
    Widths,
    Work,
)


@inlined_kernel
def nth_smallest(values: NDArray[np.float64], count: int, rank: int) -> float:
    """Return the value that would stand at ``rank`` (from 0) if ``values[:count]`` were sorted; reorders them."""
    low, high = np.int64(0), count - 1
    while low < high:
        a, b, c = values[low], values[(low + high) >> 1], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return float(values[rank])


@inlined_kernel
def cutoffs(
    cost: NDArray[np.float64], begin: int, end: int, widths: Widths, order: NDArray[np.float64]
) -> tuple[int, float, float, int]:
    """Return the best token of ``begin:end`` (-1: there is none), the highest cost to follow, the beam for the next
    frame, and which limit set them.

    The rules are those of Kaldi's GetCutoff: of more than max_active tokens within the beam, the max_active best and
    the next one are followed; where no more than min_active are within it, the min_active best and the next one are;
    and all of them, to wherever they lead, where there are no more than min_active.
    """
    best = -1
    least = np.inf
    for token in range(begin, end):
        if cost[token] < least:
            least = cost[token]
            best = token
    limit = least + widths.beam
    within = np.int64(0)
    for token in range(begin, end):
        within += cost[token] <= limit
    if best < 0 or widths.min_active < within <= widths.max_active:
        return best, limit, widths.beam, BEAM
    if end - begin <= widths.min_active:
        return best, np.inf, np.inf, MIN_ACTIVE
    bound, rank = (MAX_ACTIVE, widths.max_active) if within > widths.max_active else (MIN_ACTIVE, widths.min_active)
    for token in range(begin, end):
        order[token - begin] = cost[token]
    limit = nth_smallest(order, end - begin, rank)
    return best, limit, limit - least + widths.beam_delta, bound


@inlined_kernel
def first_cutoff(
    graph: GraphArrays, tokens: Tokens, work: Work, model: HistoryArrays | None, best: int, beam: float
) -> float:
    """Return what the arcs of the best token alone say about the next frame's cutoff (infinite where they say nothing).

    It spares most of what the other tokens would add and then drop.
    """
    least, mask = np.inf, 0
    state = tokens.state[best]
    if model is not None:
        mask = LOOKS_AHEAD | (HAS_WORD if tokens.history[best] != 0 else MOVES)
    for arc in range(graph.states[2 * state], graph.states[2 * state + 1]):
        packed = graph.arcs[3 * arc + 2]
        step = np.float64(graph.costs[3 * arc + 1]) + work.scaled[packed >> LABEL_SHIFT]
        if packed & mask:
            continue
        least = min(least, step)
    return float(tokens.cost[best] + least + beam)
