"""A search graph as the search reads it: each state and each arc in one piece of memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ..fst.transducer import read_only
from ..graph.search_graph import Graph
from .token_arrays import HAS_WORD, LABEL_SHIFT, LOOKS_AHEAD, MOVES, GraphArrays

MOST_LABELS = 2**31 >> LABEL_SHIFT


def pack_graph(
    graph: Graph, points: NDArray[np.int32] | None = None, moving: NDArray[np.bool_] | None = None
) -> tuple[GraphArrays, int]:
    """Return ``graph`` packed, and how many levels of epsilon arcs it has.

    ``points`` int32 (states,): states with equal numbers look ahead to equal costs; None: all do. ``moving`` bool
    (output labels,): the labels that change history 0 or cost something there; None: all do. Raises FormatError
    where the graph is none (``Graph.check``), or has too many arcs, labels or epsilon arcs in a row.
    """
    from .level_kernels import mark_levels

    graph.check()
    fst = graph.fst
    if fst.arcs >= 2**31 or len(graph.score_column) >= MOST_LABELS:
        raise FormatError(
            f"graph: more than 2^31 arcs or {MOST_LABELS:,} input labels cannot be searched; make it smaller."
        )
    states = np.empty(2 * fst.states + 1, np.int32)
    states[::2], states[1::2] = fst.arc_begin, fst.epsilon_begin
    arcs: NDArray[Any] = np.empty(3 * fst.arcs, np.int32)
    arcs[::3], arcs[1::3] = fst.nextstates, fst.weights.view(np.int32)
    np.left_shift(fst.ilabels, LABEL_SHIFT, out=arcs[2::3], dtype=np.int32)
    spoken = fst.olabels != 0
    arcs[2::3] |= np.multiply(spoken, HAS_WORD, dtype=np.int32)
    arcs[2::3] |= np.multiply(spoken if moving is None else spoken & moving[fst.olabels], MOVES, dtype=np.int32)
    if points is not None:
        moves = points[fst.nextstates] != np.repeat(points, np.diff(fst.arc_begin))
        arcs[2::3] |= np.multiply(moves, LOOKS_AHEAD, dtype=np.int32)
    level = np.zeros(fst.states, np.uint8)
    owners = np.flatnonzero(states[1::2] < states[2::2]).astype(np.int32)
    highest = int(mark_levels(states, arcs, owners, level))
    if highest < 0:
        raise FormatError(
            f"graph: more than 255 epsilon arcs follow one another behind state {-1 - highest}; remove epsilons."
        )
    packed = GraphArrays(states, arcs, arcs.view(np.float32), level, fst.arrays.olabels, read_only(graph.score_column))
    return packed, highest + 1
