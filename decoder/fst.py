"""Weighted finite-state transducers in flat arrays: the container that graphs, searches and operations share.

The arcs of a state lie together, those that emit (``ilabel != 0``) before its epsilon arcs, so that a search reads
each kind as one run of memory. Costs are tropical: -ln of a probability, added along a path, the least path wins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FormatError

EPSILON = 0


@dataclass(frozen=True, slots=True, eq=False)
class Fst:
    """A transducer of ``states`` states and ``arcs`` arcs as compressed rows; label 0 is epsilon on both sides.

    ``start`` is the start state. The arcs of state ``s`` are ``arc_begin[s]:arc_begin[s + 1]``; its epsilon arcs begin
    at ``epsilon_begin[s]``. ``arc_begin`` (states + 1,) and ``epsilon_begin`` (states,) are int32 or int64;
    ``ilabels`` and ``olabels`` (arcs,) uint8, uint16 or int32; ``weights`` (arcs,) float32; ``nextstates`` (arcs,)
    int32; ``final_weights`` (states,) float32, infinite where a state is not final.
    """

    start: int
    arc_begin: NDArray[Any]
    epsilon_begin: NDArray[Any]
    ilabels: NDArray[Any]
    olabels: NDArray[Any]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    final_weights: NDArray[np.float32]

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
    ) -> "Fst":
        """Build a transducer from unordered arcs, one row each, and the final weight of every state.

        Raises FormatError where an array has the wrong length, a label or a state is out of range, or a cost is NaN.
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
        if len(source) and (source.min() < 0 or source.max() >= states):
            raise FormatError(f"transducer: an arc leaves a state outside 0..{states - 1}; give it a final weight.")
        order = np.lexsort((ilabel, ilabel == EPSILON, source))
        emitting = np.bincount(source[ilabel != EPSILON], minlength=states)
        arc_begin = np.zeros(states + 1, dtype=index_dtype(len(source)))
        np.cumsum(np.bincount(source, minlength=states), out=arc_begin[1:])
        fst = cls(
            start=int(start),
            arc_begin=arc_begin,
            epsilon_begin=(arc_begin[:-1] + emitting).astype(arc_begin.dtype),
            ilabels=narrow(ilabel[order], "ilabels"),
            olabels=narrow(olabel[order], "olabels"),
            weights=weight[order],
            nextstates=np.clip(target[order], -1, states).astype(np.int32),  # a wild one stays out of range
            final_weights=finals,
        )
        fst.check()
        return fst

    def check(self, name: str = "transducer") -> None:
        """Raise FormatError, naming ``name`` and the array, where the arrays don't make a transducer.

        Every pass is vectorised: a graph of two million arcs takes some milliseconds.
        """

        def refuse(field: str, what: str) -> None:
            raise FormatError(f"{name}: {field} {what}; build it again.")

        for field in ARRAY_NAMES:
            array = getattr(self, field)
            kinds = "f" if field in ("weights", "final_weights") else "iu"
            if array.ndim != 1 or array.dtype.kind not in kinds:
                refuse(field, f"has {array.ndim} dimensions of type {array.dtype}, not one of {kinds!r}")
        for field, length in (
            ("arc_begin", self.states + 1),
            ("epsilon_begin", self.states),
            ("olabels", self.arcs),
            ("weights", self.arcs),
            ("nextstates", self.arcs),
        ):
            if len(getattr(self, field)) != length:
                refuse(field, f"has {len(getattr(self, field))} entries instead of {length}")
        if self.states == 0 or not 0 <= self.start < self.states:
            refuse("start", f"is {self.start}, which is none of {self.states} states")
        begin, end = self.arc_begin[:-1], self.arc_begin[1:]
        if begin[0] != 0 or end[-1] != self.arcs or np.any(begin > end):
            refuse("arc_begin", f"does not rise from 0 to {self.arcs} arcs")
        if np.any(self.epsilon_begin < begin) or np.any(self.epsilon_begin > end):
            refuse("epsilon_begin", "points outside the arcs of its state")
        if np.isnan(self.final_weights).any() or np.isneginf(self.final_weights).any():
            refuse("final_weights", "holds NaN or minus infinity")
        if self.arcs == 0:
            return
        for field in ("ilabels", "olabels"):
            if getattr(self, field).dtype.kind == "i" and getattr(self, field).min() < 0:
                refuse(field, "holds a negative label")
        if self.nextstates.min() < 0 or self.nextstates.max() >= self.states:
            refuse("nextstates", f"points to a state outside 0..{self.states - 1}")
        if not np.isfinite(self.weights).all():
            refuse("weights", "holds NaN or infinity")
        epsilons = np.zeros(self.arcs + 1, dtype=self.arc_begin.dtype)
        np.cumsum(self.ilabels == EPSILON, out=epsilons[1:])
        if int(epsilons[-1]) != int((end - self.epsilon_begin).sum()) or not np.array_equal(
            epsilons[end] - epsilons[self.epsilon_begin], end - self.epsilon_begin
        ):
            refuse("epsilon_begin", "does not separate emitting arcs from epsilon arcs")

    def sources(self) -> NDArray[np.int32]:
        """Return the state that each arc leaves, int32 (arcs,)."""
        return np.repeat(np.arange(self.states, dtype=np.int32), np.diff(self.arc_begin))

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


ARRAY_NAMES = ("arc_begin", "epsilon_begin", "ilabels", "olabels", "weights", "nextstates", "final_weights")


def index_dtype(count: int) -> type[np.int32] | type[np.int64]:
    """Return the dtype for indices up to ``count``: int32 where it fits."""
    return np.int32 if count < 2**31 else np.int64


def narrow(labels: NDArray[Any], name: str = "labels") -> NDArray[Any]:
    """Return ``labels`` in the narrowest of uint8, uint16 and int32 that holds them all.

    Raises FormatError where a label is negative or above 2^31 - 1.
    """
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    if low < 0 or high >= 2**31:
        raise FormatError(f"transducer: {name} holds {low if low < 0 else high}, outside 0..2^31 - 1.")
    return labels.astype(np.uint8 if high < 2**8 else np.uint16 if high < 2**16 else np.int32)
