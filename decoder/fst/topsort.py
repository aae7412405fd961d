"""Order of states: topological order, cycles, strongly connected components."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .transducer import Fst


def strongly_connected(fst: Fst) -> tuple[NDArray[np.int32], int]:
    """Return the strongly connected component of every state, int32 (states,), and how many there are.

    They are numbered in topological order: an arc leads to its own component or to a higher one.
    """
    from .topsort_kernels import strong_components

    component, _, count = strong_components(fst.arrays.arc_begin, fst.arrays.nextstates)
    return component, count


def is_acyclic(fst: Fst) -> bool:
    """Return whether no path of ``fst``, reachable or not, comes back to a state."""
    _, count = strongly_connected(fst)
    return count == fst.states and not bool(np.any(fst.nextstates == fst.sources()))


def topsort(fst: Fst) -> Fst | None:
    """Return ``fst`` with its states in topological order, so that every arc leads to a higher one; None if cyclic."""
    component, count = strongly_connected(fst)
    if count < fst.states or np.any(fst.nextstates == fst.sources()):
        return None
    order = np.empty(fst.states, dtype=np.int64)
    order[component] = np.arange(fst.states)
    lengths = np.diff(fst.arc_begin)[order]
    arc_begin = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    arcs = np.repeat(fst.arc_begin[:-1][order] - arc_begin[:-1], lengths) + np.arange(fst.arcs)
    sorted_arcs = fst.take_arcs(arcs)
    return replace(
        sorted_arcs,
        start=int(component[fst.start]) if fst.start >= 0 else fst.start,
        arc_begin=arc_begin,
        nextstates=component[sorted_arcs.nextstates],
        final_weights=fst.final_weights[order],
    )
