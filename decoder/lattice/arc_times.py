"""When the word of each arc of a lattice is said."""

import numpy as np
from numpy.typing import NDArray

from ..fst.transducer import read_only
from .lattice import Lattice


def arc_times(lattice: Lattice) -> NDArray[np.int64]:
    """Return first frame and end of each arc, int64 (arcs, 2).

    An arc with a word is timed as that word on the best path through the arc, by the labels that begin words
    (``LatticePath.word_times``): arcs of a determinized lattice don't stand where their words are said. Other arcs, and
    all where nothing is known about the labels, run from the frame of their first state to that of their second.
    """
    from .arc_times_kernels import best_arcs, times_of_words
    from .distance_kernels import costs_ahead, costs_behind

    sources = lattice.sources()
    times = np.stack([lattice.frames[sources], lattice.frames[lattice.nextstates]], axis=1).astype(np.int64)
    table = lattice.label_table
    if table is None or not table.label_starts_word.any() or lattice.arcs == 0:
        return times
    arrays = lattice.arrays
    ways = best_arcs(arrays, costs_behind(arrays, False), costs_ahead(arrays, False))
    found = np.empty_like(times)
    times_of_words(
        arrays,
        sources,
        ways,
        *lattice.label_arrays,
        read_only(np.ascontiguousarray(table.label_starts_word)),
        table.label_phone != 0,
        found,
    )
    return np.where(found[:, :1] >= 0, found + int(lattice.frames[0]), times)
