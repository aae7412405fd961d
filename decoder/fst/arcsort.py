"""Sorting the arcs of each state by label, which composition and look-up by bisection rely on."""

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .transducer import Fst, read_only

SORTS = ("ilabel", "olabel")


def arcsort(fst: Fst, by: str = "ilabel") -> Fst:
    """Return ``fst`` with every state's arcs sorted by ``"ilabel"`` or ``"olabel"``, then by the other label.

    Arcs with the same labels keep their order. A machine that is sorted already is returned as it is.
    """
    if by not in SORTS:
        raise OptionsError(f"arcsort: by is {by!r}; give one of {', '.join(SORTS)}.")
    first, second = (fst.ilabels, fst.olabels) if by == "ilabel" else (fst.olabels, fst.ilabels)
    first, second = np.ascontiguousarray(first), np.ascontiguousarray(second)
    state = fst.sources()
    falls = (first[1:] < first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] < second[:-1]))
    if not np.any(falls & (state[1:] == state[:-1])):
        return fst
    order = np.arange(fst.arcs, dtype=np.int64)
    for keys in (second, first, state):
        order = stable_order(keys, order)
    return fst.take_arcs(order)


def is_sorted(fst: Fst, by: str = "ilabel") -> bool:
    """Return whether the arcs of every state rise by the label that ``by`` names, ``"ilabel"`` or ``"olabel"``."""
    labels = fst.ilabels if by == "ilabel" else fst.olabels
    falls = np.flatnonzero(labels[1:] < labels[:-1]) + 1
    return not np.any(~np.isin(falls, fst.arc_begin)) if len(falls) else True


def stable_order(keys: NDArray[np.int32], order: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return the places 0.. (or those of ``order``) sorted by ``keys`` (n,), int32 from 0 on; equal keys keep order."""
    from .arcsort_kernels import sorted_by_digit

    order = np.arange(len(keys), dtype=np.int64) if order is None else order
    top = int(keys.max()) if len(keys) else 0
    for shift in (0, 16):
        if top >> shift:
            order = sorted_by_digit(read_only(keys), order, shift)
    return order
