"""Bits that tell at a glance, and wrongly at times only in one direction, that a history lists no word of a set.

Words near each other, in the order of ranks, share one of 62 bits. A state has the bits of all words that it lists, a
set of labels those of all words in it: without a common bit they have no common word. The sets that come right behind
a word, whose words lie all over the place, have bits of their own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.search_graph import Graph
from .look_ahead import Reachability
from .word_automaton import WordAutomaton

_WORD_BITS = 62  # the one above stands for the end of a sentence, which every state has
_TOP_BITS = 63  # the sign tells them from the others


@dataclass(frozen=True, slots=True, eq=False)
class WordMarks:
    """``states`` and ``tops`` int64 (states,): bits of the words, and of the first sets; ``sets`` int64 (sets,).

    Where the mark of a set is negative its bit is one of ``tops``, else its bits are those of ``states``.
    """

    states: NDArray[np.int64]
    tops: NDArray[np.int64]
    sets: NDArray[np.int64]

    @classmethod
    def of(cls, model: WordAutomaton, reach: Reachability) -> "WordMarks":
        """Return the marks of the states of ``model`` and the sets of ``reach``."""
        bit = _bits(model)
        end = np.int64(1) << _WORD_BITS
        states = _union(np.int64(1) << bit[model.ranks], model.begin) | end
        ranges = (np.int64(1) << bit[reach.highs]) * 2 - (np.int64(1) << bit[reach.lows])
        sets = _union(ranges, reach.begin) | np.where(reach.ends != 0, end, 0)
        first = reach.first_points[reach.ends[reach.first_points] == 0]
        largest = first[np.argsort(reach.begin[first] - reach.begin[first + 1], kind="stable")[:_TOP_BITS]]
        top = np.zeros(len(bit), np.int64)
        for number, point in enumerate(largest.tolist()):
            mark = np.int64(1) << np.int64(number)
            sets[point] = mark | np.iinfo(np.int64).min
            for place in range(reach.begin[point], reach.begin[point + 1]):
                top[reach.lows[place] : reach.highs[place] + 1] |= mark
        return cls(states, _union(top[model.ranks], model.begin), sets)


def word_bits(rank: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return one bit of 64 for each rank, those of words near each other far apart; none where the rank is -1."""
    scattered = (rank.astype(np.int64) * 0x9E3779B1 >> 20) & 63
    return np.where(rank < 0, 0, np.int64(1) << scattered)


def state_hashes(model: WordAutomaton) -> NDArray[np.int64]:
    """Return the bits of all words that each state lists, int64 (states,)."""
    return _union(word_bits(model.ranks), model.begin)


def arc_keys(
    graph: Graph, model: WordAutomaton, reach: Reachability | None, marks: WordMarks | None
) -> NDArray[np.int64]:
    """Return what the search reads of each arc of ``graph``, int64 (2 * arcs,): a mark and a number, in turn.

    Where the arc has a word the bit of the word and its rank, else the mark of the set behind the arc and the set's
    number. Where nothing is looked ahead to, the mark is one that every state has.
    """
    fst = graph.fst
    asked = np.zeros((fst.arcs, 2), np.int64)
    asked[:, 0] = np.int64(1) << _WORD_BITS
    if reach is not None and marks is not None:
        asked[:, 1] = reach.points[fst.nextstates]
        inside = asked[:, 1] != 0
        asked[inside, 0] = marks.sets[asked[inside, 1]]
    spoken = fst.olabels != 0
    asked[spoken, 1] = model.rank[fst.olabels[spoken]]
    asked[spoken, 0] = word_bits(asked[spoken, 1])
    return asked.reshape(-1)


def _bits(model: WordAutomaton) -> NDArray[np.int64]:
    """Return the number of the bit of every rank: rising, each for about equally many listed words."""
    count = int(model.rank.max()) + 1
    listed = np.bincount(model.ranks[model.begin[1] :], minlength=count) + 1.0 / count
    return np.minimum((np.cumsum(listed) - listed / 2) * (_WORD_BITS / listed.sum()), _WORD_BITS - 1).astype(np.int64)


def _union(marks: NDArray[np.int64], begin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bits of every row ``marks[begin[n]:begin[n + 1]]`` together."""
    united: NDArray[np.int64] = np.bitwise_or.reduceat(np.append(marks, 0), begin[:-1])
    united[np.diff(begin) == 0] = 0
    return united
