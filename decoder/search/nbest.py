"""The N best distinct word sequences of a finished search."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .token_arrays import Frames, GraphArrays, Links, Tokens, Widths

ARENA_DTYPES = (np.int32, np.float64, np.int32, np.int32, np.int32, np.float64, np.int32, np.int32)
"""Of the fields of ``Arena``."""


class Paths(NamedTuple):
    """The links of several paths, one after the other; path ``i`` is ``links[begins[i]:begins[i + 1]]``."""

    links: NDArray[np.int32]
    begins: NDArray[np.int32]


def best_paths(
    graph: GraphArrays,
    olabels: NDArray[Any],
    words: int,
    widths: Widths,
    kept: tuple[Tokens, Links, Frames, NDArray[np.int64]],
    final_costs: NDArray[np.float32],
    count: int,
) -> Paths:
    """Return the best path of each of the ``count`` best distinct word sequences, best first; exact.

    ``kept`` are a search's tokens, links, frames and position, which get pruned here; ``final_costs`` is what ending
    in each state of the graph costs, empty where ending in any costs nothing. Sequences worse than the best by more
    than the lattice beam are left out. Raises OptionsError where ``count`` is below 1.
    """
    from .nbest_kernels import Arena, arrange, best_words

    if count < 1:
        raise OptionsError(f"nbest: {count} sequences are asked for; ask for at least one.")
    tokens, links, frames, position = kept

    lattice = arrange(graph.level, olabels, widths, tokens, links, frames, position, final_costs)
    room = 1 << 14
    while True:
        arrays: list[NDArray[Any]] = [np.empty(room, dtype) for dtype in ARENA_DTYPES]
        arena = Arena(*arrays)
        ends = np.empty(count, np.int32)
        found, path, begins = best_words(lattice, arena, words, widths.lattice_beam, ends)
        if found >= 0:
            return Paths(path, begins)
        room *= 4
