"""Whole lattices rescored: every path gets the costs of better language models, weighted against those it has.

The lattice is expanded on the states of the first pass's language model, where that is given, to tell its costs from
the graph's, and on those of the rescoring models: exact for any order. Then the formula of ``harken.lm.rescore`` makes
one cost of the parts, and the result is a lattice like any other: its best path, n-best lists and confidences are had
by the operations that there are.

    rescored = rescore_lattice(determinize(lattice), model, LatticeRescoreOptions(RescoreOptions(lm_weight=0.7)))
    best = best_path(rescored.lattice)
    rescored.parts_of(best).models[0]            # -ln p of the best path's words
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...errors import OptionsError
from ...lm.rescore import Parts, RescoreOptions
from .expand_models import LatticeModel
from .expand_pairs import Expanded, RememberedModel, remembered
from .lattice import Lattice
from .path import LatticePath
from .prune import prune
from .rescore_parts import SINGLE, LatticeParts

logger = logging.getLogger(__name__)

WIDEST = 32.0
"""Half of this beam, in nats, is where narrowing begins for a lattice that says of no beam of its own."""


@dataclass(frozen=True, slots=True)
class LatticeRescoreOptions:
    """How lattices are rescored.

    weights: of the parts of a path's cost; the acoustic scale there takes the place of the lattice's. beam: paths that
    the lattice as it is makes worse than its best by more are not looked at. result_beam: paths that rescoring makes
    worse than its best by more are left out of what is returned. max_states: where the expanded lattice has more, the
    beam is halved until it has not.
    """

    weights: RescoreOptions = field(default_factory=RescoreOptions)
    beam: float = math.inf
    result_beam: float = math.inf
    max_states: int = 200_000

    def __post_init__(self) -> None:
        for name in ("beam", "result_beam"):
            if not getattr(self, name) >= 0:
                raise OptionsError(f"rescore: {name} is {getattr(self, name)}; give a number from 0.")
        if self.max_states < 1:
            raise OptionsError(f"rescore: max_states is {self.max_states}; allow at least one.")


@dataclass(frozen=True, slots=True, eq=False)
class RescoredLattice:
    """A lattice with its new costs, and what they are made of, arc by arc.

    In ``lattice``, ``lm_costs`` are the weighted costs of all language models, the first pass's too; ``graph_costs``
    what else the graph costs, weighted, and the word insertion penalties. ``parts`` has the same arcs and states.
    """

    lattice: Lattice
    parts: LatticeParts

    def parts_of(self, path: LatticePath) -> Parts:
        """Return the parts of the cost of a path of ``lattice``, not weighted: numbers, ``models`` a tuple of them."""
        made = self.parts.of_paths([path.arcs])
        single = {name: float(getattr(made, name)[0]) for name in SINGLE}
        return Parts(models=tuple(float(column[0]) for column in made.models), **single)


def rescore_lattice(
    lattice: Lattice,
    model: LatticeModel | Sequence[LatticeModel],
    options: LatticeRescoreOptions | None = None,
    first_pass: LatticeModel | None = None,
) -> RescoredLattice:
    """Rescore one lattice; to rescore many with the same words, make a ``LatticeRescorer``, which asks nothing twice.

    A determinized lattice is meant: a raw one is many times larger. ``first_pass`` is the model that the search had in
    its graph; a lattice with ``lm_costs`` has that model's costs apart already. Raises ModelError where a model gives a
    word no finite cost, OptionsError where there is not one weight for each model.
    """
    models = tuple(model) if isinstance(model, Sequence) else (model,)
    return LatticeRescorer(models, lattice.words_table, options, first_pass).rescore(lattice)


class LatticeRescorer:
    """Models made ready to rescore lattices that share ``words_table``; threads may share it."""

    def __init__(
        self,
        models: Sequence[LatticeModel],
        words_table: tuple[str, ...],
        options: LatticeRescoreOptions | None = None,
        first_pass: LatticeModel | None = None,
    ) -> None:
        self.options = options or LatticeRescoreOptions()
        self.options.weights.check_models(len(models))
        self.words_table = words_table
        self._models = [remembered(model, words_table) for model in models]
        self._first_pass = first_pass

    @cached_property
    def _splitter(self) -> RememberedModel | None:
        model = self._first_pass
        return None if model is None else remembered(model, self.words_table)

    def rescore(self, lattice: Lattice) -> RescoredLattice:
        """Return ``lattice`` with its new costs."""
        weights = self.options.weights
        parts = self.expand(lattice).pruned(weights, self.options.result_beam)
        return RescoredLattice(parts.weighted(weights), parts)

    def expand(self, lattice: Lattice) -> LatticeParts:
        """Return ``lattice``, within the beam, expanded on the models' states, the parts of its costs not weighted."""
        if lattice.words_table is not self.words_table and lattice.words_table != self.words_table:
            raise OptionsError("rescore: the lattice numbers other words than the rescorer was made for; make another.")
        beam = self.options.beam
        while (made := self._within(lattice, beam)) is None:
            beam = min(beam, lattice.beam, WIDEST) / 2
            logger.warning("rescoring: over %d states; the beam is %.2f now", self.options.max_states, beam)
        return made

    def _within(self, lattice: Lattice, beam: float) -> LatticeParts | None:
        """Return the expanded lattice, or None where it is too large and can be made smaller."""
        pruned = prune(lattice, beam)
        most = self.options.max_states if beam > 0.01 else None
        apart = bool(pruned.lm_costs.any() or pruned.final_lm_costs.any())
        splitters = [] if apart or self._splitter is None else [self._splitter]
        made = Expanded.of(pruned)
        for model in (*splitters, *self._models):
            more = model.expand(pruned, made, most)
            if more is None:
                return None
            made = more
        return LatticeParts.of(pruned, made, bool(splitters))
