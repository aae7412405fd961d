"""Removing the epsilons that cost nothing to remove: no state is copied, no machine grows.

Disambiguation symbols, once they have done their work, leave epsilon arcs behind. An arc and the next one can be one
arc where at most one of them reads and at most one of them writes; where a state has a single arc out or a single arc
in, and all pairs through it can be joined, the state goes. The idea is that of Kaldi's RemoveEpsLocal.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..fst.transducer import EPSILON, Fst

_ROUNDS = 100


def remove_epsilons_locally(fst: Fst, starts_word: NDArray[np.bool_] | None = None) -> Fst:
    """Return an equivalent of ``fst`` with fewer states and arcs, or ``fst`` itself.

    What a path writes before a label that ``starts_word`` (by input label) marks is not moved onto that label's arc:
    it belongs to the word before.
    """
    marked = np.zeros(1, np.bool_) if starts_word is None else starts_word
    for _ in range(_ROUNDS):
        shorter = _join_entries(_join_exits(fst, marked), marked)
        if shorter.states == fst.states:
            break
        fst = shorter
    return fst


def _joinable(
    fst: Fst, first: NDArray[np.int64], second: NDArray[np.int64], marked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which arcs ``first`` can be joined with the arcs ``second`` that follow them, pair by pair."""
    one = (fst.ilabels[first] == EPSILON) | (fst.ilabels[second] == EPSILON)
    one &= (fst.olabels[first] == EPSILON) | (fst.olabels[second] == EPSILON)
    label = fst.ilabels[second]
    begins = (label < len(marked)) & marked[np.minimum(label, len(marked) - 1)]
    return one & ~(begins & (fst.olabels[first] != EPSILON))


def _join_exits(fst: Fst, marked: NDArray[np.bool_]) -> Fst:
    """Join the arcs into every state that one arc leaves with that arc, where all of them can be joined."""
    going = np.diff(fst.arc_begin) == 1
    going &= ~np.isfinite(fst.final_weights)
    if fst.start >= 0:
        going[fst.start] = False
    exit_arc = np.minimum(fst.arc_begin[:-1], max(fst.arcs - 1, 0))
    into = np.flatnonzero(going[fst.nextstates])
    bad = ~_joinable(fst, into, exit_arc[fst.nextstates[into]], marked)
    going[fst.nextstates[into[bad]]] = False
    going &= ~going[fst.nextstates[exit_arc]] if fst.arcs else False  # one after the other: the last of a row first
    if not going.any():
        return fst
    into = np.flatnonzero(going[fst.nextstates])
    after = exit_arc[fst.nextstates[into]]
    ilabels, olabels, weights, nextstates = _writable(fst)
    ilabels[into] += fst.ilabels[after]
    olabels[into] += fst.olabels[after]
    weights[into] += fst.weights[after]
    nextstates[into] = fst.nextstates[after]
    sources = fst.sources()
    return _kept(fst, ~going[sources], ~going, sources, (ilabels, olabels, weights, nextstates), fst.final_weights)


def _join_entries(fst: Fst, marked: NDArray[np.bool_]) -> Fst:
    """Join the arc into every state that one arc enters with the arcs out of it, where all of them can be joined."""
    sources = fst.sources()
    going = np.bincount(fst.nextstates, minlength=fst.states) == 1
    if fst.start >= 0:
        going[fst.start] = False
    entry = np.zeros(fst.states, dtype=np.int64)
    entry[fst.nextstates] = np.arange(fst.arcs)
    out = np.flatnonzero(going[sources])
    bad = ~_joinable(fst, entry[sources[out]], out, marked)
    going[sources[out[bad]]] = False
    if fst.arcs:
        silent = (fst.ilabels[entry] == EPSILON) & (fst.olabels[entry] == EPSILON)
        going &= silent | ~np.isfinite(fst.final_weights)
        going &= ~going[sources[entry]]  # the first of a row first
    if not going.any():
        return fst
    out = np.flatnonzero(going[sources])
    before = entry[sources[out]]
    ilabels, olabels, weights, nextstates = _writable(fst)
    ilabels[out] += fst.ilabels[before]
    olabels[out] += fst.olabels[before]
    weights[out] += fst.weights[before]
    finals = fst.final_weights.copy()
    gone = np.flatnonzero(going)
    np.minimum.at(finals, sources[entry[gone]], fst.weights[entry[gone]] + fst.final_weights[gone])
    arc_kept = np.ones(fst.arcs, dtype=bool)
    arc_kept[entry[gone]] = False
    moved = sources.copy()
    moved[out] = sources[before]
    return _kept(fst, arc_kept, ~going, moved, (ilabels, olabels, weights, nextstates), finals)


_Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]


def _writable(fst: Fst) -> _Columns:
    return fst.ilabels.copy(), fst.olabels.copy(), fst.weights.copy(), fst.nextstates.copy()


def _kept(
    fst: Fst,
    arcs: NDArray[np.bool_],
    states: NDArray[np.bool_],
    sources: NDArray[np.int32],
    columns: _Columns,
    finals: NDArray[np.float32],
) -> Fst:
    number = np.cumsum(states) - 1
    ilabels, olabels, weights, nextstates = (column[arcs] for column in columns)
    shorter = Fst.from_arcs(
        int(number[fst.start]),
        number[sources[arcs]],
        ilabels,
        olabels,
        weights,
        number[nextstates],
        finals[states],
        fst.semiring,
    )
    return replace(shorter, isymbols=fst.isymbols, osymbols=fst.osymbols)
