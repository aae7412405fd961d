"""The answer of a search."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..lattice.lattice import Lattice
from .hypothesis import Hypothesis

if TYPE_CHECKING:
    from .beam_search import Search


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """The best path over ``frames`` rows of scores; ``reached_final`` says whether it ends where the graph may end."""

    best: Hypothesis
    frames: int
    reached_final: bool
    search: "Search" = field(repr=False)

    def best_labels(self) -> NDArray[np.int32]:
        """Return the input label of each frame on the best path, int32 (frames,); what was committed is left out."""
        return self.search.best_labels()

    def lattice(self) -> Lattice:
        """Return the state-level lattice: all kept paths within the lattice beam of the best, every cost apart.

        It begins where the search stopped committing (``Search.committed_frames``), or at the first frame where the
        search was started with ``keep_lattice``. With a lattice beam of 0 it is the best path alone.
        """
        return self.search.whole_lattice()

    def nbest(self, count: int) -> tuple[Hypothesis, ...]:
        """Return the ``count`` best distinct word sequences, best first, each with the times of its best path.

        They are exact: no sequence within the lattice beam of the best, over the links that the search kept, is
        missing or out of order; fewer are returned where there are fewer. What was committed during the search
        is common to all of them. Raises OptionsError where ``count`` is below 1.
        """
        return self.search.best_hypotheses(count)
