"""Arcs gathered by the column, then made into a transducer: what builders of machines append to."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..fst.symbols import SymbolTable
from ..fst.transducer import Fst


class ArcColumns:
    """Lists of columns; every ``add`` appends arcs, one for each source state."""

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[Any], ...]] = []
        self.arcs = 0

    def add(
        self, sources: ArrayLike, ilabels: ArrayLike, olabels: ArrayLike, weights: ArrayLike, targets: ArrayLike
    ) -> None:
        """Append arcs from ``sources`` (n,); the other columns are as long or one value for all."""
        source = np.asarray(sources, dtype=np.int64).reshape(-1)
        columns = (ilabels, olabels, weights, targets)
        self._parts.append((source, *(np.broadcast_to(np.asarray(column), source.shape) for column in columns)))
        self.arcs += len(source)

    def build(
        self,
        start: int,
        final_weights: ArrayLike,
        isymbols: SymbolTable | None = None,
        osymbols: SymbolTable | None = None,
    ) -> Fst:
        """Return the transducer of all arcs; errors are those of ``Fst.from_arcs``."""
        columns = zip(*self._parts, strict=True) if self._parts else ((np.zeros(0, np.int64),) for _ in range(5))
        sources, ilabels, olabels, weights, targets = (np.concatenate(list(column)) for column in columns)
        fst = Fst.from_arcs(start, sources, ilabels, olabels, weights, targets, final_weights)
        return replace(fst, isymbols=isymbols, osymbols=osymbols)
