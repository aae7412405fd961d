"""A path of a lattice: its words, its labels, and its costs, each kind apart."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lattice import Lattice
from .times import arc_times, phone_times, word_times


@dataclass(frozen=True, slots=True, eq=False)
class LatticePath:
    """A path from the start to an end; costs are -ln and include that of ending.

    ``arcs`` int64 are the lattice's arcs in order; ``word_ids`` int32 the words along them, ``labels`` int32 the input
    labels, one a frame from ``first_frame`` on. ``total_cost`` is graph + phrase + lm + acoustic scale * acoustic.
    """

    arcs: NDArray[np.int64]
    word_ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    first_frame: int
    graph_cost: float
    acoustic_cost: float
    phrase_cost: float
    lm_cost: float
    total_cost: float
    lattice: Lattice = field(repr=False)

    @property
    def words(self) -> tuple[str, ...]:
        """The words."""
        return tuple(self.lattice.words_table[word] for word in self.word_ids)

    @property
    def text(self) -> str:
        """The words, joined by spaces."""
        return " ".join(self.words)

    @property
    def word_times(self) -> NDArray[np.int64]:
        """First frame and end of each word, int64 (words, 2).

        From the labels, where the lattice knows which of them begin words; else roughly, from where the arcs stand.
        """
        table = self.lattice.label_table
        if table is not None and table.label_starts_word.any():
            return word_times(self.labels, len(self.word_ids), table, self.first_frame)
        spoken = self.arcs[self.lattice.words[self.arcs] != 0]
        sources = np.searchsorted(self.lattice.arc_begin, spoken, side="right") - 1
        last = self.lattice.nextstates[self.arcs[-1]] if len(self.arcs) else 0
        return arc_times(self.lattice.frames, sources, int(self.lattice.frames[last]))

    @property
    def phone_times(self) -> NDArray[np.int64]:
        """Phone, first frame and end of each phone, int64 (phones, 3); none where the labels tell nothing."""
        if self.lattice.label_table is None:
            return np.empty((0, 3), np.int64)
        return phone_times(self.labels, self.lattice.label_table, self.first_frame)


def path_of(lattice: Lattice, arcs: NDArray[Any]) -> LatticePath:
    """Return the path along ``arcs`` of ``lattice``, which begin in state 0 and lead to a final state."""
    arcs = np.asarray(arcs, np.int64)
    last = int(lattice.nextstates[arcs[-1]]) if len(arcs) else 0
    costs = lattice_costs(lattice, arcs, last)
    words = lattice.words[arcs]
    lengths = lattice.label_begin[arcs + 1] - lattice.label_begin[arcs]
    ends = np.cumsum(lengths)
    places = np.repeat(lattice.label_begin[arcs] - (ends - lengths), lengths) + np.arange(ends[-1] if len(arcs) else 0)
    return LatticePath(
        arcs,
        words[words != 0],
        lattice.labels[places],
        int(lattice.frames[0]),
        *costs,
        float(np.dot(costs, lattice.scales)),
        lattice,
    )


def lattice_costs(lattice: Lattice, arcs: NDArray[np.int64], last: int) -> tuple[float, float, float, float]:
    """Return the sums of the four kinds of cost along ``arcs``, ending in state ``last`` included."""
    return (
        float(lattice.graph_costs[arcs].sum() + lattice.final_graph_costs[last]),
        float(lattice.acoustic_costs[arcs].sum() + lattice.final_acoustic_costs[last]),
        float(lattice.phrase_costs[arcs].sum() + lattice.final_phrase_costs[last]),
        float(lattice.lm_costs[arcs].sum() + lattice.final_lm_costs[last]),
    )
