"""Beam search over a search graph: scores in, words out, in as many calls as the caller likes.

search = BeamSearch(graph, SearchOptions(beam=14.0)).start()
search.advance(scores)                     # any number of rows, any number of times
search.partial().text                      # the best path so far
result = search.finish()
result.best.words, result.best.times, result.nbest(10), result.lattice()
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ..graph.search_graph import Graph
from ..lattice.lattice import Lattice
from .options import SearchOptions
from .packed_graph import pack_graph
from .search import Search

if TYPE_CHECKING:
    from .history_kernels import HistoryArrays

__all__ = ["BeamSearch", "History", "Search"]


class History(Protocol):
    """What tokens remember beside their graph state: a language model composed on the fly, the place in phrases.

    ``arrays`` are what the kernels of history_kernels.py read, ``start`` is the first history. ``points`` int32 (graph
    states,) has equal numbers where two states look ahead to the same cost whatever the history; None: all do, to 0.
    ``moving`` bool (output labels,): the words that change history 0 or cost something there; None: all do.
    """

    @property
    def arrays(self) -> "HistoryArrays":
        """The arrays for the kernels, with scratch space for one search."""
        ...

    @property
    def start(self) -> int:
        """The first history."""
        ...

    @property
    def points(self) -> NDArray[np.int32] | None:
        """Which states look ahead alike."""
        ...

    @property
    def moving(self) -> NDArray[np.bool_] | None:
        """Which words do something in history 0."""
        ...


class BeamSearch:
    """A search graph made ready: build it once, start a search for each recording (searches may run side by side).

    With a ``history``, tokens are pairs of a graph state and a history, whose costs come on top of the graph's.
    Raises FormatError where the graph is none (a label or a state out of range, a cycle of epsilon arcs) and
    OptionsError where the history was made for another graph.
    """

    def __init__(self, graph: Graph, options: SearchOptions | None = None, history: History | None = None) -> None:
        self.graph = graph
        self.options = options or SearchOptions()
        self.history = history
        points = None if history is None else history.points
        moving = None if history is None else history.moving
        if points is not None and len(points) != graph.fst.states:
            raise OptionsError(
                f"search: the history was made for a graph of {len(points)} states, this one has {graph.fst.states}; "
                "make another history."
            )
        self.arrays, self.levels = pack_graph(graph, points, moving)

    def start(
        self, first_frame: int = 0, keep_lattice: bool | Callable[[Lattice], Lattice] = False, trace: bool = False
    ) -> Search:
        """Return a search before its first row of scores; words are timed as if that row were ``first_frame``.

        ``keep_lattice``: what is committed is kept as lattices too (``Search.segments``), not as words alone; give a
        function to keep what it makes of each, such as ``determinize``, which takes a tenth of the memory.
        ``trace``: the search writes down for each frame how many tokens it followed and why (``Search.trace``).
        """
        history = self.history
        made = None if history is None else (history.arrays, history.start, history.points is not None)
        return Search((self.graph, self.arrays, self.levels), made, self.options, first_frame, keep_lattice, trace)
