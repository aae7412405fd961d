"""Printing transducers as text: names gathered once a label, then one compiled pass over the arcs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .symbols import SymbolTable
from .text_print_kernels import Names, print_rows
from .transducer import NO_STATE, Fst

_MOST_COST_BYTES = 20
"""A tab, a cost in nine digits, a newline."""
_NO_TEXT = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)


def print_fst(
    fst: Fst,
    tables: tuple[SymbolTable | None, SymbolTable | None, SymbolTable | None],
    acceptor: bool = False,
    show_weight_one: bool = False,
    missing_symbol: str | None = None,
) -> NDArray[np.uint8]:
    """Return the bytes of the text; ``tables`` are those of inputs, outputs and states; the rest as in ``to_text``."""
    if fst.start == NO_STATE:
        return np.zeros(0, dtype=np.uint8)
    fst.check()
    arrays = fst.arrays
    acceptor = acceptor and np.array_equal(fst.ilabels, fst.olabels)
    inputs = _names(arrays.ilabels, tables[0], "input label", missing_symbol)
    outputs = inputs if acceptor else _names(arrays.olabels, tables[1], "output label", missing_symbol)
    states = _names(np.arange(fst.states), tables[2], "state", missing_symbol)
    lengths = _lengths(states)
    lines = np.diff(fst.arc_begin) + 1
    room = (
        int(lengths @ lines)
        + int(lengths[arrays.nextstates].sum())
        + sum(int(_lengths(names).sum()) for names in (inputs, outputs))
        + (_MOST_COST_BYTES + 3) * (fst.arcs + fst.states)
    )
    out = np.empty(room, dtype=np.uint8)
    odd, begin, text = _odd_costs(arrays.weights, arrays.final_weights)
    end = print_rows(arrays, fst.start, states, inputs, outputs, acceptor, (odd, begin, text, show_weight_one), out)
    return out[:end]


def _lengths(names: Names) -> NDArray[np.int64]:
    """Return how many bytes each entry of a column takes, at most."""
    if len(names.begin):
        return np.diff(names.begin)[names.ids]
    return np.full(len(names.ids), len(str(names.ids.max(initial=0))))


def _names(labels: NDArray[Any], table: SymbolTable | None, what: str, missing: str | None) -> Names:
    """Return how ``labels`` are written; FormatError where one has no name and ``missing`` is None."""
    labels = labels.astype(np.int64)
    if table is None:
        return Names(labels, *_NO_TEXT)
    most = int(labels.max(initial=0))
    if most > 2 * labels.size + len(table):
        used, ids = np.unique(labels, return_inverse=True)
    else:
        is_used = np.zeros(most + 1, dtype=bool)
        is_used[labels] = True
        used = np.flatnonzero(is_used)
        ids = (np.cumsum(is_used) - 1)[labels]
    named = table.names
    try:
        texts = [named[label] if missing is None else named.get(label, missing) for label in used.tolist()]
    except KeyError as problem:
        raise FormatError(f"text: the {what} {problem} has no name in its symbol table; add it.") from None
    return Names(ids, *_joined(texts))


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each text begins and all of them, as bytes."""
    data = [text.encode("utf8", "surrogateescape") for text in texts]
    begin = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in data], out=begin[1:])
    return begin, np.frombuffer(b"".join(data), dtype=np.uint8)


def _odd_costs(*columns: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint8]]:
    """Return the costs that the kernel cannot write, rising, and their texts."""
    found = []
    for costs in columns:
        size = np.abs(costs.astype(np.float64))
        found.append(costs[(size != 0) & ((size < 1e-4) | (size >= 1e9)) & (size < np.inf)])
    odd = np.unique(np.concatenate(found))
    return odd, *_joined([f"{cost:.9g}" for cost in odd.tolist()])
