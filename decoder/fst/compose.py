"""Composition: what the first machine writes is what the second reads."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import OptionsError, SearchError
from .connect import connect as connected
from .room import check_memory, doubled, grown
from .transducer import Fst, FstArrays

if TYPE_CHECKING:
    from .compose_kernels import Operand, Result

MAX_STATES = 2**31 - 1
ROOM = 1024  # the states and arcs that a result begins with, besides those of the operands


def compose(a: Fst, b: Fst, connect: bool = True, max_states: int = MAX_STATES) -> Fst:
    """Return the transducer that maps x to z at the cost of ``a`` mapping x to y and ``b`` mapping y to z.

    The states are the pairs that the two start states reach, and a flag: the epsilons that ``a`` writes are taken
    before those that ``b`` reads, so that each pair of paths gives one path (the sequence filter of Allauzen, Riley and
    Schalkwyk, 2009; OpenFst's result has as many). Operands that are not sorted by the matched labels are sorted first.
    With ``connect`` the states on no path from the start to the end are left out.

    Raises OptionsError where the semirings or the symbol tables in between differ, SearchError where the result would
    have more than ``max_states`` states (before ``connect``) or more arcs than the machine has memory for.
    """
    if a.semiring != b.semiring:
        raise OptionsError(f"compose: the semirings are {a.semiring} and {b.semiring}; give two of the same.")
    if a.osymbols is not None and b.isymbols is not None and a.osymbols != b.isymbols:
        raise OptionsError(
            "compose: the first machine's output symbols are not the second's input symbols; relabel one."
        )
    if max_states < 1:
        raise OptionsError(f"compose: max_states is {max_states}; give at least 1.")
    fst = _pairs(a, b, min(max_states, MAX_STATES)) if a.start >= 0 and b.start >= 0 else _empty(a)
    fst = replace(fst, isymbols=a.isymbols, osymbols=b.osymbols)
    return connected(fst) if connect else fst


def _empty(like: Fst) -> Fst:
    return Fst.from_arcs(-1, [], [], [], [], [], [], like.semiring)


def _pairs(a: Fst, b: Fst, max_states: int) -> Fst:
    from .compose_kernels import ARCS_FULL, DONE, STATES_FULL, expand

    one, other = _operand(a, "olabels"), _operand(b, "ilabels")
    result = _started(a, b, min(max_states, ROOM + a.states + b.states), ROOM + a.arcs + b.arcs)
    while (status := expand(one, other, result)) != DONE:
        if status == STATES_FULL and len(result.pairs.key) == max_states:
            raise SearchError(f"compose: the result has over {max_states} states; prune an operand or allow more.")
        if status == STATES_FULL:
            result = _with_states(result, min(max_states, 2 * len(result.pairs.key)))
        elif status == ARCS_FULL:
            result = result._replace(arcs=doubled(result.arcs, "compose"))
        else:
            result = result._replace(moves=doubled(result.moves, "compose"))
    states = int(result.position[0])
    arcs = int(result.pairs.arc_begin[states])
    return Fst(
        start=0,
        arc_begin=result.pairs.arc_begin[: states + 1],
        ilabels=result.arcs.ilabels[:arcs],
        olabels=result.arcs.olabels[:arcs],
        weights=result.arcs.weights[:arcs],
        nextstates=result.arcs.nextstates[:arcs],
        final_weights=result.pairs.final_weights[:states],
        semiring=a.semiring,
    )


def _operand(fst: Fst, labels: str) -> "Operand":
    """Return ``fst`` as the kernels take it, the arcs of each state sorted by ``labels``."""
    from .compose_kernels import Operand, index_labels

    column = getattr(fst, labels)
    descents = np.flatnonzero(column[1:] < column[:-1]) + 1
    if not np.isin(descents, fst.arc_begin).all():
        fst = fst.take_arcs(np.argsort(fst.sources().astype(np.int64) << 32 | column, kind="stable"))
    arrays: FstArrays = fst.arrays
    return Operand(arrays, index_labels(arrays.arc_begin, getattr(arrays, labels)))


def _started(a: Fst, b: Fst, states: int, arcs: int) -> "Result":
    """Return a result that holds the pair of start states, with room for so many states and arcs."""
    from .compose_kernels import BATCH, Moves, NewArcs, Pairs, Result

    pairs = Pairs(
        key=np.array([2 * (a.start * b.states + b.start)], dtype=np.int64),
        final_weights=np.empty(1, dtype=np.float32),
        arc_begin=np.zeros(2, dtype=np.int64),
        table=np.empty(0, dtype=np.int64),
    )
    ilabels, olabels, nextstates = (np.empty(arcs, dtype=np.int32) for _ in range(3))
    columns = NewArcs(ilabels, olabels, np.empty(arcs, dtype=np.float32), nextstates)
    moves = Moves(*(np.empty(4 * BATCH, dtype=np.int64) for _ in range(3)))
    return _with_states(Result(pairs, columns, moves, np.array([0, 1], dtype=np.int64)), states)


def _with_states(result: "Result", states: int) -> "Result":
    """Return ``result`` with room for so many states."""
    from .compose_kernels import number

    met = int(result.position[1])
    check_memory(84 * states, "compose")
    pairs = type(result.pairs)(
        key=grown(result.pairs.key, states),
        final_weights=grown(result.pairs.final_weights, states),
        arc_begin=grown(result.pairs.arc_begin, states + 1),
        table=np.full(2 << (2 * states - 1).bit_length(), -1, dtype=np.int64),
    )
    number(pairs, pairs.key[:met], 0, np.empty(met, dtype=np.int32))
    return result._replace(pairs=pairs)
