"""Reading a transducer's text line by line: short texts, and long ones in which a line is wrong and must be named."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NoReturn

import numpy as np

from ...errors import FormatError
from .symbols import SymbolTable
from .transducer import NO_STATE, Fst

_MOST_COST = float(np.finfo(np.float32).max)
_MOST_STATES_BESIDE = 2**20
"""How many states beyond those of its lines a text may have when its own numbers are kept."""


def parse_cost(field: str) -> float | None:
    """Return the cost that a field holds; None where it is no number that float32 holds, nor infinity."""
    try:
        cost = float(field)
    except ValueError:
        return None
    if math.isnan(cost) or cost == -math.inf or _MOST_COST < abs(cost) < math.inf or "_" in field:
        return None
    return cost


def check_numbers(name: str, states: int, named: int) -> None:
    """Raise FormatError where a text that names ``named`` states would keep numbers up to ``states`` with them."""
    if states > _MOST_STATES_BESIDE + named:
        raise FormatError(
            f"{name}: state {states - 1} would make {states} states for the {named} that are "
            "named; number them from 0 on, or let them be renumbered."
        )


class LineReader:
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
        """Return the machine; FormatError names the line that makes none."""
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
        check_numbers(self.name, states, len(self.states))
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
        cost = parse_cost(field)
        if cost is None:
            self._refuse(f"has the cost {field!r}, not a number that float32 holds, nor Infinity")
        return cost

    def _refuse(self, what: str) -> NoReturn:
        raise FormatError(f"{self.name}: line {self.line} {what}.")
