"""Questions of connection: which states lie on a path from the start to a final state, whether epsilons form cycles."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .transducer import EPSILON, NO_STATE, Fst, FstArrays, read_only


def connect(fst: Fst) -> Fst:
    """Return ``fst`` without the states and arcs that are on no path from its start to a final state.

    The others keep their order. Without such a path nothing is left: no states, start -1.
    """
    if fst.start == NO_STATE:
        return _without_states(fst)
    arrays = fst.arrays
    kept = accessible(arrays, fst.start) & coaccessible(arrays)
    return keep_states(fst, kept) if kept[fst.start] else _without_states(fst)


def reachable_part(fst: Fst) -> Fst:
    """Return ``fst`` without the states that cannot be reached from its start; the others keep their order."""
    if fst.start == NO_STATE:
        return _without_states(fst)
    return keep_states(fst, accessible(fst.arrays, fst.start))


def accessible(arrays: FstArrays, start: int) -> NDArray[np.bool_]:
    """Return the mask, (states,), of what can be reached from the state ``start``, itself included."""
    from .connect_kernels import reached_from

    return reached_from(arrays.arc_begin, arrays.nextstates, np.array([start], dtype=np.int64))


def coaccessible(arrays: FstArrays) -> NDArray[np.bool_]:
    """Return the mask, (states,), of the states from which a final state can be reached."""
    from .connect_kernels import reached_from, turned_links

    begin, _, sources = turned_links(arrays.arc_begin, arrays.nextstates)
    return reached_from(read_only(begin), read_only(sources), np.flatnonzero(np.isfinite(arrays.final_weights)))


def start_is_on_cycle(fst: Fst) -> bool:
    """Return whether some path leads from the start of ``fst`` back to it."""
    from .connect_kernels import reached_from

    if fst.start == NO_STATE:
        return False
    arrays = fst.arrays
    seeds = arrays.nextstates[arrays.arc_begin[fst.start] : arrays.arc_begin[fst.start + 1]]
    return bool(reached_from(arrays.arc_begin, arrays.nextstates, seeds.astype(np.int64))[fst.start])


def keep_states(fst: Fst, kept: NDArray[np.bool_]) -> Fst:
    """Return ``fst`` with only the states of the mask ``kept``, in their order, and the arcs between them."""
    if kept.all():
        return fst
    number = np.cumsum(kept, dtype=np.int32) - np.int32(1)
    arc_kept = np.repeat(kept, np.diff(fst.arc_begin))
    arc_kept &= kept[fst.nextstates]
    before = np.zeros(fst.arcs + 1, dtype=np.int64)
    np.cumsum(arc_kept, out=before[1:])
    return replace(
        fst,
        start=int(number[fst.start]) if fst.start != NO_STATE and kept[fst.start] else NO_STATE,
        arc_begin=np.append(before[fst.arc_begin[:-1][kept]], before[-1]),
        ilabels=fst.ilabels[arc_kept],
        olabels=fst.olabels[arc_kept],
        weights=fst.weights[arc_kept],
        nextstates=number[fst.nextstates[arc_kept]],
        final_weights=fst.final_weights[kept],
    )


def keep_arcs(fst: Fst, kept: NDArray[np.bool_]) -> Fst:
    """Return ``fst`` with only the arcs of the mask ``kept`` and all of its states."""
    if kept.all():
        return fst
    before = np.zeros(fst.arcs + 1, dtype=np.int64)
    np.cumsum(kept, out=before[1:])
    return replace(
        fst,
        arc_begin=before[fst.arc_begin],
        ilabels=fst.ilabels[kept],
        olabels=fst.olabels[kept],
        weights=fst.weights[kept],
        nextstates=fst.nextstates[kept],
    )


def has_epsilon_cycle(fst: Fst) -> bool:
    """Return whether some arcs of ``fst`` that read epsilon form a cycle; fast where they all lead to lower states."""
    from .topsort import is_acyclic

    silent = np.asarray(fst.ilabels == EPSILON)
    if np.all(fst.nextstates[silent] < fst.sources()[silent]):
        return False
    return not is_acyclic(keep_arcs(fst, silent))


def _without_states(fst: Fst) -> Fst:
    nothing = np.zeros(fst.states, dtype=bool)
    return replace(keep_states(fst, nothing), start=NO_STATE)
