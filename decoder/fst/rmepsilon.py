"""Epsilon removal: the arcs that read and write nothing go, what they lead to comes nearer."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .connect import connect as connected
from .room import check_memory
from .shortest_distance import DELTA, check_settled, new_settled
from .transducer import EPSILON, NO_STATE, Fst, FstArrays, read_only

if TYPE_CHECKING:
    from .shortest_distance_kernels import Links


def rmepsilon(fst: Fst, connect: bool = True, delta: float = DELTA) -> Fst:
    """Return a machine with the same weighted language as ``fst`` and no arc with epsilon on both sides.

    A state takes over the arcs of all states that epsilons lead to, at their shortest distance in the semiring (Mohri,
    2002); of arcs that are then equal but for their costs one is left. States into which epsilons alone lead go; the
    others keep their order. With ``connect`` the states on no path from the start to the end are left out, too.
    ``delta`` bounds what is neglected of cycles of epsilons in the log semiring, see ``shortest_distance``.

    Raises FormatError where a cycle of epsilons has a negative cost (tropical) or loses no probability (log), and
    SearchError where the result does not fit the memory.
    """
    if not 0 < delta < 1:
        raise OptionsError(f"delta is {delta}; give a number between 0 and 1.")
    fst = connected(fst) if connect or fst.start == NO_STATE else fst
    is_epsilon = (fst.ilabels == EPSILON) & (fst.olabels == EPSILON)
    if not is_epsilon.any():
        return fst
    result = _without(fst, is_epsilon, delta)
    return connected(result) if connect else result


def _without(fst: Fst, is_epsilon: NDArray[np.bool_], delta: float) -> Fst:
    from .rmepsilon_kernels import Closure, Ends, Rows, most_arcs, remove_epsilons

    stays = np.zeros(fst.states, dtype=bool)
    stays[fst.start] = True
    stays[fst.nextstates[~is_epsilon]] = True
    number = np.cumsum(stays, dtype=np.int32) - np.int32(1)
    links, rank = _links(fst, is_epsilon)
    arcs = FstArrays(
        read_only(fst.arc_begin - links.begin),
        read_only(fst.ilabels[~is_epsilon]),
        read_only(fst.olabels[~is_epsilon]),
        read_only(fst.weights[~is_epsilon]),
        read_only(number[fst.nextstates[~is_epsilon]]),
        fst.arrays.final_weights,
    )
    log, states = fst.semiring == "log", np.flatnonzero(stays).astype(np.int32)
    settled, nothing = new_settled(np.full(fst.states, np.inf), log), np.zeros(0, dtype=np.int64)
    seen, members = np.full(fst.states, NO_STATE, dtype=np.int32), np.empty(fst.states, dtype=np.int32)
    closure = Closure(rank, seen, members, nothing, nothing)
    most, longest = map(int, most_arcs(arcs, links, settled, closure, states))
    check_memory(16 * most, "rmepsilon")
    seen.fill(NO_STATE)
    table = np.zeros(2 << (2 * longest).bit_length(), dtype=np.int64)
    closure = closure._replace(table=table, used=np.empty(longest, dtype=np.int64))
    ilabels, olabels, nextstates = (np.empty(most, dtype=np.int32) for _ in range(3))
    rows = Rows(ilabels, olabels, np.empty(most, dtype=np.float32), nextstates)
    ends = Ends(states, np.empty(len(states) + 1, dtype=np.int64), np.empty(len(states), dtype=np.float32))
    check_settled(remove_epsilons(arcs, links, settled, closure, rows, ends, log, delta))
    end = int(ends.arc_begin[-1])
    return replace(
        fst,
        start=int(number[fst.start]),
        arc_begin=ends.arc_begin,
        ilabels=rows.ilabels[:end],
        olabels=rows.olabels[:end],
        weights=rows.weights[:end],
        nextstates=rows.nextstates[:end],
        final_weights=ends.final_weights,
    )


def _links(fst: Fst, is_epsilon: NDArray[np.bool_]) -> "tuple[Links, NDArray[np.float64]]":
    """Return the epsilons alone, and the place of each state in the topological order that they give."""
    from .shortest_distance_kernels import Links
    from .topsort_kernels import strong_components

    before = np.zeros(fst.arcs + 1, dtype=np.int64)
    np.cumsum(is_epsilon, out=before[1:])
    begin, targets = read_only(before[fst.arc_begin]), read_only(fst.nextstates[is_epsilon])
    component, order, _ = strong_components(begin, targets)
    rank = np.empty(fst.states)
    rank[order] = np.arange(fst.states)
    return Links(begin, targets, read_only(fst.weights[is_epsilon]), component), rank
