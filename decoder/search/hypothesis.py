"""What a search found: words with their frames and their costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph.search_graph import Graph


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A word sequence: ``times`` holds each word's first frame and the one after its last; costs are -ln.

    ``acoustic_cost`` is unscaled; ``total_cost`` is ``graph_cost`` plus the acoustic scale times ``acoustic_cost``.
    """

    words: tuple[str, ...]
    times: tuple[tuple[int, int], ...]
    graph_cost: float
    acoustic_cost: float
    total_cost: float

    @property
    def text(self) -> str:
        """The words, joined by spaces."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A piece of a path as words: word ids, first frames, and the frames after the last ones.

    ``tail`` is the frame after the last non-blank one before the first word begins, 0 where there is none: it
    belongs to the word of an earlier stretch.
    """

    olabels: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    tail: int
    graph_cost: float
    acoustic_cost: float


def read_stretch(
    graph: Graph, arcs: NDArray[Any], graph_costs: NDArray[Any], acoustic_costs: NDArray[Any], first_frame: int
) -> Stretch:
    """Read the words off a path: ``arcs`` in order, the first emitting one at frame ``first_frame``.

    The k-th word begins at the frame of the k-th label that starts a word and ends after its last non-blank frame.
    """
    ilabels, olabels = graph.fst.ilabels[arcs], graph.fst.olabels[arcs]
    labels = ilabels[ilabels != 0]
    starts = np.flatnonzero(graph.label_starts_word[labels])
    spoken = np.flatnonzero(graph.label_phone[labels] != 0)
    # The last non-blank frame before each start, and before the end of the stretch.
    position = np.searchsorted(spoken, np.append(starts, len(labels)), side="left")
    ends = np.where(position > 0, np.append(spoken, -1)[position - 1] + 1 + first_frame, 0)
    return Stretch(
        olabels=olabels[olabels != 0].astype(np.int64),
        starts=starts + first_frame,
        ends=ends[1:],
        tail=int(ends[0]),
        graph_cost=float(graph_costs.sum(dtype=np.float64)),
        acoustic_cost=float(acoustic_costs.sum(dtype=np.float64)),
    )


def hypothesis(graph: Graph, stretches: Sequence[Stretch], final_cost: float, acoustic_scale: float) -> Hypothesis:
    """Join the stretches of one path."""
    olabels: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    for stretch in stretches:
        if ends and stretch.tail:
            ends[-1] = max(ends[-1], stretch.tail)
        olabels += stretch.olabels.tolist()
        starts += stretch.starts.tolist()
        ends += stretch.ends.tolist()
    graph_cost = sum(stretch.graph_cost for stretch in stretches) + final_cost
    acoustic_cost = sum(stretch.acoustic_cost for stretch in stretches)
    # A path that stops inside a word can have begun it without having written it, or the other way round.
    known = min(len(olabels), len(starts))
    times = list(zip(starts[:known], ends[:known], strict=True))
    times += [(times[-1][1], times[-1][1]) if times else (0, 0)] * (len(olabels) - known)
    return Hypothesis(
        words=tuple(graph.words[label] for label in olabels),
        times=tuple(times),
        graph_cost=graph_cost,
        acoustic_cost=acoustic_cost,
        total_cost=graph_cost + acoustic_scale * acoustic_cost,
    )
