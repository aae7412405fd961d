"""Dropping the states that no path from the start reaches."""

import numpy as np

from .fst import Fst


def reachable_part(fst: Fst) -> Fst:
    """Return ``fst`` without the states that cannot be reached from its start; the others keep their order."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    links = csr_array(
        (np.ones(fst.arcs, dtype=np.float64), fst.nextstates, fst.arc_begin), shape=(fst.states, fst.states)
    )
    kept = np.zeros(fst.states, dtype=bool)
    kept[breadth_first_order(links, fst.start, return_predecessors=False)] = True
    if kept.all():
        return fst
    number = np.cumsum(kept, dtype=np.int32) - 1
    arc_kept = np.repeat(kept, np.diff(fst.arc_begin))
    before = np.concatenate([[0], np.cumsum(arc_kept)])
    begin = np.append(fst.arc_begin[:-1][kept], fst.arcs)
    return Fst(
        start=int(number[fst.start]),
        arc_begin=before[begin].astype(fst.arc_begin.dtype),
        epsilon_begin=before[fst.epsilon_begin[kept]].astype(fst.epsilon_begin.dtype),
        ilabels=fst.ilabels[arc_kept],
        olabels=fst.olabels[arc_kept],
        weights=fst.weights[arc_kept],
        nextstates=number[fst.nextstates[arc_kept]],
        final_weights=fst.final_weights[kept],
    )
