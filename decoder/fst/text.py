"""Transducers as text in the form of the AT&T tools, which OpenFst's fstcompile and fstprint read and write.

A line is an arc: source, target, input, output, cost; or a final state: state, cost. A cost may be left out, it is 0
then; an acceptor leaves out the output. The state of the first line is the start. Labels are numbers, or names where a
symbol table is given.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .files import Place, named_text, write_bytes
from .symbols import SymbolTable
from .transducer import NO_STATE, SEMIRINGS, Fst

_MOST_COST = float(np.finfo(np.float32).max)
_MOST_STATES_BESIDE = 2**20
"""How many states beyond those of its lines a text may have when its own numbers are kept."""


def read_text(
    source: Place,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    keep_state_numbering: bool = False,
    semiring: str = "tropical",
) -> Fst:
    """Read a machine from a text file or a binary file object; the tables become those of the machine.

    See ``parse_text`` for the rest. Raises FormatError, naming the file and the line.
    """
    name, text = named_text(source)
    return parse_text(text, isymbols, osymbols, ssymbols, acceptor, keep_state_numbering, semiring, name)


def parse_text(
    text: str,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    keep_state_numbering: bool = False,
    semiring: str = "tropical",
    name: str = "text",
) -> Fst:
    """Return the machine that ``text`` describes.

    States are numbered as they first appear, unless ``keep_state_numbering``; ``ssymbols`` names them. Lines have up
    to five columns, those of an ``acceptor`` up to four. Raises FormatError, naming ``name`` and the line.
    """
    if semiring not in SEMIRINGS:
        raise OptionsError(f"{name}: semiring {semiring!r} is none of {', '.join(SEMIRINGS)}.")
    if acceptor and osymbols is None:
        osymbols = isymbols
    reader = _Reader(name, isymbols, isymbols if acceptor else osymbols, ssymbols, acceptor, keep_state_numbering)
    return reader.read(text, semiring, osymbols)


class _Reader:
    """The arcs and final costs of a text, column by column, and how its fields are understood."""

    def __init__(
        self,
        name: str,
        isymbols: SymbolTable | None,
        osymbols: SymbolTable | None,
        ssymbols: SymbolTable | None,
        acceptor: bool,
        keep_state_numbering: bool,
    ) -> None:
        self.name = name
        self.line = 0
        self.isymbols = isymbols
        self.tables = [None if table is None else table.labels for table in (isymbols, osymbols, ssymbols)]
        self.acceptor = acceptor
        self.keeps_numbers = keep_state_numbering
        self.states: dict[str, int] = {}
        self.numbers: dict[int, int] = {}

    def read(self, text: str, semiring: str, osymbols: SymbolTable | None) -> Fst:
        sources: list[int] = []
        targets: list[int] = []
        ilabels: list[int] = []
        olabels: list[int] = []
        weights: list[float] = []
        finals: dict[int, float] = {}
        start = NO_STATE
        for fields in self._rows(text):
            source = self._state(fields[0])
            if start == NO_STATE:
                start = source
            if len(fields) <= 2:
                finals[source] = self._cost(fields[1]) if len(fields) == 2 else 0.0
                continue
            sources.append(source)
            targets.append(self._state(fields[1]))
            ilabels.append(self._label(fields[2], 0))
            olabels.append(ilabels[-1] if self.acceptor else self._label(fields[3], 1))
            cost_at = 3 if self.acceptor else 4
            weights.append(self._cost(fields[cost_at]) if len(fields) > cost_at else 0.0)
        final_weights = np.full(self._states(sources, targets, finals), np.inf)
        final_weights[list(finals)] = list(finals.values())
        fst = Fst.from_arcs(start, sources, ilabels, olabels, weights, targets, final_weights, semiring)
        return replace(fst, isymbols=self.isymbols, osymbols=osymbols)

    def _rows(self, text: str) -> Iterator[list[str]]:
        """Go through the lines that hold anything, as their fields."""
        least, most = (3, 4) if self.acceptor else (4, 5)
        for line in text.split("\n"):
            self.line += 1
            fields = [field for field in line.rstrip("\r").replace("\t", " ").split(" ") if field]
            if not fields:
                continue
            if not (len(fields) <= 2 or least <= len(fields) <= most):
                kind = "an acceptor's arc" if self.acceptor else "an arc"
                self._refuse(f"has {len(fields)} columns; {kind} has {least} or {most}, a final state 1 or 2")
            yield fields

    def _states(self, sources: list[int], targets: list[int], finals: Mapping[int, float]) -> int:
        if not self.keeps_numbers:
            return len(self.numbers)
        states = 1 + max((max(numbers, default=-1) for numbers in (sources, targets, finals)), default=-1)
        if states > _MOST_STATES_BESIDE + len(self.states):
            raise FormatError(
                f"{self.name}: state {states - 1} would make {states} states for the {len(self.states)} that are "
                "named; number them from 0 on, or let them be renumbered."
            )
        return states

    def _state(self, field: str) -> int:
        state = self.states.get(field)
        if state is None:
            number = self._number(field, 2, "state")
            state = number if self.keeps_numbers else self.numbers.setdefault(number, len(self.numbers))
            self.states[field] = state
        return state

    def _label(self, field: str, side: int) -> int:
        return self._number(field, side, ("input label", "output label")[side])

    def _number(self, field: str, which: int, what: str) -> int:
        table = self.tables[which]
        if table is not None:
            if field not in table:
                self._refuse(f"has the {what} {field!r}, which its symbol table does not list")
            return table[field]
        if not (field.isascii() and field.isdecimal()) or len(field) > 10 or int(field) >= 2**31:
            self._refuse(f"has the {what} {field!r}, not a number from 0 to 2^31 - 1; give a symbol table for names")
        return int(field)

    def _cost(self, field: str) -> float:
        try:
            cost = float(field)
        except ValueError:
            cost = math.nan
        if math.isnan(cost) or cost == -math.inf or _MOST_COST < abs(cost) < math.inf or "_" in field:
            self._refuse(f"has the cost {field!r}, not a number that float32 holds, nor Infinity")
        return cost

    def _refuse(self, what: str) -> NoReturn:
        raise FormatError(f"{self.name}: line {self.line} {what}.")


def write_text(
    fst: Fst,
    target: Place,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    show_weight_one: bool = False,
    missing_symbol: str | None = None,
) -> None:
    """Write ``to_text(fst, ...)`` to a path, never half a file, or to a binary file object."""
    text = to_text(fst, isymbols, osymbols, ssymbols, acceptor, show_weight_one, missing_symbol)
    write_bytes(target, [text.encode("utf8", "surrogateescape")])


def to_text(
    fst: Fst,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    show_weight_one: bool = False,
    missing_symbol: str | None = None,
) -> str:
    """Return ``fst`` as fstprint prints it: the start state first; labels as numbers where no table is given.

    ``acceptor`` leaves out the outputs where they all equal the inputs; ``show_weight_one`` writes costs of 0 too;
    ``missing_symbol`` stands for a label that its table does not name, which is a FormatError otherwise.
    """
    if fst.start == NO_STATE:
        return ""
    acceptor = acceptor and np.array_equal(fst.ilabels, fst.olabels)
    state = _names(np.arange(fst.states), ssymbols, "state", missing_symbol)
    columns = [
        _names(fst.sources(), ssymbols, "state", missing_symbol),
        _names(fst.nextstates, ssymbols, "state", missing_symbol),
        _names(fst.ilabels, isymbols, "input label", missing_symbol),
    ]
    if not acceptor:
        columns.append(_names(fst.olabels, osymbols, "output label", missing_symbol))
    costs = [_cost_field(cost, show_weight_one) for cost in fst.weights.tolist()]
    lines = ["\t".join(fields) + cost for *fields, cost in zip(*columns, costs, strict=True)]
    begin = fst.arc_begin.tolist()
    finals = fst.final_weights.tolist()
    out: list[str] = []
    for place in (fst.start, *range(fst.start), *range(fst.start + 1, fst.states)):
        out += lines[begin[place] : begin[place + 1]]
        if finals[place] < math.inf or begin[place] == begin[place + 1]:
            out.append(state[place] + _cost_field(finals[place], show_weight_one))
    return "\n".join(out) + "\n"


def _names(labels: NDArray[Any], table: SymbolTable | None, what: str, missing: str | None) -> list[str]:
    if table is None:
        return list(map(str, labels.tolist()))
    names = table.names
    try:
        return [names[label] if missing is None else names.get(label, missing) for label in labels.tolist()]
    except KeyError as problem:
        raise FormatError(f"text: the {what} {problem} has no name in its symbol table; add it.") from None


def _cost_field(cost: float, always: bool) -> str:
    """Return the cost as a column with the tab before it, to the nine digits that float32 needs; empty for 0."""
    if cost == 0 and not always:
        return ""
    return "\tInfinity" if cost == math.inf else f"\t{cost:.9g}"
