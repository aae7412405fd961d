"""Lattices that follow one another in time: what a search has committed, piece by piece."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..lattice.assemble import Pieces, reassemble
from ..lattice.lattice import ARC_ARRAYS, KINDS, Lattice
from .raw_lattice import begins_of


def with_one_end(lattice: Lattice) -> Lattice:
    """Return the lattice with one end, its last state, where ending costs nothing: others get an arc to it."""
    finals = lattice.final_costs
    ends = np.flatnonzero(np.isfinite(finals[:, 0]))
    last = lattice.states - 1
    if np.array_equal(ends, [last]) and not finals[last].any():
        return lattice
    pieces = Pieces.of(lattice)
    more = np.zeros(len(ends), np.int64)
    return reassemble(
        lattice,
        pieces._replace(
            sources=np.concatenate([pieces.sources, ends]),
            nextstates=np.concatenate([pieces.nextstates, more + lattice.states]),
            words=np.concatenate([pieces.words, more]),
            label_begin=np.concatenate([pieces.label_begin, more + len(pieces.labels)]),
            costs=np.concatenate([pieces.costs, finals[ends]]),
            final_costs=np.concatenate([np.full_like(finals, np.inf), np.zeros((1, len(KINDS)))]),
            frames=np.append(lattice.frames, lattice.frames[ends].max(initial=lattice.frames[last])),
        ),
    )


def join_lattices(lattices: Sequence[Lattice]) -> Lattice:
    """Join lattices that follow one another in time: the last state of each, its only end, is the next one's first."""
    *heads, tail = lattices
    if not heads:
        return tail
    offsets = np.cumsum([0, *(lattice.states - 1 for lattice in heads)])
    sources = np.concatenate([part.sources() + offset for part, offset in zip(lattices, offsets, strict=True)])
    columns: dict[str, Any] = {
        field: np.concatenate([getattr(part, field) for part in lattices]) for field in ARC_ARRAYS
    }
    moved = [part.nextstates + offset for part, offset in zip(lattices, offsets, strict=True)]
    columns["nextstates"] = np.concatenate(moved).astype(np.int32)
    for field in ("frames", *(f"final_{kind}_costs" for kind in KINDS)):
        columns[field] = np.concatenate([*(getattr(part, field)[:-1] for part in heads), getattr(tail, field)])
    return replace(
        tail,
        arc_begin=begins_of(np.bincount(sources, minlength=int(offsets[-1]) + tail.states)),
        label_begin=begins_of(np.concatenate([np.diff(part.label_begin) for part in lattices])),
        labels=np.concatenate([part.labels for part in lattices]),
        **columns,
    )
