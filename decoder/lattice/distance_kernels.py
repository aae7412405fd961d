"""Costs from the start to each state and from each state to an end: of the best path, or of all paths together."""

import math

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .lattice import LatticeArrays


@inlined_kernel
def add(a: float, b: float, log_sum: bool) -> float:
    """Return the lesser cost, or with ``log_sum`` the cost of both together: -ln(exp(-a) + exp(-b))."""
    low, high = (a, b) if a < b else (b, a)
    if not log_sum or high == np.inf:
        return low
    return low - math.log1p(math.exp(low - high))


@kernel
def costs_behind(lattice: LatticeArrays, log_sum: bool) -> NDArray[np.float64]:
    """Return what it costs to come from state 0 to each state, float64 (states,), infinite where no path leads."""
    behind = np.full(len(lattice.final_totals), np.inf)
    behind[:1] = 0.0
    for state in range(len(behind)):
        if behind[state] == np.inf:
            continue
        for arc in range(lattice.arc_begin[state], lattice.arc_begin[state + 1]):
            target = lattice.nextstates[arc]
            behind[target] = add(behind[target], behind[state] + lattice.totals[arc], log_sum)
    return behind


@kernel
def costs_ahead(lattice: LatticeArrays, log_sum: bool) -> NDArray[np.float64]:
    """Return what it costs to get from each state to an end, float64 (states,), infinite where no path leads."""
    ahead = lattice.final_totals.copy()
    for state in range(len(ahead) - 1, -1, -1):
        for arc in range(lattice.arc_begin[state], lattice.arc_begin[state + 1]):
            cost = ahead[lattice.nextstates[arc]] + lattice.totals[arc]
            if cost < np.inf:
                ahead[state] = add(ahead[state], cost, log_sum)
    return ahead
