"""How likely each arc of a lattice is, given that one of its paths was said."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError, SearchError
from ..fst.transducer import read_only
from .lattice import Lattice, LatticeArrays


@dataclass(frozen=True, slots=True)
class PosteriorScales:
    """What costs are multiplied with before they count as -ln of a probability.

    graph: for graph, phrase and language model costs; acoustic: for acoustic ones (None: the lattice's own scale).
    The search's scales make the best path likelier than it is; acoustic = 1 / (language model scale) is common.
    """

    graph: float = 1.0
    acoustic: float | None = None

    def __post_init__(self) -> None:
        for name in ("graph", "acoustic"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise OptionsError(f"posteriors: the {name} scale is {value}; give a finite number from 0.")


@dataclass(frozen=True, slots=True, eq=False)
class Posteriors:
    """``arcs`` float64 (arcs,) and ``finals`` float64 (states,): the probability of passing, and of ending, there.

    ``cost`` is -ln of the sum over all paths of exp(-scaled cost).
    """

    arcs: NDArray[np.float64]
    finals: NDArray[np.float64]
    cost: float


def scaled_arrays(lattice: Lattice, scales: PosteriorScales | None = None) -> LatticeArrays:
    """Return the lattice's arrays with totals under other scales."""
    scales = scales or PosteriorScales()
    acoustic = lattice.acoustic_scale if scales.acoustic is None else scales.acoustic
    totals = scales.graph * (lattice.graph_costs + lattice.phrase_costs + lattice.lm_costs)
    finals = lattice.final_phrase_costs + lattice.final_lm_costs
    is_final = np.isfinite(lattice.final_graph_costs)
    finals = scales.graph * (finals + np.where(is_final, lattice.final_graph_costs, 0.0))
    finals = np.where(is_final, finals + acoustic * lattice.final_acoustic_costs, np.inf)
    return lattice.arrays._replace(
        totals=read_only(totals + acoustic * lattice.acoustic_costs), final_totals=read_only(finals)
    )


def arc_posteriors(lattice: Lattice, scales: PosteriorScales | None = None) -> Posteriors:
    """Return the posterior of every arc: a forward and a backward pass in the log semiring.

    Raises SearchError where the lattice has no path.
    """
    from .distance_kernels import costs_ahead, costs_behind

    arrays = scaled_arrays(lattice, scales)
    if lattice.states == 0:
        raise SearchError("posteriors: the lattice has no path.")
    behind, ahead = costs_behind(arrays, True), costs_ahead(arrays, True)
    cost = float(ahead[0])
    if not math.isfinite(cost):
        raise SearchError("posteriors: no path of the lattice leads to an end; trim it.")
    arcs = cost - (behind[lattice.sources()] + arrays.totals + ahead[lattice.nextstates])
    finals = cost - (behind + arrays.final_totals)  # above 0 by rounding alone
    return Posteriors(np.exp(np.minimum(arcs, 0.0)), np.exp(np.minimum(finals, 0.0)), cost)
