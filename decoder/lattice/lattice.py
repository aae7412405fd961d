"""The lattice container: all that a search found within its beam, in flat arrays, every kind of cost apart.

A path runs from state 0 to a final state; it has words, the input labels that align them with the frames, and four
costs (-ln of a probability, added along the path): of the graph, of the scores (unscaled), of phrase lists and of a
language model that was expanded out of the graph's. ``total`` is what they amount to together.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ..fst.transducer import read_only
from ..graph.search_graph import Graph

KINDS = ("graph", "acoustic", "phrase", "lm")
"""The kinds of cost, in the order in which arrays with a column for each hold them."""


class LabelTable(NamedTuple):
    """What a graph knows about its input labels, one entry a label (see ``Graph``); entry 0 is epsilon's."""

    score_column: NDArray[np.int32]
    label_phone: NDArray[np.int32]
    label_is_self_loop: NDArray[np.bool_]
    label_starts_word: NDArray[np.bool_]

    @classmethod
    def of_graph(cls, graph: Graph) -> "LabelTable":
        """Return the table of ``graph``."""
        return cls(*(getattr(graph, name) for name in cls._fields))


LABEL_DTYPES = {
    "score_column": np.int32,
    "label_phone": np.int32,
    "label_is_self_loop": np.bool_,
    "label_starts_word": np.bool_,
}
"""The columns of a ``LabelTable`` and their dtypes."""


class LatticeArrays(NamedTuple):
    """What kernels take: the shape, the words and the total costs, contiguous and read-only; final inf = not final."""

    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    words: NDArray[np.int32]
    totals: NDArray[np.float64]
    final_totals: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """An acyclic machine of ``states`` states in topological order, state 0 the start; no state means no path.

    The arcs of state ``s`` are ``arc_begin[s]:arc_begin[s + 1]`` (int64), each to a higher state, ``nextstates``
    (arcs,) int32. ``words`` (arcs,) int32 is the arc's word, an index of ``words_table``, 0 for none. Arc ``a`` reads
    the input labels ``labels[label_begin[a]:label_begin[a + 1]]`` (int32; a raw lattice has one or none an arc, a
    determinized one a string), one label a frame. ``graph_costs`` (the graph's language model included),
    ``acoustic_costs`` (unscaled), ``phrase_costs`` and ``lm_costs`` are float64 (arcs,); the four ``final_*_costs``
    float64 (states,): ``final_graph_costs`` is infinite where a state is not final, the other three are finite.
    ``frames`` int32 (states,) is the frame at which a state stands: that of the next label to be read. Labels read
    after the last word of a path are on arcs without a word.

    ``acoustic_scale`` multiplies acoustic costs in totals. ``label_table`` is None where nothing is known about the
    labels. ``beam``: every word sequence whose cost is within it of the best one's is there (infinite: unknown).
    """

    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    words: NDArray[np.int32]
    label_begin: NDArray[np.int64]
    labels: NDArray[np.int32]
    graph_costs: NDArray[np.float64]
    acoustic_costs: NDArray[np.float64]
    phrase_costs: NDArray[np.float64]
    lm_costs: NDArray[np.float64]
    final_graph_costs: NDArray[np.float64]
    final_acoustic_costs: NDArray[np.float64]
    final_phrase_costs: NDArray[np.float64]
    final_lm_costs: NDArray[np.float64]
    frames: NDArray[np.int32]
    acoustic_scale: float
    words_table: tuple[str, ...]
    label_table: LabelTable | None = None
    beam: float = np.inf

    def __repr__(self) -> str:
        last = int(self.frames.max(initial=0))
        return f"Lattice(states={self.states}, arcs={self.arcs}, frames={last}, beam={self.beam:g})"

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.frames)

    @property
    def arcs(self) -> int:
        """The number of arcs."""
        return len(self.nextstates)

    @property
    def nbytes(self) -> int:
        """The bytes that the arrays take, the label table not counted."""
        return sum(getattr(self, name).nbytes for name in ARRAY_DTYPES)

    @property
    def scales(self) -> NDArray[np.float64]:
        """What each of ``KINDS`` is multiplied with in totals, float64 (4,)."""
        return np.array([1.0, self.acoustic_scale, 1.0, 1.0])

    @property
    def totals(self) -> NDArray[np.float64]:
        """The total cost of each arc: graph + phrase + lm + acoustic_scale * acoustic, float64 (arcs,)."""
        return self._total("{}_costs")

    @property
    def final_totals(self) -> NDArray[np.float64]:
        """The total cost of ending in each state, infinite where it is not final, float64 (states,)."""
        return self._total("final_{}_costs")

    @property
    def costs(self) -> NDArray[np.float64]:
        """The costs of each arc, a column for each of ``KINDS``, float64 (arcs, 4)."""
        return np.stack([getattr(self, f"{kind}_costs") for kind in KINDS], axis=1)

    @property
    def final_costs(self) -> NDArray[np.float64]:
        """The costs of ending in each state, a column for each of ``KINDS``, float64 (states, 4)."""
        return np.stack([getattr(self, f"final_{kind}_costs") for kind in KINDS], axis=1)

    @property
    def arrays(self) -> LatticeArrays:
        """The shape, words and totals as kernels take them."""
        made = (self.arc_begin, self.nextstates, self.words, self.totals, self.final_totals)
        return LatticeArrays(*(read_only(np.ascontiguousarray(array)) for array in made))

    @property
    def label_arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """``label_begin`` and ``labels`` as kernels take them."""
        return read_only(np.ascontiguousarray(self.label_begin)), read_only(np.ascontiguousarray(self.labels))

    def _total(self, name: str) -> NDArray[np.float64]:
        graph, acoustic, phrase, lm = (getattr(self, name.format(kind)) for kind in KINDS)
        total: NDArray[np.float64] = graph + phrase + lm + self.acoustic_scale * acoustic
        return total

    def sources(self) -> NDArray[np.int32]:
        """Return the state that each arc leaves, int32 (arcs,)."""
        return np.repeat(np.arange(self.states, dtype=np.int32), np.diff(self.arc_begin))

    def check(self, name: str = "lattice") -> None:
        """Raise FormatError, naming ``name`` and the array, where the arrays don't make a lattice."""

        def refuse(field: str, what: str) -> None:
            raise FormatError(f"{name}: {field} {what}; make it again.")

        for field, dtype in ARRAY_DTYPES.items():
            array = getattr(self, field)
            if array.ndim != 1 or array.dtype != dtype:
                refuse(field, f"has {array.ndim} dimensions of type {array.dtype}, not one of {np.dtype(dtype)}")
        states, arcs = self.states, self.arcs
        lengths = dict.fromkeys(("arc_begin",), states + 1) | dict.fromkeys(("label_begin",), arcs + 1)
        lengths |= dict.fromkeys(("words", *(f"{kind}_costs" for kind in KINDS)), arcs)
        lengths |= dict.fromkeys((f"final_{kind}_costs" for kind in KINDS), states)
        for field, length in lengths.items():
            if len(getattr(self, field)) != length:
                refuse(field, f"has {len(getattr(self, field))} entries instead of {length}")
        for field, end in (("arc_begin", arcs), ("label_begin", len(self.labels))):
            begin = getattr(self, field)
            if begin[0] != 0 or begin[-1] != end or np.any(begin[1:] < begin[:-1]):
                refuse(field, f"does not rise from 0 to {end}")
        for field in (*(f"{kind}_costs" for kind in KINDS), *(f"final_{kind}_costs" for kind in KINDS[1:])):
            if not np.isfinite(getattr(self, field)).all():
                refuse(field, "holds NaN or an infinite cost")
        if np.isnan(self.final_graph_costs).any() or np.isneginf(self.final_graph_costs).any():
            refuse("final_graph_costs", "holds NaN or minus infinity")
        if not (np.isfinite(self.acoustic_scale) and self.acoustic_scale >= 0):
            refuse("acoustic_scale", f"is {self.acoustic_scale}, not a finite number from 0")
        if not self.beam >= 0:
            refuse("beam", f"is {self.beam}, not a number from 0")
        labels = 2**31 if self.label_table is None else len(self.label_table.score_column)
        for field, limit in (("words", max(len(self.words_table), 1)), ("labels", labels)):
            column = getattr(self, field)
            if len(column) and not 0 <= int(column.min()) <= int(column.max()) < limit:
                refuse(field, f"holds {column.min()} or {column.max()}, outside 0..{limit - 1}")
        if len(self.labels) and self.labels.min() == 0:
            refuse("labels", "holds 0, which is no label: an arc that reads nothing has none")
        sources = self.sources()
        if arcs and (np.any(self.nextstates <= sources) or self.nextstates.max() >= states):
            refuse("nextstates", f"does not lead from each state to a higher one below {states}")
        if arcs and np.any(self.frames[self.nextstates] < self.frames[sources]):
            refuse("frames", "falls along an arc")
        if self.label_table is not None:
            _check_labels(self.label_table, name)


def _check_labels(table: LabelTable, name: str) -> None:
    for field, dtype in LABEL_DTYPES.items():
        array = getattr(table, field)
        if array.shape != table.score_column.shape or array.ndim != 1 or array.dtype != dtype:
            raise FormatError(
                f"{name}: {field} must be {np.dtype(dtype)} with one entry an input label; make it again."
            )


ARC_ARRAYS = ("nextstates", "words", "graph_costs", "acoustic_costs", "phrase_costs", "lm_costs")
"""The arrays with an entry for each arc, ``label_begin`` aside."""

ARRAY_DTYPES: dict[str, type[Any]] = {
    "arc_begin": np.int64,
    "nextstates": np.int32,
    "words": np.int32,
    "label_begin": np.int64,
    "labels": np.int32,
    **{f"{kind}_costs": np.float64 for kind in KINDS},
    **{f"final_{kind}_costs": np.float64 for kind in KINDS},
    "frames": np.int32,
}
"""The arrays of a ``Lattice`` and their dtypes."""
