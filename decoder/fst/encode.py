"""Encoding: several parts of an arc become one label, so that algorithms for plain acceptors serve; and back."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .connect import connect
from .symbols import SymbolTable
from .transducer import EPSILON, Fst


@dataclass(frozen=True, slots=True, eq=False)
class EncodeTable:
    """What the labels of an encoded machine stand for: label ``n`` is entry ``n - 1`` of the three arrays.

    ``labels`` and ``weights`` say which parts were encoded; the entries of a part that wasn't are 0.
    """

    labels: bool
    weights: bool
    entry_ilabels: NDArray[np.int32]
    entry_olabels: NDArray[np.int32]
    entry_weights: NDArray[np.float32]
    isymbols: SymbolTable | None = None
    osymbols: SymbolTable | None = None


def encode(fst: Fst, labels: bool = True, weights: bool = False) -> tuple[Fst, EncodeTable]:
    """Return ``fst`` with one label for each input label and what is encoded with it, and the table of these labels.

    ``labels`` takes the output label in, and makes an acceptor; ``weights`` takes the weight in, and makes an
    unweighted machine: its final states lead by an arc with their weight to one new state, the only final one.
    Raises OptionsError where neither is wanted.
    """
    if not labels and not weights:
        raise OptionsError("encode: neither labels nor weights are to be encoded; choose one, or both.")
    if weights:
        fst = _with_final_arcs(fst)
    columns = [fst.ilabels]
    if labels:
        columns.append(fst.olabels)
    if weights:
        columns.append((fst.weights + np.float32(0.0)).view(np.int32))
    order = np.lexsort(columns[::-1])
    fresh = np.ones(fst.arcs, dtype=bool)
    if fst.arcs:
        fresh[1:] = np.any([column[order[1:]] != column[order[:-1]] for column in columns], axis=0)
    codes = np.empty(fst.arcs, dtype=np.int32)
    codes[order] = np.cumsum(fresh)
    entries = order[fresh]
    none = np.zeros(len(entries), dtype=np.int32)
    table = EncodeTable(
        labels,
        weights,
        fst.ilabels[entries],
        fst.olabels[entries] if labels else none,
        fst.weights[entries] if weights else none.astype(np.float32),
        fst.isymbols,
        fst.osymbols,
    )
    encoded = replace(
        fst,
        ilabels=codes,
        olabels=codes if labels else fst.olabels,
        weights=np.zeros(fst.arcs, dtype=np.float32) if weights else fst.weights,
        isymbols=None,
        osymbols=None if labels else fst.osymbols,
    )
    return encoded, table


def decode(fst: Fst, table: EncodeTable) -> Fst:
    """Return the machine that ``fst``, over the labels of ``table``, stands for.

    Where weights were encoded, the arcs for final weights become these again, and useless states go. Raises
    FormatError where an arc has a label that is not in ``table``.
    """
    if fst.arcs and (fst.ilabels.min() < 1 or fst.ilabels.max() > len(table.entry_ilabels)):
        raise FormatError(f"decode: a label is outside 1..{len(table.entry_ilabels)}; give the table of this machine.")
    entry = fst.ilabels - 1
    decoded = replace(
        fst,
        ilabels=table.entry_ilabels[entry],
        olabels=table.entry_olabels[entry] if table.labels else fst.olabels,
        weights=fst.weights + table.entry_weights[entry] if table.weights else fst.weights,
        isymbols=table.isymbols,
        osymbols=table.osymbols if table.labels else fst.osymbols,
    )
    return _without_final_arcs(decoded) if table.weights else decoded


def _with_final_arcs(fst: Fst) -> Fst:
    """Return ``fst`` with one final state of weight 0, to which arcs without labels lead at the final weights."""
    ends = np.flatnonzero(np.isfinite(fst.final_weights))
    after = fst.arc_begin[ends + 1]
    finals = np.full(fst.states + 1, np.inf, dtype=np.float32)
    finals[-1] = 0.0
    ended = np.zeros(fst.states, dtype=np.int64)
    ended[ends] = 1
    return replace(
        fst,
        arc_begin=np.append(fst.arc_begin + np.append(0, np.cumsum(ended)), fst.arcs + len(ends)),
        ilabels=np.insert(fst.ilabels, after, np.int32(EPSILON)),
        olabels=np.insert(fst.olabels, after, np.int32(EPSILON)),
        weights=np.insert(fst.weights, after, fst.final_weights[ends]),
        nextstates=np.insert(fst.nextstates, after, np.int32(fst.states)),
        final_weights=finals,
    )


def _without_final_arcs(fst: Fst) -> Fst:
    """Return ``fst`` with arcs without labels, to final states without arcs, folded into final weights; trimmed."""
    ends = np.isfinite(fst.final_weights) & (np.diff(fst.arc_begin) == 0)
    folded = (fst.ilabels == EPSILON) & (fst.olabels == EPSILON) & ends[fst.nextstates]
    sources = fst.sources()
    finals = fst.final_weights.copy()
    costs = fst.weights[folded] + fst.final_weights[fst.nextstates[folded]]
    if fst.semiring == "tropical":
        np.minimum.at(finals, sources[folded], costs)
    else:
        finals = -finals
        np.logaddexp.at(finals, sources[folded], -costs)
        finals = -finals
    begin = np.zeros(fst.states + 1, dtype=np.int64)
    np.cumsum(np.bincount(sources[~folded], minlength=fst.states), out=begin[1:])
    return connect(
        replace(
            fst,
            arc_begin=begin,
            ilabels=fst.ilabels[~folded],
            olabels=fst.olabels[~folded],
            weights=fst.weights[~folded],
            nextstates=fst.nextstates[~folded],
            final_weights=finals,
        )
    )
