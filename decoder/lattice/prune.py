"""Pruning a lattice: what lies on no path within the beam goes."""

import math

import numpy as np

from ...errors import OptionsError
from .assemble import Pieces, reassemble
from .lattice import Lattice

SLACK = 1e-9
"""Times 1 + the best cost: what rounding may add to the cost of a path that counts as within the beam."""


def prune(lattice: Lattice, beam: float) -> Lattice:
    """Return the lattice with the arcs and final costs through which a path at most ``beam`` worse than the best leads.

    Exact: by the best costs from the start and to an end. Raises OptionsError where ``beam`` is NaN or negative.
    """
    from .distance_kernels import costs_ahead, costs_behind

    if not beam >= 0:
        raise OptionsError(f"prune: the beam is {beam}; give a number from 0.")
    if lattice.states == 0 or math.isinf(beam):
        return lattice
    arrays = lattice.arrays
    behind, ahead = costs_behind(arrays, False), costs_ahead(arrays, False)
    limit = ahead[0] + beam + SLACK * (1.0 + abs(ahead[0]))
    pieces = Pieces.of(lattice)
    through = behind[pieces.sources] + arrays.totals + ahead[pieces.nextstates]
    finals = pieces.final_costs.copy()
    finals[behind + arrays.final_totals > limit, 0] = np.inf
    pieces = pieces.take_arcs(np.flatnonzero(through <= limit))._replace(final_costs=finals)
    return reassemble(lattice, pieces, min(beam, lattice.beam))
