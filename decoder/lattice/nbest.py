"""The N best distinct word sequences of a lattice, and its best path."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError, SearchError
from .lattice import Lattice
from .path import LatticePath, path_of

_ARENA = (np.int32, np.float64, np.int32, np.int32, np.int32, np.float64, np.int32, np.int32)
"""The dtypes of the fields of ``Arena``."""

_AT_FIRST = 1 << 14
"""Sequences that are looked for at first, where more are asked for."""


def nbest(lattice: Lattice, count: int, beam: float = math.inf) -> tuple[LatticePath, ...]:
    """Return the ``count`` best distinct word sequences, best first, each on the best of its paths.

    Exact: no sequence is missing or out of order; there are fewer where the lattice has fewer, or fewer that are at
    most ``beam`` worse than the best. Any lattice will do: a raw one is determinized as far as is needed. Raises
    OptionsError where ``count`` is below 1 or ``beam`` negative.
    """
    if count < 1:
        raise OptionsError(f"nbest: {count} sequences are asked for; ask for at least one.")
    if not beam >= 0:
        raise OptionsError(f"nbest: the beam is {beam}; give a number from 0.")
    if lattice.states == 0:
        return ()
    some = 0
    while True:
        some = min(count, max(_AT_FIRST, 16 * some))  # so that no more memory is taken than there are sequences
        arcs, begin = _best_arcs(lattice, some, beam)
        if some == count or len(begin) <= some:
            break
    return tuple(path_of(lattice, arcs[begin[i] : begin[i + 1]]) for i in range(len(begin) - 1))


def _best_arcs(lattice: Lattice, count: int, beam: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    from .distance_kernels import costs_ahead
    from .nbest_kernels import USED, Arena, Ways, Work, best_words, read_paths

    arrays = lattice.arrays
    ahead = costs_ahead(arrays, False)
    if not ahead[0] < np.inf:
        raise SearchError("nbest: no path of the lattice leads to an end; trim it.")
    useful = np.isfinite(ahead)
    level = np.where(useful, ahead, 0.0)
    worse = arrays.totals + level[arrays.nextstates] - level[lattice.sources()]
    worse[~useful[arrays.nextstates]] = np.inf
    ways = Ways(arrays.arc_begin, arrays.nextstates, arrays.words, worse, arrays.final_totals - level)
    words, states = int(lattice.words.max(initial=0)) + 1, lattice.states
    work = Work(
        np.empty(states, np.int32),
        np.empty(states + 1, np.int32),
        np.zeros(words, np.int32),
        np.empty(words, np.int32),
        np.empty(words, np.int32),
        np.empty(words, np.float64),
        np.empty(count, np.float64),
        np.empty(count, np.int32),
    )
    room = 1 << 14
    while True:
        made: list[NDArray[Any]] = [np.empty(room, dtype) for dtype in _ARENA]
        arena = Arena(*made)
        arena.state[0], arena.worse[0], arena.parent[0], arena.arc[0], arena.following[0] = 0, 0.0, -1, -1, -1
        arena.node_worse[0], arena.node_seed[0], arena.node_heap[0] = 0.0, 0, 0
        work.entry_of[:] = -1
        # Infinity times nothing is no bound: a finite one keeps heap keys comparable and changes nothing.
        work.known[:] = -min(beam, 1e300)
        work.known_heap[:] = np.arange(count)
        ends = np.empty(count, np.int32)
        found = best_words(ways, arena, work, np.zeros(USED, np.int64), ends)
        if found >= 0:
            return read_paths(arena, ends[:found])
        room *= 4


def best_path(lattice: Lattice) -> LatticePath:
    """Return the best path. Raises SearchError where the lattice has none."""
    found = nbest(lattice, 1) if lattice.states else ()
    if not found:
        raise SearchError("best_path: the lattice has no path.")
    return found[0]
