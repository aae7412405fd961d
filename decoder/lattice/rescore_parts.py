"""An expanded lattice with the parts of its costs apart, and what it amounts to under given weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...lm.rescore import Parts, RescoreOptions
from ..fst.transducer import read_only
from .expand import lattice_of
from .expand_pairs import Expanded
from .lattice import KINDS, Lattice, LatticeArrays
from .prune import SLACK

Floats = NDArray[np.float64]
SINGLE = tuple(name for name in Parts._fields if name != "models")
"""The parts of which there is one each."""


@dataclass(frozen=True, slots=True, eq=False)
class LatticeParts:
    """``lattice`` before it was expanded, the states and arcs that it has now, and the parts of their costs, in nats.

    ``arcs`` holds float64 arrays with an entry for each arc, ``finals`` for ending in each state; ``ends`` bool
    (states,) says where a path may end: elsewhere ``finals`` is 0. The parts are not weighted.
    """

    lattice: Lattice
    shape: Expanded
    arcs: Parts
    finals: Parts
    ends: NDArray[np.bool_]

    @classmethod
    def of(cls, lattice: Lattice, shape: Expanded, split: bool) -> "LatticeParts":
        """Take the costs of ``lattice`` and its expansion apart; with ``split``, the first model is in the graph's."""
        arcs = {kind: getattr(lattice, f"{kind}_costs")[shape.arcs] for kind in KINDS}
        finals = {kind: getattr(lattice, f"final_{kind}_costs")[shape.states] for kind in KINDS}
        ends = np.isfinite(finals["graph"])
        finals["graph"] = np.where(ends, finals["graph"], 0.0)
        words = (lattice.words[shape.arcs] != 0).astype(np.float64)
        along = _parts(arcs, shape.costs, words, split)
        return cls(lattice, shape, along, _parts(finals, shape.end_costs, np.zeros(len(ends)), split), ends)

    def arrays(self, weights: RescoreOptions) -> LatticeArrays:
        """Return shape, words and total costs under ``weights``, as kernels take them."""
        totals = np.asarray(weights.total(self.arcs))
        finals = np.where(self.ends, weights.total(self.finals), np.inf)
        columns = (self.shape.arc_begin, self.shape.nextstates, self.lattice.words[self.shape.arcs], totals, finals)
        return LatticeArrays(*(read_only(np.ascontiguousarray(column)) for column in columns))

    def pruned(self, weights: RescoreOptions, beam: float) -> "LatticeParts":
        """Return what lies on paths at most ``beam`` worse than the best under ``weights``."""
        from .distance_kernels import costs_ahead, costs_behind

        if len(self.ends) == 0:
            return self
        arrays = self.arrays(weights)
        behind, ahead = costs_behind(arrays, False), costs_ahead(arrays, False)
        limit = ahead[0] + beam + SLACK * (1.0 + abs(ahead[0]))
        through = behind[self.shape.sources()] + arrays.totals + ahead[arrays.nextstates]
        arcs, states = through <= limit, behind + ahead <= limit
        if arcs.all() and states.all():
            return self
        ends = behind + arrays.final_totals <= limit
        finals = _changed(self.finals, lambda part: np.where(ends, part, 0.0)[states])
        along = _changed(self.arcs, lambda part: part[arcs])
        return LatticeParts(self.lattice, self.shape.take(arcs, states), along, finals, ends[states])

    def weighted(self, weights: RescoreOptions) -> Lattice:
        """Return the lattice under ``weights``: see ``RescoredLattice`` for where they go."""
        return lattice_of(
            self.lattice,
            self.shape,
            {"lm": weights.lm_share(self.arcs), "graph": weights.graph_share(self.arcs)},
            {
                "lm": weights.lm_share(self.finals),
                "graph": np.where(self.ends, weights.graph_share(self.finals), np.inf),
                "acoustic": self.finals.acoustic,
                "phrase": self.finals.phrase,
            },
            weights.acoustic_scale,
        )

    def of_paths(self, paths: Sequence[NDArray[np.int64]]) -> Parts:
        """Return the parts of the costs of paths, arrays (paths,); a path is its arcs from state 0 to where it ends."""
        ends = np.cumsum([len(arcs) for arcs in paths])
        begins = ends - [len(arcs) for arcs in paths]
        flat = np.concatenate([*paths, np.empty(0, np.int64)]).astype(np.int64)
        last = np.array([self.shape.nextstates[arcs[-1]] if len(arcs) else 0 for arcs in paths], np.int64)

        def totals(along: Floats, end: Floats) -> Floats:
            sums = np.append(0.0, np.cumsum(along[flat]))
            made: Floats = sums[ends] - sums[begins] + end[last]
            return made

        models = tuple(totals(*pair) for pair in zip(self.arcs.models, self.finals.models, strict=True))
        made = {name: totals(getattr(self.arcs, name), getattr(self.finals, name)) for name in SINGLE}
        return Parts(models=models, **made)


def _parts(costs: dict[str, Floats], by_model: Floats, words: Floats, split: bool) -> Parts:
    """Return the parts of ``costs``, which has the kinds, and of the models' costs, a column each."""
    models = tuple(np.ascontiguousarray(column) for column in by_model.T)
    first = models[0] if split else costs["lm"]
    graph = costs["graph"] - first if split else costs["graph"]
    return Parts(costs["acoustic"], graph, first, models[split:], words, costs["phrase"])


def _changed(parts: Parts, change: Callable[[Floats], Floats]) -> Parts:
    """Return the parts, each array changed."""
    made = {name: change(getattr(parts, name)) for name in SINGLE}
    return Parts(models=tuple(change(column) for column in parts.models), **made)
