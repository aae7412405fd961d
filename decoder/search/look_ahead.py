"""Label reachability: the output labels that may come next, from every state of a search graph.

After Allauzen, Riley and Schalkwyk, "A generalized composition algorithm for weighted finite-state transducers"
(2009): labels are renumbered in depth-first order, so that the set that a state reaches is a few ranges. It depends on
the graph alone; a language model's cheapest word in such a set is what a search looks ahead to.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..graph.search_graph import Graph


@dataclass(frozen=True, slots=True, eq=False)
class Reachability:
    """The labels that may come next, as ranges of ranks.

    ``rank`` int32 (output labels,): the place of each label in depth-first order, -1 where no arc has it. ``points``
    int32 (states,): the set of a state; 0 where a word has just ended (nothing is looked ahead to there). Set ``n``
    holds the ranks ``lows[i]`` to ``highs[i]``, both included, for ``i`` in ``begin[n]:begin[n + 1]``, rising;
    ``ends[n]`` is 1 where a path may also end before its next label. ``reopens``: an arc without a label leads from
    another set to point 0, so that what was looked ahead to is given back there (rare; never in a tree of words).
    ``first_points``: the sets that arcs without a label lead to from point 0.
    """

    rank: NDArray[np.int32]
    points: NDArray[np.int32]
    begin: NDArray[np.int64]
    lows: NDArray[np.int32]
    highs: NDArray[np.int32]
    ends: NDArray[np.uint8]
    reopens: bool
    first_points: NDArray[np.int32]

    @property
    def sets(self) -> int:
        """The number of sets, the empty one of point 0 included."""
        return len(self.ends)

    @property
    def nbytes(self) -> int:
        """The bytes that the arrays take."""
        arrays = (self.rank, self.points, self.begin, self.lows, self.highs, self.ends)
        return sum(int(array.nbytes) for array in arrays)

    @classmethod
    def of(cls, graph: Graph) -> "Reachability":
        """Work out the sets of ``graph``; raises OptionsError where they need more than 2^28 ranges."""
        from .look_ahead_kernels import Depths, Sets, collect_sets, find_components

        fst, states = graph.fst.arrays, graph.fst.states
        component = np.full(states, -1, np.int32)
        rank = np.full(len(graph.words), -1, np.int32)
        depths = Depths(
            np.full(states, -1, np.int32),
            np.zeros(states, np.int32),
            np.zeros(states, np.int64),
            *(np.zeros(states, np.int32) for _ in range(3)),
        )
        components = find_components(fst, graph.fst.start, component, rank, depths)
        members = np.argsort(component, kind="stable")
        set_of = np.zeros(components, np.int32)
        room = 1 << max(16, (2 * states).bit_length())
        while True:
            sets = Sets(
                begin=np.zeros(states + 2, np.int64),
                lows=np.zeros(room, np.int32),
                highs=np.zeros(room, np.int32),
                ends=np.zeros(states + 1, np.uint8),
                table=np.full(1 << (2 * states + 2).bit_length(), -1, np.int32),
                ranges=np.zeros(room, np.int64),
                seen=np.full(states + 1, -1, np.int32),
            )
            count = collect_sets(fst, component, members, rank, set_of, sets)
            if count >= 0:
                break
            room *= 4
            if room > 2**28:
                raise OptionsError(
                    "graph: its states reach too many different sets of words; search it without look-ahead."
                )
        return cls._numbered(graph, rank, set_of[component], sets, count)

    @classmethod
    def _numbered(
        cls, graph: Graph, rank: NDArray[np.int32], set_of: NDArray[np.int32], sets: object, count: int
    ) -> "Reachability":
        """Give number 0 to the sets where words end, and numbers from 1 on to the others."""
        from .look_ahead_kernels import Sets

        assert isinstance(sets, Sets)
        fst = graph.fst
        open_sets = np.zeros(count, np.bool_)
        open_sets[set_of[fst.start]] = True
        open_sets[set_of[fst.nextstates[fst.olabels != 0]]] = True
        number = np.where(open_sets, 0, np.cumsum(~open_sets)).astype(np.int32)
        kept = np.flatnonzero(~open_sets)
        sizes = sets.begin[kept + 1] - sets.begin[kept]
        begin = np.concatenate([[0, 0], np.cumsum(sizes)])
        place = np.repeat(sets.begin[kept] - begin[1:-1], sizes) + np.arange(begin[-1])
        ends = np.concatenate([np.zeros(1, np.uint8), sets.ends[kept]])
        points = number[set_of]
        before = np.repeat(points, np.diff(fst.arc_begin))
        reopens = bool(((before != 0) & (points[fst.nextstates] == 0) & (fst.olabels == 0)).any())
        first = np.unique(points[fst.nextstates[(before == 0) & (fst.olabels == 0)]])
        return cls(rank, points, begin, sets.lows[place], sets.highs[place], ends, reopens, first[first != 0])
