"""A lattice from arcs in any order between states in any order."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .lattice import ARRAY_DTYPES, KINDS, LabelTable, Lattice


class Pieces(NamedTuple):
    """Arcs and states of a lattice to be, in any order.

    An entry an arc: ``sources``, ``nextstates``, ``words``, ``costs`` (arcs, 4), in the order of ``KINDS``, and the
    labels ``labels[label_begin[a]:label_begin[a + 1]]``. An entry a state: ``final_costs`` (states, 4), the first
    infinite where it is not final, and ``frames``, None where they are to be counted from the labels.
    """

    sources: NDArray[Any]
    nextstates: NDArray[Any]
    words: NDArray[Any]
    label_begin: NDArray[Any]
    labels: NDArray[Any]
    costs: NDArray[Any]
    final_costs: NDArray[Any]
    frames: NDArray[Any] | None = None

    @classmethod
    def of(cls, lattice: Lattice) -> "Pieces":
        """Take a lattice apart."""
        return cls(
            lattice.sources(),
            lattice.nextstates,
            lattice.words,
            lattice.label_begin,
            lattice.labels,
            lattice.costs,
            lattice.final_costs,
            lattice.frames,
        )

    def take_arcs(self, arcs: NDArray[Any]) -> "Pieces":
        """Return the pieces with the arcs ``arcs`` (their indices) in this order."""
        lengths = np.diff(self.label_begin)[arcs]
        begin = np.zeros(len(arcs) + 1, np.int64)
        np.cumsum(lengths, out=begin[1:])
        places = np.repeat(np.asarray(self.label_begin)[arcs] - begin[:-1], lengths) + np.arange(begin[-1])
        return self._replace(
            sources=self.sources[arcs],
            nextstates=self.nextstates[arcs],
            words=self.words[arcs],
            label_begin=begin,
            labels=self.labels[places],
            costs=self.costs[arcs],
        )

    def renumber(self, order: NDArray[Any]) -> "Pieces":
        """Return the pieces with the states ``order``, in this order; arcs between others go, the rest is sorted."""
        number = np.full(len(self.final_costs), -1, np.int64)
        number[order] = np.arange(len(order))
        sources, targets = number[self.sources], number[self.nextstates]
        kept = np.flatnonzero((sources >= 0) & (targets >= 0))
        arcs = kept[np.argsort(sources[kept], kind="stable")]
        return self.take_arcs(arcs)._replace(
            sources=sources[arcs],
            nextstates=targets[arcs].astype(np.int32),
            final_costs=self.final_costs[order],
            frames=None if self.frames is None else self.frames[order],
        )

    def arc_begin(self) -> NDArray[np.int64]:
        """Return where the arcs of each state begin, int64 (states + 1,), the arcs being sorted by source."""
        begin = np.zeros(len(self.final_costs) + 1, np.int64)
        np.cumsum(np.bincount(self.sources, minlength=len(self.final_costs)), out=begin[1:])
        return begin


def assemble(
    pieces: Pieces,
    start: int,
    acoustic_scale: float,
    words_table: tuple[str, ...],
    label_table: LabelTable | None = None,
    beam: float = np.inf,
) -> Lattice:
    """Put ``pieces`` together to a lattice that begins at state ``start``.

    States that lie on no path from the start to an end are left out, the others ordered by frame; the arcs of a state
    keep their order. Raises FormatError where the arcs form a cycle, or where frames must be counted and paths of
    different lengths lead to a state.
    """
    from .order_kernels import on_a_path, topological_order

    states = len(pieces.final_costs)
    pieces = pieces.renumber(np.arange(states))
    begin = pieces.arc_begin()
    order = topological_order(begin, pieces.nextstates)
    if len(order) < states:
        raise FormatError("lattice: its arcs form a cycle; a lattice has none.")
    is_final = np.isfinite(pieces.final_costs[:, 0])
    keep = on_a_path(order, start, begin, pieces.nextstates, is_final) if states else np.zeros(0, np.bool_)
    order = order[keep[order]]
    if pieces.frames is None:
        pieces = _with_frames(pieces.renumber(order), order)
        order = np.arange(len(order))
    assert pieces.frames is not None
    # Sorting by frame keeps the topological order, as frames never fall along an arc.
    pieces = pieces.renumber(order[np.argsort(pieces.frames[order], kind="stable")])
    finals = np.where(np.isfinite(pieces.final_costs[:, :1]), pieces.final_costs, [np.inf, 0.0, 0.0, 0.0])
    columns = {f"{kind}_costs": pieces.costs[:, i] for i, kind in enumerate(KINDS)}
    columns |= {f"final_{kind}_costs": finals[:, i] for i, kind in enumerate(KINDS)}
    columns |= {name: getattr(pieces, name) for name in ("nextstates", "words", "label_begin", "labels", "frames")}
    columns["arc_begin"] = pieces.arc_begin()
    arrays: dict[str, Any] = {
        name: np.ascontiguousarray(columns[name], dtype=dtype) for name, dtype in ARRAY_DTYPES.items()
    }
    return Lattice(**arrays, acoustic_scale=acoustic_scale, words_table=words_table, label_table=label_table, beam=beam)


def _with_frames(pieces: Pieces, names: NDArray[Any]) -> Pieces:
    """Count the frames of ``pieces``, whose states are in topological order and were called ``names``."""
    from .order_kernels import count_frames

    frames, odd = count_frames(pieces.arc_begin(), pieces.nextstates, np.diff(pieces.label_begin))
    if odd >= 0:
        raise FormatError(f"lattice: paths of different lengths lead to state {names[odd]}; it cannot be timed.")
    return pieces._replace(frames=frames)


def trim(lattice: Lattice) -> Lattice:
    """Return the lattice without the states, and their arcs, that lie on no path from the start to an end."""
    return reassemble(lattice, Pieces.of(lattice))


def reassemble(lattice: Lattice, pieces: Pieces, beam: float | None = None) -> Lattice:
    """Put ``pieces`` of ``lattice``, state 0 still the start, together again; scale and tables stay as they are."""
    return assemble(
        pieces,
        0,
        lattice.acoustic_scale,
        lattice.words_table,
        lattice.label_table,
        lattice.beam if beam is None else beam,
    )


def empty_lattice(
    acoustic_scale: float, words_table: tuple[str, ...], label_table: LabelTable | None = None
) -> Lattice:
    """Return the lattice without a path."""
    none = np.zeros(0, np.int64)
    pieces = Pieces(none, none, none, np.zeros(1, np.int64), none, np.zeros((0, 4)), np.zeros((0, 4)), none)
    return assemble(pieces, 0, acoustic_scale, words_table, label_table)
