"""What a search found: words with their frames and their costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..graph.search_graph import Graph


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A word sequence: ``times`` holds each word's first frame and the one after its last; costs are -ln.

    ``acoustic_cost`` is unscaled. ``lm_cost`` and ``phrase_cost`` are those of a search with a history (a language
    model composed on the fly, phrases), else 0. ``total_cost`` is the sum of ``graph_cost``, ``lm_cost``,
    ``phrase_cost`` and the acoustic scale times ``acoustic_cost``.
    """

    words: tuple[str, ...]
    times: tuple[tuple[int, int], ...]
    graph_cost: float
    acoustic_cost: float
    total_cost: float
    lm_cost: float = 0.0
    phrase_cost: float = 0.0

    @property
    def text(self) -> str:
        """The words, joined by spaces."""
        return " ".join(self.words)


class Costs(NamedTuple):
    """The parts of a path's cost; the acoustic one is unscaled."""

    graph: float = 0.0
    acoustic: float = 0.0
    lm: float = 0.0
    phrase: float = 0.0


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
    costs: Costs


def read_stretch(graph: Graph, labels: NDArray[Any], olabels: NDArray[Any], costs: Costs, first_frame: int) -> Stretch:
    """Read the words off a path: its input labels, one a frame from ``first_frame`` on, and its output labels.

    The k-th word begins at the frame of the k-th label that starts a word and ends after its last non-blank frame.
    """
    starts = np.flatnonzero(graph.label_starts_word[labels])
    spoken = np.flatnonzero(graph.label_phone[labels] != 0)
    # The last non-blank frame before each start, and before the end of the stretch.
    position = np.searchsorted(spoken, np.append(starts, len(labels)), side="left")
    ends = np.where(position > 0, np.append(spoken, -1)[position - 1] + 1 + first_frame, 0)
    return Stretch(
        olabels=olabels.astype(np.int64),
        starts=starts + first_frame,
        ends=ends[1:],
        tail=int(ends[0]),
        costs=costs,
    )


def hypothesis(graph: Graph, stretches: Sequence[Stretch], ending: Costs, acoustic_scale: float) -> Hypothesis:
    """Join the stretches of one path; ``ending`` is what ending there costs."""
    olabels: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    for stretch in stretches:
        if ends and stretch.tail:
            ends[-1] = max(ends[-1], stretch.tail)
        olabels += stretch.olabels.tolist()
        starts += stretch.starts.tolist()
        ends += stretch.ends.tolist()
    parts = zip(ending, *(stretch.costs for stretch in stretches), strict=True)
    costs = Costs(*(sum(part[1:]) + part[0] for part in parts))
    # A path that stops inside a word can have begun it without having written it, or the other way round.
    known = min(len(olabels), len(starts))
    times = list(zip(starts[:known], ends[:known], strict=True))
    times += [(times[-1][1], times[-1][1]) if times else (0, 0)] * (len(olabels) - known)
    return Hypothesis(
        words=tuple(graph.words[label] for label in olabels),
        times=tuple(times),
        graph_cost=costs.graph,
        acoustic_cost=costs.acoustic,
        total_cost=costs.graph + acoustic_scale * costs.acoustic + costs.lm + costs.phrase,
        lm_cost=costs.lm,
        phrase_cost=costs.phrase,
    )
