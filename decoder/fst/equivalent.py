"""Whether two machines give every string the same cost: exact for deterministic acceptors, by random paths for all."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .arcsort import arcsort
from .compose import compose
from .connect import connect, keep_arcs
from .rational import check_compatible
from .transducer import EPSILON, NO_STATE, Fst

DELTA = 1 / 1024
"""How much costs that count as equal may differ (OpenFst's kDelta)."""


def equivalent(a: Fst, b: Fst, delta: float = DELTA) -> bool:
    """Return whether two acceptors, deterministic and without epsilons, accept the same strings at the same costs.

    Costs may lie anywhere along the paths; those of a string may differ by ``delta``. Raises OptionsError where a
    machine is of another kind, or the two have different semirings or symbol tables.
    """
    from .equivalent_kernels import acceptors_differ

    check_compatible("equivalent", a, b)
    one, other = _prepared(a, "first"), _prepared(b, "second")
    if one.start == NO_STATE or other.start == NO_STATE:
        return one.start == other.start
    return not acceptors_differ(one.arrays, other.arrays, one.start, other.start, delta)


def random_equivalent(
    a: Fst, b: Fst, paths: int = 1, seed: int = 0, delta: float = DELTA, max_length: int | None = None
) -> bool:
    """Return whether the strings of ``paths`` random paths, of either machine, cost the same in both.

    Any two transducers can be compared; machines that differ are found out only with luck. Costs may differ by
    ``delta``; ``max_length`` bounds the arcs of a path as ``RandomPaths`` says. Raises OptionsError where the two have
    different semirings or symbol tables.
    """
    from .random_path import MAX_LENGTH, RandomPaths

    check_compatible("equivalent", a, b)
    if paths < 1:
        raise OptionsError(f"equivalent: paths is {paths}; give at least 1.")
    one, other = (connect(keep_arcs(fst, np.asarray(fst.weights < np.inf))) for fst in (a, b))
    if one.start == NO_STATE or other.start == NO_STATE:
        return one.start == other.start
    sorted_machines = arcsort(one), arcsort(other)
    draws = [RandomPaths(fst, seed, MAX_LENGTH if max_length is None else max_length) for fst in sorted_machines]
    coin = np.random.default_rng(seed)
    for _ in range(paths):
        draw = draws[int(coin.integers(2))]
        arcs = draw.draw().arcs
        read, written = (_string(labels[arcs], a.semiring) for labels in (draw.fst.ilabels, draw.fst.olabels))
        costs = [_total(compose(compose(read, _bare(fst)), written)) for fst in sorted_machines]
        if not (costs[0] == costs[1] or abs(costs[0] - costs[1]) <= delta):
            return False
    return True


def _prepared(fst: Fst, which: str) -> Fst:
    """Return the acceptor trimmed and sorted; OptionsError where it is none that can be compared."""
    wrong = None
    if not np.array_equal(fst.ilabels, fst.olabels):
        wrong = "is a transducer"
    elif np.any(fst.ilabels == EPSILON):
        wrong = "has epsilons"
    fst = arcsort(fst)
    same_state = np.ones(max(fst.arcs - 1, 0), dtype=bool)
    same_state[fst.arc_begin[(fst.arc_begin > 0) & (fst.arc_begin < fst.arcs)] - 1] = False
    if np.any((fst.ilabels[1:] == fst.ilabels[:-1]) & same_state):
        wrong = wrong or "is not deterministic"
    if wrong:
        raise OptionsError(f"equivalent: the {which} machine {wrong}; determinize it, or compare random paths.")
    return connect(keep_arcs(fst, np.asarray(fst.weights < np.inf)))


def _string(labels: NDArray[np.int32], semiring: str) -> Fst:
    """Return the acceptor of one string, epsilons left out."""
    kept = labels[labels != EPSILON]
    finals = np.full(len(kept) + 1, np.inf)
    finals[-1] = 0
    places = np.arange(len(kept))
    return Fst.from_arcs(0, places, kept, kept, np.zeros(len(kept)), places + 1, finals, semiring)


def _bare(fst: Fst) -> Fst:
    return replace(fst, isymbols=None, osymbols=None)


def _total(fst: Fst) -> float:
    """Return the cost of all paths of ``fst`` together."""
    from .shortest_distance import shortest_distance

    return float(shortest_distance(fst, reverse=True)[fst.start]) if fst.start != NO_STATE else np.inf
