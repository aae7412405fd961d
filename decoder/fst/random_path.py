"""Random paths through a machine, as OpenFst's fstrandgen draws them: every way on is as likely as the others."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .connect import connect, keep_arcs
from .transducer import NO_STATE, Fst

MAX_LENGTH = 100_000


class RandomPath(NamedTuple):
    """The arcs of one path by their numbers in the machine, int64 (length,), and the state where it ends."""

    arcs: NDArray[np.int64]
    end: int


class RandomPaths:
    """Draws paths of ``fst`` from the start to a final state; the same ``seed``, the same paths.

    Wherever there are n arcs, and the state may be final, each of the n (or n + 1) ways on is taken with the same
    probability. A path that has ``max_length`` arcs goes the way with the fewest arcs to a final state from there on.
    ``fst`` is the machine without useless states, to which the arcs' numbers belong.
    """

    def __init__(self, fst: Fst, seed: int, max_length: int = MAX_LENGTH) -> None:
        if max_length < 0:
            raise OptionsError(f"random paths: max_length is {max_length}; give 0 or more.")
        self.fst = connect(keep_arcs(fst, np.asarray(fst.weights < np.inf)))
        if self.fst.start == NO_STATE:
            raise OptionsError("random paths: the machine accepts nothing, so there is no path to draw.")
        self._random = np.random.default_rng(seed)
        self._max_length = max_length
        self._ends = self.fst.final_weights < np.inf
        self._way_out: NDArray[np.int64] | None = None

    def draw(self) -> RandomPath:
        """Return the next path."""
        begin, nextstates = self.fst.arc_begin, self.fst.nextstates
        state = self.fst.start
        arcs: list[int] = []
        while True:
            low, high = int(begin[state]), int(begin[state + 1])
            if len(arcs) < self._max_length:
                arc = low + int(self._random.integers(high - low + int(self._ends[state])))
            else:
                arc = high if self._ends[state] else int(self._ways_out()[state])
            if arc == high:
                return RandomPath(np.array(arcs, dtype=np.int64), state)
            arcs.append(arc)
            state = int(nextstates[arc])

    def _ways_out(self) -> NDArray[np.int64]:
        """Return the first arc of a path with the fewest arcs to a final state, for each state."""
        if self._way_out is None:
            sources, nextstates = self.fst.sources(), self.fst.nextstates
            way_out = np.full(self.fst.states, -1)
            near = self._ends.copy()
            while not near.all():
                arcs = np.flatnonzero(near[nextstates] & ~near[sources])
                way_out[sources[arcs]] = arcs
                near[sources[arcs]] = True
            self._way_out = way_out
        return self._way_out
