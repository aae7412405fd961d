"""Rescoring as the recogniser does it: a segment's n-best list ranked again, or its whole lattice weighed anew.

A lattice holds many more word sequences than a list, and the times and costs of each; what comes out of either is a
list of hypotheses, best first.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..decoder.search.hypothesis import Hypothesis
from ..lm.rescore import RescoreOptions, rescore
from .model import Decoding
from .nbest import Candidates
from .words_as_unknown import WordsAsUnknown

if TYPE_CHECKING:
    from ..decoder.lattice.expand_models import WordModel
    from ..decoder.lattice.lattice import Lattice
    from ..decoder.lattice.path import LatticePath
    from ..decoder.lattice.rescore import LatticeRescorer, RescoredLattice
    from ..lm.ngram.kenlm_model import KenlmModel
    from ..lm.ngram.ngram import Ngram
    from .vocabulary import RescoringModel


def rescore_options(decoding: Decoding) -> RescoreOptions:
    """Return the weights that ``decoding`` says."""
    return RescoreOptions(**{name: getattr(decoding, name) for name in RescoreOptions.__dataclass_fields__})


class Rescorer:
    """Ranks segments again with ``model``; ``words`` are the search graph's.

    ``first_pass`` is the language model in the graph, where its costs are to be told apart from the graph's. Where a
    lattice has fewer readings than ``wanted`` within the beam, it is rescored without one.
    """

    def __init__(
        self,
        model: "RescoringModel",
        decoding: Decoding,
        words: tuple[str, ...],
        first_pass: "Ngram | KenlmModel | None" = None,
        wanted: int = 1,
    ) -> None:
        self._model, self._decoding, self._words, self._first_pass = model, decoding, words, first_pass
        self._options = rescore_options(decoding)
        self._wanted = min(wanted, decoding.nbest)

    def rescore(self, candidates: Candidates) -> Candidates:
        """Return the segment with the best hypotheses of its lattice, or where it has none, of its list."""
        if candidates.lattice is not None:
            hypotheses = self._best_of(candidates.lattice)
        else:
            ranked = rescore(candidates.hypotheses, self._model, self._options, self._first_pass)
            hypotheses = [replace(candidates.hypotheses[one.rank], total_cost=one.total_cost) for one in ranked]
        return replace(candidates, hypotheses=tuple(hypotheses), lattice=None)

    @cached_property
    def lattices(self) -> "LatticeRescorer":
        """What rescores lattices, within the beam."""
        return self._lattices(self._decoding.rescoring_beam)

    @cached_property
    def _whole_lattices(self) -> "LatticeRescorer":
        return self._lattices(np.inf)

    def _lattices(self, beam: float) -> "LatticeRescorer":
        from ..decoder.lattice.rescore import LatticeRescoreOptions, LatticeRescorer

        options = LatticeRescoreOptions(self._options, beam=beam, result_beam=beam)
        return LatticeRescorer([word_model_of(self._model, self._words)], self._words, options, self._first_pass)

    def word_lattice(self, lattice: "Lattice") -> "Lattice":
        """Return the search's ``lattice`` as it is rescored: each word sequence once, within the beam."""
        from ..decoder.lattice.determinize import DeterminizeOptions, determinize

        return determinize(lattice, DeterminizeOptions(beam=self._decoding.rescoring_beam))

    def _best_of(self, lattice: "Lattice") -> list[Hypothesis]:
        if lattice.states == 0:
            return []
        hypotheses = self._ranked(self.lattices, self.word_lattice(lattice))
        if len(hypotheses) < self._wanted:
            from ..decoder.lattice.determinize import determinize

            hypotheses = self._ranked(self._whole_lattices, determinize(lattice))
        return hypotheses

    def _ranked(self, rescorer: "LatticeRescorer", lattice: "Lattice") -> list[Hypothesis]:
        from ..decoder.lattice.nbest import nbest

        found = rescorer.rescore(lattice)
        return _hypotheses(found, nbest(found.lattice, self._decoding.nbest))


def word_model_of(model: "RescoringModel", words: tuple[str, ...]) -> "WordModel":
    """Return a rescoring model as an automaton over the words that ``words`` numbers."""
    from ..decoder.lattice.expand_models import OffsetWords, word_model

    if not isinstance(model, WordsAsUnknown):
        return word_model(model, words)
    offsets = np.array([model.offsets.get(word, 0.0) for word in words])
    return OffsetWords(word_model(model.model, words), -np.log(10.0) * offsets)


def _hypotheses(found: "RescoredLattice", paths: Sequence["LatticePath"]) -> list[Hypothesis]:
    """Return paths as the search gives them: costs unweighted, the total weighted."""
    parts = found.parts.of_paths([path.arcs for path in paths])
    columns = zip(
        *(part.tolist() for part in (parts.graph, parts.acoustic, parts.first_pass, parts.phrase)), strict=True
    )
    return [
        Hypothesis(
            words=path.words,
            times=tuple((begin, end) for begin, end in path.word_times.tolist()),
            graph_cost=graph,
            acoustic_cost=acoustic,
            total_cost=path.total_cost,
            lm_cost=first_pass,
            phrase_cost=phrase,
        )
        for path, (graph, acoustic, first_pass, phrase) in zip(paths, columns, strict=True)
    ]
