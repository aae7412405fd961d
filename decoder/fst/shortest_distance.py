"""Shortest distances: what the paths from the start to every state cost, or those from every state to the end."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .transducer import Fst, read_only

if TYPE_CHECKING:
    from .shortest_distance_kernels import Settled

DELTA = 1e-6


def shortest_distance(fst: Fst, reverse: bool = False, delta: float = DELTA) -> NDArray[np.float64]:
    """Return the shortest distance of every state of ``fst`` in its semiring, float64 (states,).

    From the start state, or with ``reverse`` to the final states, their weights included. In the tropical semiring it
    is the cost of the best path, in the log semiring -ln of the summed probability of all; infinite where there is
    none. Machines may be cyclic: components are settled in topological order, after Mohri (2002), exactly but for
    cycles through several states in the log semiring, where what reaches a state in one turn is no longer passed on
    once it is below ``delta`` of all that reached it.

    Raises FormatError where a cycle has a negative cost (tropical) or no loss of probability (log), so that there is
    no shortest distance, and OptionsError where ``delta`` is not between 0 and 1.
    """
    if not 0 < delta < 1:
        raise OptionsError(f"delta is {delta}; give a number between 0 and 1.")
    if reverse:
        return settled_to_final(fst, fst.semiring == "log", delta).distance
    return settled_from_start(fst, fst.semiring == "log", delta).distance


def settled_from_start(fst: Fst, log: bool, delta: float = DELTA) -> "Settled":
    """Return the distances from the start, and in the tropical semiring the arc by which each state is best reached."""
    initial = np.full(fst.states, np.inf)
    if fst.start >= 0:
        initial[fst.start] = 0.0
    arrays = fst.arrays
    return _settled(arrays.arc_begin, arrays.nextstates, arrays.weights, initial, log, delta)


def settled_to_final(fst: Fst, log: bool, delta: float = DELTA) -> "Settled":
    """Return the distances to the end, and in the tropical semiring the state that comes next on the best way there."""
    from .topsort_kernels import incoming

    arrays = fst.arrays
    begin, sources, weights, _ = incoming(arrays.arc_begin, arrays.nextstates, arrays.weights)
    initial = fst.final_weights.astype(np.float64)
    return _settled(read_only(begin), read_only(sources), read_only(weights), initial, log, delta)


def _settled(
    begin: NDArray[np.int64],
    targets: NDArray[np.int32],
    weights: NDArray[np.float32],
    initial: NDArray[np.float64],
    log: bool,
    delta: float,
) -> "Settled":
    from .shortest_distance_kernels import DIVERGES, Links, distances
    from .topsort_kernels import strong_components

    component, order, _ = strong_components(begin, targets)
    settled = new_settled(initial, log)
    status = distances(Links(begin, targets, weights, component), settled, order, log, delta)
    check_settled(DIVERGES if np.isneginf(settled.distance).any() else status)
    return settled


def new_settled(initial: NDArray[np.float64], log: bool) -> "Settled":
    """Return what the kernels work on, given what each state starts with."""
    from .shortest_distance_kernels import Settled

    states = len(initial)
    return Settled(
        distance=initial,
        parent=np.full(states, -1, dtype=np.int64),
        came_from=np.full(states, -1, dtype=np.int32),
        place=np.full(states, -1, dtype=np.int32),
        queue=np.empty(states, dtype=np.int32),
        pending=np.full(states, np.inf),
        mass=np.empty(states if log else 0),
        inflow=np.empty(states if log else 0),
    )


def check_settled(status: int) -> None:
    """Raise FormatError where there are no shortest distances."""
    from .shortest_distance_kernels import DIVERGES, NEGATIVE_CYCLE

    if status == NEGATIVE_CYCLE:
        raise FormatError("transducer: a cycle has a negative cost, so no path is shortest; raise its costs.")
    if status == DIVERGES:
        raise FormatError(
            "transducer: a cycle loses no or hardly any probability, so there is no sum over paths; raise its costs."
        )
