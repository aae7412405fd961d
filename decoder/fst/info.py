"""What there is to know about a machine: sizes, epsilons, connection, properties, as OpenFst's fstinfo lists them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .connect import accessible, coaccessible, keep_arcs
from .openfst import ARC_TYPES
from .properties import all_properties
from .symbols import SymbolTable
from .topsort import strongly_connected
from .transducer import EPSILON, NO_STATE, Fst

ARC_FILTERS = ("any", "epsilon", "iepsilon", "oepsilon")
_FILTER_NAMES = {"any": "", "epsilon": "epsilon ", "iepsilon": "input-epsilon ", "oepsilon": "output-epsilon "}


@dataclass(frozen=True, slots=True)
class FstInfo:
    """The facts of a machine; connection and components are counted over the arcs that a filter lets through.

    A label's multiplicity is how many arcs of its state carry it, averaged over the arcs; a matcher can be used where
    the arcs are sorted by its side's labels.
    """

    arc_type: str
    input_symbols: str
    output_symbols: str
    states: int
    arcs: int
    start: int
    final_states: int
    epsilons: int
    input_epsilons: int
    output_epsilons: int
    input_label_multiplicity: float
    output_label_multiplicity: float
    accessible_states: int
    coaccessible_states: int
    connected_states: int
    connected_components: int
    strong_components: int
    properties: dict[str, bool]
    arc_filter: str = "any"

    def to_text(self, fst_type: str = "vector", short: bool = False) -> str:
        """Return the facts as fstinfo prints them, a line each; ``short`` leaves it at the first four."""
        filtered = _FILTER_NAMES[self.arc_filter]
        head: list[tuple[str, object]] = [
            ("fst type", fst_type),
            ("arc type", self.arc_type),
            ("input symbol table", self.input_symbols),
            ("output symbol table", self.output_symbols),
        ]
        rest: list[tuple[str, object]] = [
            ("# of states", self.states),
            ("# of arcs", self.arcs),
            ("initial state", self.start),
            ("# of final states", self.final_states),
            ("# of input/output epsilons", self.epsilons),
            ("# of input epsilons", self.input_epsilons),
            ("# of output epsilons", self.output_epsilons),
            ("input label multiplicity", f"{self.input_label_multiplicity:g}"),
            ("output label multiplicity", f"{self.output_label_multiplicity:g}"),
            (f"# of {filtered}accessible states", self.accessible_states),
            (f"# of {filtered}coaccessible states", self.coaccessible_states),
            (f"# of {filtered}connected states", self.connected_states),
            (f"# of {filtered}connected components", self.connected_components),
            (f"# of {filtered}strongly conn components", self.strong_components),
            ("input matcher", self.properties["input label sorted"]),
            ("output matcher", self.properties["output label sorted"]),
            ("input lookahead", False),
            ("output lookahead", False),
            ("expanded", True),
            ("mutable", fst_type == "vector"),
            ("error", False),
            *self.properties.items(),
        ]
        rows = head if short else head + rest
        return "".join(f"{name:<50}{_shown(value)}\n" for name, value in rows)


def info(fst: Fst, arc_filter: str = "any") -> FstInfo:
    """Return the facts about ``fst``.

    ``arc_filter`` counts connection over ``"any"`` arcs or those alone that are ``"epsilon"`` on both sides,
    ``"iepsilon"`` or ``"oepsilon"``.
    """
    if arc_filter not in ARC_FILTERS:
        raise OptionsError(f"info: arc_filter is {arc_filter!r}; give one of {', '.join(ARC_FILTERS)}.")
    silent_in, silent_out = fst.ilabels == EPSILON, fst.olabels == EPSILON
    kept = {
        "any": np.ones(fst.arcs, dtype=bool),
        "epsilon": silent_in & silent_out,
        "iepsilon": silent_in,
        "oepsilon": silent_out,
    }[arc_filter]
    counted = keep_arcs(fst, kept)
    arrays = counted.arrays
    started = fst.start != NO_STATE
    reached = accessible(arrays, fst.start) if started else np.zeros(fst.states, dtype=bool)
    useful = coaccessible(arrays) if started else np.zeros(fst.states, dtype=bool)
    return FstInfo(
        arc_type=next(arc_type for arc_type, semiring in ARC_TYPES.items() if semiring == fst.semiring),
        input_symbols=_title(fst.isymbols),
        output_symbols=_title(fst.osymbols),
        states=fst.states,
        arcs=fst.arcs,
        start=fst.start,
        final_states=int(np.count_nonzero(fst.final_weights < np.inf)),
        epsilons=int(np.count_nonzero(silent_in & silent_out)),
        input_epsilons=int(np.count_nonzero(silent_in)),
        output_epsilons=int(np.count_nonzero(silent_out)),
        input_label_multiplicity=_multiplicity(fst, fst.ilabels),
        output_label_multiplicity=_multiplicity(fst, fst.olabels),
        accessible_states=int(np.count_nonzero(reached)),
        coaccessible_states=int(np.count_nonzero(useful)),
        connected_states=int(np.count_nonzero(reached & useful)),
        connected_components=_components(counted) if started else 0,
        strong_components=strongly_connected(counted)[1] if started else 0,
        properties=all_properties(fst),
        arc_filter=arc_filter,
    )


def _title(symbols: SymbolTable | None) -> str:
    return "none" if symbols is None else symbols.title


def _multiplicity(fst: Fst, labels: NDArray[np.int32]) -> float:
    if not fst.arcs:
        return 0.0
    _, counts = np.unique(fst.sources().astype(np.int64) << 31 | labels, return_counts=True)
    return float((counts.astype(np.float64) ** 2).sum() / fst.arcs)


def _components(fst: Fst) -> int:
    """Return how many parts of the machine no arc joins."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    links = csr_array((np.ones(fst.arcs), fst.nextstates, fst.arc_begin), shape=(fst.states, fst.states))
    return int(connected_components(links, directed=False, return_labels=False))


def _shown(value: object) -> str:
    return ("n", "y")[value] if isinstance(value, bool) else str(value)
