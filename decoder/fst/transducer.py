"""Weighted finite-state transducers in flat arrays: the container that files, operations, graphs and searches share.

The arcs of a state lie together, in any order. Weights are costs, -ln of a probability, added along a path; over
several paths the tropical semiring takes the least cost, the log semiring adds the probabilities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import FormatError

if TYPE_CHECKING:
    from .symbols import SymbolTable

EPSILON = 0
NO_STATE = -1
SEMIRINGS = ("tropical", "log")


class FstArrays(NamedTuple):
    """What kernels take: the arrays of an ``Fst``, each contiguous and read-only, so that one compiled form serves."""

    arc_begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    final_weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Fst:
    """A transducer of ``states`` states and ``arcs`` arcs as compressed rows; label 0 is epsilon on both sides.

    ``start`` is the start state, -1 where the machine accepts nothing at all. The arcs of state ``s`` are
    ``arc_begin[s]:arc_begin[s + 1]``, ``arc_begin`` being int64 (states + 1,). ``ilabels``, ``olabels`` and
    ``nextstates`` (arcs,) are int32; ``weights`` (arcs,) and ``final_weights`` (states,) float32, the latter infinite
    where a state is not final. The arrays of a mapped file are views with a stride, which ``arrays`` makes contiguous.
    ``semiring`` is ``"tropical"`` or ``"log"``; ``isymbols`` and ``osymbols`` name the labels where they are known.
    """

    start: int
    arc_begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    final_weights: NDArray[np.float32]
    semiring: str = "tropical"
    isymbols: "SymbolTable | None" = None
    osymbols: "SymbolTable | None" = None

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.final_weights)

    @property
    def arcs(self) -> int:
        """The number of arcs."""
        return len(self.ilabels)

    @property
    def nbytes(self) -> int:
        """The bytes that the arrays take."""
        return sum(getattr(self, name).nbytes for name in ARRAY_NAMES)

    @property
    def arrays(self) -> FstArrays:
        """The arrays as kernels take them."""
        return FstArrays(*(read_only(np.ascontiguousarray(getattr(self, name))) for name in ARRAY_NAMES))

    @property
    def epsilon_begin(self) -> NDArray[np.int64]:
        """Where the input-epsilon arcs of each state begin, int64 (states,), in a machine in search order."""
        epsilons = np.zeros(self.arcs + 1, dtype=np.int64)
        np.cumsum(self.ilabels == EPSILON, out=epsilons[1:])
        return self.arc_begin[1:] - (epsilons[self.arc_begin[1:]] - epsilons[self.arc_begin[:-1]])

    @classmethod
    def from_arcs(
        cls,
        start: int,
        sources: ArrayLike,
        ilabels: ArrayLike,
        olabels: ArrayLike,
        weights: ArrayLike,
        nextstates: ArrayLike,
        final_weights: ArrayLike,
        semiring: str = "tropical",
    ) -> "Fst":
        """Build a transducer from arcs in any order, one row each, and the final weight of every state.

        The arcs of one state keep the order in which they come. Raises FormatError where an array has the wrong
        length, a label or a state is out of range, or a cost is NaN.
        """
        finals = np.array(final_weights, dtype=np.float32).reshape(-1)
        source, ilabel, olabel, target = (
            np.asarray(column, dtype=np.int64).reshape(-1) for column in (sources, ilabels, olabels, nextstates)
        )
        weight = np.asarray(weights, dtype=np.float32).reshape(-1)
        states = len(finals)
        for name, column in (("ilabels", ilabel), ("olabels", olabel), ("nextstates", target), ("weights", weight)):
            if len(column) != len(source):
                raise FormatError(f"transducer: {name} has {len(column)} entries for {len(source)} source states.")
            if name.endswith("labels") and len(column) and (column.min() < 0 or column.max() >= 2**31):
                wild = column.min() if column.min() < 0 else column.max()
                raise FormatError(f"transducer: {name} holds {wild}, outside 0..2^31 - 1.")
        if len(source) and (source.min() < 0 or source.max() >= states):
            raise FormatError(f"transducer: an arc leaves a state outside 0..{states - 1}; give it a final weight.")
        order = np.argsort(source, kind="stable")
        arc_begin = np.zeros(states + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=states), out=arc_begin[1:])
        fst = cls(
            start=int(start),
            arc_begin=arc_begin,
            ilabels=ilabel[order].astype(np.int32),
            olabels=olabel[order].astype(np.int32),
            weights=weight[order],
            nextstates=np.clip(target[order], -1, states).astype(np.int32),  # a wild one stays out of range
            final_weights=finals,
            semiring=semiring,
        )
        fst.check()
        return fst

    @classmethod
    def from_mapping(cls, start: int, arrays: Mapping[str, NDArray[Any]]) -> "Fst":
        """Take the arrays named by ``ARRAY_NAMES``, unchecked, out of ``arrays``."""
        named: dict[str, Any] = {name: arrays[name] for name in ARRAY_NAMES}
        return cls(start=start, **named)

    def check(self, name: str = "transducer") -> None:
        """Raise FormatError, naming ``name`` and the array, where the arrays don't make a transducer.

        Every pass is vectorised: a graph of two million arcs takes some milliseconds.
        """

        def refuse(field: str, what: str) -> None:
            raise FormatError(f"{name}: {field} {what}; build it again.")

        for field, dtype in ARRAY_NAMES.items():
            array = getattr(self, field)
            if array.ndim != 1 or array.dtype != dtype:
                refuse(field, f"has {array.ndim} dimensions of type {array.dtype}, not one of {np.dtype(dtype)}")
        for field, length in (
            ("arc_begin", self.states + 1),
            ("olabels", self.arcs),
            ("weights", self.arcs),
            ("nextstates", self.arcs),
        ):
            if len(getattr(self, field)) != length:
                refuse(field, f"has {len(getattr(self, field))} entries instead of {length}")
        if self.semiring not in SEMIRINGS:
            refuse("semiring", f"is {self.semiring!r}, none of {', '.join(SEMIRINGS)}")
        if not isinstance(self.start, int | np.integer) or not NO_STATE <= self.start < self.states:
            refuse("start", f"is {self.start}, which is none of {self.states} states")
        begin, end = self.arc_begin[:-1], self.arc_begin[1:]
        if self.arc_begin[0] != 0 or self.arc_begin[-1] != self.arcs or np.any(begin > end):
            refuse("arc_begin", f"does not rise from 0 to {self.arcs} arcs")
        if np.isnan(self.final_weights).any() or np.isneginf(self.final_weights).any():
            refuse("final_weights", "holds NaN or minus infinity")
        if self.arcs == 0:
            return
        for field in ("ilabels", "olabels"):
            if getattr(self, field).min() < 0:
                refuse(field, "holds a negative label")
        if self.nextstates.min() < 0 or self.nextstates.max() >= self.states:
            refuse("nextstates", f"points to a state outside 0..{self.states - 1}")
        if np.isnan(self.weights).any() or np.isneginf(self.weights).any():
            refuse("weights", "holds NaN or minus infinity")

    def sources(self) -> NDArray[np.int32]:
        """Return the state that each arc leaves, int32 (arcs,)."""
        return np.repeat(np.arange(self.states, dtype=np.int32), np.diff(self.arc_begin))

    def take_arcs(self, order: NDArray[Any]) -> "Fst":
        """Return the machine with the arcs ``order`` (arcs,), a permutation that keeps each state's arcs together."""
        return replace(
            self,
            ilabels=self.ilabels[order],
            olabels=self.olabels[order],
            weights=self.weights[order],
            nextstates=self.nextstates[order],
        )

    def in_search_order(self) -> "Fst":
        """Return the machine with every state's emitting arcs first, by input label, then its input-epsilon arcs."""
        return self.take_arcs(np.lexsort((self.ilabels, self.ilabels == EPSILON, self.sources())))

    def is_in_search_order(self) -> bool:
        """Whether every state's emitting arcs stand before its input-epsilon arcs."""
        emitting = np.repeat(self.epsilon_begin, np.diff(self.arc_begin)) > np.arange(self.arcs)
        return bool(np.array_equal(emitting, self.ilabels != EPSILON))

    def to_text(self, ilabel_name: Callable[[int], str] = str, olabel_name: Callable[[int], str] = str) -> str:
        """Return the transducer as text for reading and comparing: an arc a line, then the final states.

        The columns are those of the AT&T tools: source, target, input, output, cost; or state, cost. The start state
        comes first in a comment line.
        """
        lines = [f"# start {self.start}"]
        for source, target, ilabel, olabel, weight in zip(
            self.sources(), self.nextstates, self.ilabels, self.olabels, self.weights, strict=True
        ):
            lines.append(f"{source}\t{target}\t{ilabel_name(int(ilabel))}\t{olabel_name(int(olabel))}\t{weight:g}")
        lines += [f"{state}\t{cost:g}" for state, cost in enumerate(self.final_weights) if np.isfinite(cost)]
        return "\n".join(lines) + "\n"


ARRAY_NAMES = {
    "arc_begin": np.int64,
    "ilabels": np.int32,
    "olabels": np.int32,
    "weights": np.float32,
    "nextstates": np.int32,
    "final_weights": np.float32,
}
"""The arrays of an ``Fst`` and their dtypes, in the order of ``FstArrays``."""


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written, so that mapped and made arrays compile to the same kernel."""
    view: NDArray[Any] = array.view()
    view.flags.writeable = False
    return view


def index_dtype(count: int) -> type[np.int32] | type[np.int64]:
    """Return the dtype for indices up to ``count``: int32 where it fits."""
    return np.int32 if count < 2**31 else np.int64


def narrow(labels: NDArray[Any], name: str = "labels") -> NDArray[Any]:
    """Return ``labels`` in the narrowest of uint8, uint16 and int32 that holds them all, for files.

    Raises FormatError where a label is negative or above 2^31 - 1.
    """
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    if low < 0 or high >= 2**31:
        raise FormatError(f"transducer: {name} holds {low if low < 0 else high}, outside 0..2^31 - 1.")
    return labels.astype(np.uint8 if high < 2**8 else np.uint16 if high < 2**16 else np.int32)
