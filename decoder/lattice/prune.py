"""Pruning a lattice: what lies on no path within the beam goes."""

import math
from dataclasses import replace

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
    through = behind[lattice.sources()] + arrays.totals + ahead[lattice.nextstates]
    inside, ends = through <= limit, behind + arrays.final_totals <= limit
    beam = min(beam, lattice.beam)
    if inside.all() and np.array_equal(ends, np.isfinite(arrays.final_totals)):
        return replace(lattice, beam=beam)
    finals = lattice.final_costs
    finals[~ends, 0] = np.inf
    pieces = Pieces.of(lattice).take_arcs(np.flatnonzero(inside))._replace(final_costs=finals)
    return reassemble(lattice, pieces, beam)
