"""Reading a machine backwards."""

from dataclasses import replace

import numpy as np

from .transducer import EPSILON, NO_STATE, Fst


def reverse(fst: Fst) -> Fst:
    """Return the machine that reads and writes every string of ``fst`` backwards, at the same cost.

    As OpenFst makes it: state 0 is new, with an epsilon arc to each final state at its final cost; state s becomes
    s + 1; the old start is the one final state.
    """
    from .connect_kernels import turned_links

    arrays = fst.arrays
    begin, which, sources = turned_links(arrays.arc_begin, arrays.nextstates)
    final = np.flatnonzero(arrays.final_weights < np.inf)
    final_weights = np.full(fst.states + 1, np.inf, dtype=np.float32)
    if fst.start != NO_STATE:
        final_weights[fst.start + 1] = 0
    silent = np.full(len(final), EPSILON, dtype=np.int32)
    return replace(
        fst,
        start=0,
        arc_begin=np.concatenate([[0], begin + len(final)]).astype(np.int64),
        ilabels=np.concatenate([silent, arrays.ilabels[which]]),
        olabels=np.concatenate([silent, arrays.olabels[which]]),
        weights=np.concatenate([arrays.final_weights[final], arrays.weights[which]]),
        nextstates=np.concatenate([final + 1, sources.astype(np.int64) + 1]).astype(np.int32),
        final_weights=final_weights,
    )
