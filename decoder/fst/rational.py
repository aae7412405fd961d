"""The rational operations: one machine or the other, one after the other, one over and over.

States and arcs are numbered as OpenFst numbers them: the second machine's states follow the first's, a new start state
comes last, added epsilon arcs come after a state's own.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .connect import start_is_on_cycle
from .transducer import EPSILON, NO_STATE, Fst


def union(a: Fst, b: Fst) -> Fst:
    """Return the machine that accepts what ``a`` or ``b`` accepts; what both accept costs both together.

    Raises OptionsError where their semirings or their symbol tables differ.
    """
    both = _side_by_side("union", a, b)
    if b.start == NO_STATE:
        return _with_symbols(a, b)
    second = b.start + a.states
    if a.start == NO_STATE:
        return replace(both, start=second)
    if not start_is_on_cycle(a):
        return _with_arcs(both, [a.start], [0.0], [second])
    start = both.states
    return replace(_with_arcs(_with_state(both, np.inf), [start, start], [0.0, 0.0], [a.start, second]), start=start)


def concat(a: Fst, b: Fst) -> Fst:
    """Return the machine that accepts a string of ``a`` followed by one of ``b``, at the sum of their costs.

    Raises OptionsError where their semirings or their symbol tables differ.
    """
    both = _side_by_side("concat", a, b)
    if a.start == NO_STATE:
        return _with_symbols(a, b)
    final = np.flatnonzero(a.final_weights < np.inf)
    final_weights = both.final_weights.copy()
    final_weights[: a.states] = np.inf
    both = replace(both, start=a.start, final_weights=final_weights)
    if b.start == NO_STATE:
        return both
    return _with_arcs(both, final, a.final_weights[final], np.full(len(final), b.start + a.states))


def closure(fst: Fst, plus: bool = False) -> Fst:
    """Return the machine that accepts any number of strings of ``fst`` in a row: at least one with ``plus``."""
    final = np.flatnonzero(fst.final_weights < np.inf)
    closed = fst
    if fst.start != NO_STATE:
        closed = _with_arcs(fst, final, fst.final_weights[final], np.full(len(final), fst.start))
    if plus:
        return closed
    start = fst.states
    closed = replace(_with_state(closed, 0.0), start=start)
    return closed if fst.start == NO_STATE else _with_arcs(closed, [start], [0.0], [fst.start])


def check_compatible(operation: str, a: Fst, b: Fst) -> None:
    """Raise OptionsError where ``operation`` cannot take ``a`` and ``b`` together: other semiring, other names."""
    if a.semiring != b.semiring:
        raise OptionsError(f"{operation}: one machine is {a.semiring}, the other {b.semiring}; convert one of them.")
    for side, one, other in (("input", a.isymbols, b.isymbols), ("output", a.osymbols, b.osymbols)):
        if one is not None and other is not None and one is not other and one != other:
            raise OptionsError(f"{operation}: the {side} symbol tables differ; give both machines the same.")


def _side_by_side(operation: str, a: Fst, b: Fst) -> Fst:
    """Return ``a`` with the states of ``b`` behind its own."""
    check_compatible(operation, a, b)
    if a.states + b.states >= 2**31 - 1:
        raise OptionsError(f"{operation}: {a.states} and {b.states} states are more than 2^31 together.")
    return replace(
        _with_symbols(a, b),
        arc_begin=np.concatenate([a.arc_begin, b.arc_begin[1:] + a.arcs]),
        ilabels=np.concatenate([a.ilabels, b.ilabels]),
        olabels=np.concatenate([a.olabels, b.olabels]),
        weights=np.concatenate([a.weights, b.weights]),
        nextstates=np.concatenate([a.nextstates, b.nextstates + np.int32(a.states)]),
        final_weights=np.concatenate([a.final_weights, b.final_weights]),
    )


def _with_symbols(a: Fst, b: Fst) -> Fst:
    """Return ``a`` with the symbol tables of ``b`` where it has none of its own."""
    isymbols = b.isymbols if a.isymbols is None else a.isymbols
    return replace(a, isymbols=isymbols, osymbols=b.osymbols if a.osymbols is None else a.osymbols)


def _with_state(fst: Fst, final_weight: float) -> Fst:
    """Return ``fst`` with one more state, without arcs."""
    return replace(
        fst,
        arc_begin=np.append(fst.arc_begin, np.int64(fst.arcs)),
        final_weights=np.append(fst.final_weights, np.float32(final_weight)),
    )


def _with_arcs(fst: Fst, sources: Any, weights: Any, nextstates: Any) -> Fst:
    """Return ``fst`` with epsilon arcs from ``sources``, rising, each behind the arcs that its state has."""
    source: NDArray[np.int64] = np.asarray(sources, dtype=np.int64)
    places = fst.arc_begin[source + 1]
    added = np.zeros(fst.states + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=fst.states), out=added[1:])
    return replace(
        fst,
        arc_begin=fst.arc_begin + added,
        ilabels=np.insert(fst.ilabels, places, np.int32(EPSILON)),
        olabels=np.insert(fst.olabels, places, np.int32(EPSILON)),
        weights=np.insert(fst.weights, places, np.asarray(weights, dtype=np.float32)),
        nextstates=np.insert(fst.nextstates, places, np.asarray(nextstates, dtype=np.int32)),
    )
