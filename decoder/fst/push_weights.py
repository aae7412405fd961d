"""Pushing weights: every path keeps its cost, paid as early, or as late, as can be."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .shortest_distance import shortest_distance
from .transducer import EPSILON, Fst

_MOST_COST = 1e38
"""The sum of three such costs, which an arc may come to, fits into float32."""


def carries_weights(fst: Fst) -> bool:
    """Return whether any arc, or final state, has a cost other than 0."""
    return bool(fst.weights.any() or fst.final_weights[np.isfinite(fst.final_weights)].any())


def potentials_to_final(fst: Fst) -> NDArray[np.float64]:
    """Return the cost from every state to the end, float64 (states,).

    Raises FormatError where costs are so great that float32 might not hold what comes of pushing them.
    """
    return _potentials(fst, reverse=True)


def _potentials(fst: Fst, reverse: bool) -> NDArray[np.float64]:
    potentials = shortest_distance(fst, reverse=reverse)
    costs = np.concatenate([potentials, fst.weights, fst.final_weights])
    most = float(np.abs(costs[np.isfinite(costs)]).max(initial=0.0))
    if most > _MOST_COST:
        raise FormatError(
            f"transducer: costs up to {most:g} cannot be pushed in float32; leave such paths out instead."
        )
    return potentials


def weights_pushed_to_initial(fst: Fst, remove_total: bool) -> Fst:
    """Return ``fst`` with what arcs and final weight of a state cost together, in the semiring, being 0.

    The cost of the whole is dropped, or stands before everything else: on the arcs of the start state, or where a
    cycle leads through that, on an epsilon arc from a new one.
    """
    potentials = potentials_to_final(fst)
    total = potentials[fst.start]
    pushed = reweighted_to_initial(fst, potentials)
    if remove_total or total == 0.0 or np.isinf(total):
        return pushed
    if not np.any(fst.nextstates == fst.start):
        return charged_at_start(pushed, total)
    return replace(
        pushed,
        start=fst.states,
        arc_begin=np.append(fst.arc_begin, fst.arcs + 1),
        ilabels=np.append(fst.ilabels, np.int32(EPSILON)),
        olabels=np.append(fst.olabels, np.int32(EPSILON)),
        weights=np.append(pushed.weights, np.float32(total)),
        nextstates=np.append(fst.nextstates, np.int32(fst.start)),
        final_weights=np.append(pushed.final_weights, np.float32(np.inf)),
    )


def weights_pushed_to_final(fst: Fst, remove_total: bool) -> Fst:
    """Return ``fst`` with what the arcs into a state cost together, in the semiring, being 0.

    The cost of the whole is dropped, or left on the final weights.
    """
    potentials = _potentials(fst, reverse=False)
    final = potentials + fst.final_weights - potentials[fst.start]
    if remove_total:
        final -= total_of(final, fst.semiring)
    return _changed(fst, -potentials, final)


def reweighted_to_initial(fst: Fst, potentials: NDArray[np.float64]) -> Fst:
    """Return ``fst`` with the cost that is still to come, ``potentials``, paid on the way into each state.

    That of the start state is paid nowhere.
    """
    with np.errstate(invalid="ignore"):
        final = fst.final_weights - potentials
    return _changed(fst, potentials, final)


def charged_at_start(fst: Fst, cost: float) -> Fst:
    """Return ``fst`` with ``cost`` on the arcs of the start state and its final weight."""
    weights, finals = fst.weights.copy(), fst.final_weights.copy()
    weights[fst.arc_begin[fst.start] : fst.arc_begin[fst.start + 1]] += np.float32(cost)
    finals[fst.start] += np.float32(cost)
    return replace(fst, weights=weights, final_weights=finals)


def total_of(costs: NDArray[np.float64], semiring: str) -> float:
    """Return the semiring's sum of ``costs``; 0 where all are infinite."""
    finite = costs[np.isfinite(costs)]
    if not len(finite):
        return 0.0
    least = float(finite.min())
    return least if semiring == "tropical" else least - float(np.log(np.exp(least - finite).sum()))


def _changed(fst: Fst, potentials: NDArray[np.float64], final: NDArray[np.float64]) -> Fst:
    """Return ``fst`` with ``final`` weights, and arcs that pay their end's potential and are paid that of their start.

    What lies on no path keeps its weight.
    """
    with np.errstate(invalid="ignore"):
        change = potentials[fst.nextstates] - potentials[fst.sources()]
    weights = fst.weights + np.where(np.isfinite(change), change, 0.0)
    finals = np.where(np.isfinite(fst.final_weights) & np.isfinite(final), final, np.inf)
    return replace(fst, weights=weights.astype(np.float32), final_weights=finals.astype(np.float32))
