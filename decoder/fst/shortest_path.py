"""The best path, and the n best paths or strings, of a transducer in the tropical semiring."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .room import doubled
from .shortest_distance import settled_from_start, settled_to_final
from .transducer import EPSILON, NO_STATE, Fst

ROOM = 4096  # the entries, nodes and steps that a search begins with


def shortest_path(fst: Fst, n: int = 1, unique: bool = False) -> Fst:
    """Return the ``n`` paths of ``fst`` with the least costs, fewer where it has fewer, as chains from one start state.

    The chains come best first, ties in any but always the same order; each holds the arcs of its path, epsilons
    included, and ends in a state with the path's final weight. With ``unique`` they read different strings, for each
    its best path: strings of input labels without epsilons, so those of a lattice's words need ``project`` before.
    Exact: a best-first search over paths (for ``unique``: over strings, with all states that a string leads to) that
    knows what every state still costs. A machine without any accepted path gives one without states.

    Raises OptionsError in the log semiring, where no path stands for the sum, and where ``n`` is below 1; FormatError
    where a cycle has a negative cost; SearchError where the search does not fit the memory.
    """
    if fst.semiring != "tropical":
        raise OptionsError(f"shortest_path: the semiring is {fst.semiring}; paths are compared in the tropical one.")
    if n < 1:
        raise OptionsError(f"shortest_path: n is {n}; ask for at least one path.")
    if fst.start == NO_STATE:
        begin, arcs, last = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    elif n == 1:
        begin, arcs, last = _best(fst)
    else:
        begin, arcs, last = _several(fst, n, unique)
    return _chains(fst, begin, arcs, last)


_MOST_BESIDE_NEGATIVE = 1e9
"""Up to here sums in float64 tell costs of 1e-6 apart."""

Paths = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Where each path begins among the arcs, int64 (paths + 1,); all arcs; the last state of each path."""


def _best(fst: Fst) -> Paths:
    from .shortest_path_kernels import trace

    settled = settled_from_start(fst, log=False)
    total = settled.distance + fst.final_weights
    last = np.array([np.argmin(total)], dtype=np.int64)
    if total[last[0]] == np.inf:
        last = last[:0]
    begin, arcs = trace(settled.came_from.astype(np.int64), settled.parent, last)
    return begin, arcs, last


def _several(fst: Fst, n: int, unique: bool) -> Paths:
    from .shortest_path_kernels import FOUND, FULL, Entries, Nodes, Search, States, Steps, find_ends, trace

    def numbers() -> NDArray[np.int64]:
        return np.empty(ROOM, dtype=np.int64)

    _refuse_drowned_cycles(fst)
    ahead = settled_to_final(fst, log=False).distance
    search = Search(
        Entries(np.empty(ROOM, dtype=np.int32), np.empty(ROOM), numbers(), numbers(), np.empty(ROOM, dtype=np.bool_)),
        Nodes(np.empty(ROOM), numbers(), numbers(), numbers(), numbers(), np.empty(ROOM)),
        Steps(numbers(), numbers(), numbers()),
        States(
            ahead,
            _onward(fst, ahead, unique),
            np.full(fst.states, -1, dtype=np.int64),
            np.zeros(fst.states, dtype=np.int64),
        ),
        np.zeros(7, dtype=np.int64),
        np.array([np.inf, -np.inf]),
    )
    while find_ends(fst.arrays, search, fst.start, n, unique) == FULL:
        search = search._replace(
            entries=doubled(search.entries, "shortest_path"),
            nodes=doubled(search.nodes, "shortest_path"),
            steps=doubled(search.steps, "shortest_path"),
        )
    ends = search.nodes.found[: search.position[FOUND]]
    begin, arcs = trace(search.entries.back, search.entries.arc, ends)
    return begin, arcs, search.entries.state[ends].astype(np.int64)


def _refuse_drowned_cycles(fst: Fst) -> None:
    """Raise FormatError where a cycle could cost less than nothing and sums with greater costs would not show it."""
    costs = np.concatenate([fst.weights, fst.final_weights])
    most = float(np.abs(costs[np.isfinite(costs)]).max(initial=0.0))
    if most > _MOST_BESIDE_NEGATIVE and fst.arcs and fst.weights.min() < 0:
        raise FormatError(
            f"shortest_path: beside a cost of {most:g} negative costs don't count; leave such paths out instead."
        )


def _onward(fst: Fst, ahead: NDArray[np.float64], unique: bool) -> NDArray[np.float64]:
    """Return what each state costs to the end by an arc, or with ``unique`` by one that reads a label."""
    costs = fst.weights + ahead[fst.nextstates]
    if unique:
        costs[fst.ilabels == EPSILON] = np.inf
    onward = np.full(fst.states, np.inf)
    leads_on = np.diff(fst.arc_begin) > 0
    onward[leads_on] = np.minimum.reduceat(costs, fst.arc_begin[:-1][leads_on]) if fst.arcs else np.inf
    return onward


def _chains(fst: Fst, begin: NDArray[np.int64], arcs: NDArray[np.int64], last: NDArray[np.int64]) -> Fst:
    """Return the machine of paths: state 0, then those that the arcs lead to, in their order."""
    if not len(last):
        return replace(Fst.from_arcs(NO_STATE, [], [], [], [], [], []), isymbols=fst.isymbols, osymbols=fst.osymbols)
    targets = np.arange(1, len(arcs) + 1)
    sources = targets - 1
    sources[begin[:-1][np.diff(begin) > 0]] = 0
    finals = np.full(len(arcs) + 1, np.inf)
    ends = np.where(np.diff(begin) > 0, begin[1:], 0)  # at most one path has no arcs
    finals[ends] = fst.final_weights[last]
    chains = Fst.from_arcs(0, sources, fst.ilabels[arcs], fst.olabels[arcs], fst.weights[arcs], targets, finals)
    return replace(chains, isymbols=fst.isymbols, osymbols=fst.osymbols)
