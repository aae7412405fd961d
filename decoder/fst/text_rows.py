"""Reading a long text of a transducer with compiled kernels, as columns of numbers."""

from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from .symbols import SymbolTable
from .text_kernels import Rows, find_names, hash_names, number_states, parse_rows
from .text_lines import check_numbers, parse_cost
from .transducer import NO_STATE, Fst

_NEWLINE = 10
_MOST_UNUSED = 2**20
"""How many numbers of states may be left out before states are looked up by sorting, not in an array."""


def parse_rows_of(
    data: NDArray[np.uint8],
    tables: tuple[SymbolTable | None, SymbolTable | None, SymbolTable | None],
    acceptor: bool,
    keep_state_numbering: bool,
    semiring: str,
    name: str,
) -> Fst | None:
    """Return the machine that the text ``data`` describes; None where a line can only be read, or refused, alone.

    ``tables`` are those of inputs, outputs and states.
    """
    inputs, outputs, states = tables
    columns = [(0, states), (1, states), (2, inputs), *([] if acceptor else [(3, outputs)])]
    named = np.array([states is not None, states is not None, inputs is not None, outputs is not None], dtype=np.uint8)
    lines = int(np.count_nonzero(data == _NEWLINE)) + 1
    rows = Rows(np.empty((lines, 4), dtype=np.int64), np.empty(lines), np.empty(2 * lines, dtype=np.int64))
    count, odd = parse_rows(data, named, 1 if acceptor else 2, rows)
    if count < 0 or not _read_odd(data, rows.costs[:count], rows.odd[: 2 * odd]):
        return None
    numbers = rows.numbers[:count]
    if not all(starmap(_Finder(data, numbers).replace, columns)):
        return None
    if keep_state_numbering:
        found = 1 + int(numbers[:, :2].max(initial=NO_STATE))
        if found > _MOST_UNUSED:
            seen = np.unique(numbers[:, :2])
            check_numbers(name, found, int(np.count_nonzero(seen != NO_STATE)))
    else:
        found = _renumber(numbers)
    is_arc = numbers[:, 1] >= 0
    arcs, finals = numbers[is_arc], numbers[~is_arc, 0]
    final_weights = np.full(found, np.inf)
    final_weights[finals] = rows.costs[:count][~is_arc]
    start = int(numbers[0, 0]) if count else NO_STATE
    return Fst.from_arcs(
        start,
        arcs[:, 0],
        arcs[:, 2],
        arcs[:, 2 if acceptor else 3],
        rows.costs[:count][is_arc],
        arcs[:, 1],
        final_weights,
        semiring,
    )


def _read_odd(data: NDArray[np.uint8], costs: NDArray[np.float64], odd: NDArray[np.int64]) -> bool:
    """Fill in the costs that the kernel left NaN; False where one is none."""
    places = np.flatnonzero(np.isnan(costs))
    known: dict[bytes, float | None] = {}
    for place, begin, end in zip(places.tolist(), odd[::2].tolist(), odd[1::2].tolist(), strict=True):
        field = data[begin:end].tobytes()
        if field not in known:
            known[field] = parse_cost(field.decode("utf8", "surrogateescape"))
        cost = known[field]
        if cost is None:
            return False
        costs[place] = cost
    return True


class _Finder:
    """Names looked up in symbol tables, each of which is made into a hash table once."""

    def __init__(self, data: NDArray[np.uint8], numbers: NDArray[np.int64]) -> None:
        self.data = data
        self.numbers = numbers
        self.made: dict[int, tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]] = {}

    def replace(self, column: int, table: SymbolTable | None) -> bool:
        """Replace the places of names in a column by their labels; False where that cannot be done."""
        if table is None:
            return True
        if id(table) not in self.made:
            try:
                joined = "\n".join([*table.names.values(), ""])
                names = np.frombuffer(joined.encode("utf8", "surrogateescape"), dtype=np.uint8)
                labels = np.array(list(table.names), dtype=np.int64)
            except (UnicodeEncodeError, OverflowError):
                return False
            ends = np.flatnonzero(names == _NEWLINE)
            if len(ends) != len(labels) or labels.min(initial=0) < 0:
                return False
            if names.max(initial=0) >= 128 and names.tobytes().decode("utf8", "surrogateescape") != joined:
                return False  # two names with the same bytes
            slots = np.full(1 << max(4, (2 * len(labels)).bit_length()), -1, dtype=np.int32)
            hash_names(names, ends, slots)
            self.made[id(table)] = names, ends, labels, slots
        return bool(find_names(self.data, self.numbers, column, *self.made[id(table)]))


def _renumber(numbers: NDArray[np.int64]) -> int:
    """Number the states as they first appear and return how many there are."""
    most = int(numbers[:, :2].max(initial=NO_STATE))
    if most > 2 * numbers.size + _MOST_UNUSED:
        used, dense = np.unique(numbers[:, :2], return_inverse=True)
        lacks = int(used[0] < 0)
        numbers[:, :2] = dense.reshape(-1, 2) - lacks
        most = len(used) - 1 - lacks
    return int(number_states(numbers, np.full(most + 1, -1, dtype=np.int64)))
