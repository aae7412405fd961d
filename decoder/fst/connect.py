"""Questions of connection: which states the start reaches, whether epsilon arcs go in circles."""

import numpy as np

from .transducer import EPSILON, Fst


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
        arc_begin=before[begin],
        ilabels=fst.ilabels[arc_kept],
        olabels=fst.olabels[arc_kept],
        weights=fst.weights[arc_kept],
        nextstates=number[fst.nextstates[arc_kept]],
        final_weights=fst.final_weights[kept],
    )


def has_epsilon_cycle(fst: Fst) -> bool:
    """Return whether some epsilon arcs of ``fst`` form a cycle; fast where they all lead to lower states."""
    targets = fst.nextstates[fst.ilabels == EPSILON]
    sources = fst.sources()[fst.ilabels == EPSILON]
    if np.all(targets < sources):
        return False
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(sources)), (sources, targets)), shape=(fst.states, fst.states)).tocsr()
    components, _ = connected_components(links, directed=True, connection="strong")
    return bool(components < fst.states or np.any(targets == sources))
