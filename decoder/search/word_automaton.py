"""An n-gram model as the automaton that a search walks: words as ranks of output labels, costs in nats."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ...lm.ngram.arpa import Arpa
from ...lm.ngram.ngram import Ngram
from ..graph.equal_histories import merge_equal_histories
from ..graph.ngram_states import NEVER, NgramStates
from ..graph.phone_graph import GraphOptions

_ZERO_LOG10 = -90.0  # ARPA files write log10(0) as -99


@dataclass(frozen=True, eq=False)
class WordAutomaton:
    """The fields of ``history_kernels.WordArrays``, and the number of the ``start`` state.

    The start state lists whatever can be listed on the way down from the history ``<s>``, backing off included: a
    search has one first token.
    """

    start: int
    begin: NDArray[np.int64]
    ranks: NDArray[np.int32]
    costs: NDArray[np.float32]
    targets: NDArray[np.int32]
    backoff_targets: NDArray[np.int32]
    backoff_costs: NDArray[np.float32]
    final_costs: NDArray[np.float32]
    rank: NDArray[np.int32]

    @classmethod
    def of(
        cls, model: Arpa | Ngram, words: Sequence[str], rank: NDArray[np.int32], options: GraphOptions | None = None
    ) -> "WordAutomaton":
        """Make ``model`` ready for a graph with the output words ``words`` and their ranks (``Reachability.rank``).

        Costs are rounded to ``options.quantum``, and ``options.word_penalty`` is added to every word, as where a graph
        is compiled. Raises OptionsError where the model lists none of the words.
        """
        options = options or GraphOptions()
        ranks = dict(zip(words[1:], rank[1:].tolist(), strict=True))
        rank_of_id = np.array([ranks.get(word, -1) for word in model.words], np.int32)
        if rank_of_id.max(initial=-1) < 0:
            raise OptionsError("language_model: it lists no word of the graph; check their spelling and case.")
        if isinstance(model, Arpa):
            states = NgramStates.from_arpa(model, rank_of_id >= 0, options.quantum, options.word_penalty)
        else:
            states = states_of_ngram(model, rank_of_id >= 0, options.quantum, options.word_penalty)
        return cls._of_states(merge_equal_histories(states), rank_of_id, rank, options.quantum)

    @classmethod
    def _of_states(
        cls, states: NgramStates, rank_of_id: NDArray[np.int32], rank: NDArray[np.int32], quantum: float
    ) -> "WordAutomaton":
        source = np.repeat(np.arange(states.states), np.diff(states.begin))
        parts = [(source, rank_of_id[states.words], states.costs, states.targets)]
        count, start = states.states, states.start
        if start > 0:
            count, start = count + 1, count
            below, passed = states.start, 0
            while below >= 0 and passed < NEVER:
                listed = slice(states.begin[below], states.begin[below + 1])
                size = listed.stop - listed.start
                parts.append(
                    (np.full(size, start), parts[0][1][listed], states.costs[listed] + passed, states.targets[listed])
                )
                below, passed = int(states.backoff_targets[below]), passed + int(states.backoff_costs[below])
        source, ranks, costs, targets = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((costs, targets, ranks, source))
        source, ranks, costs, targets = source[order], ranks[order], costs[order], targets[order]
        fresh = np.ones(len(order), np.bool_)  # of several ways to one state with one word, the cheapest
        fresh[1:] = (np.diff(source) != 0) | (np.diff(ranks) != 0) | (np.diff(targets) != 0)
        begin = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(source[fresh], minlength=count), out=begin[1:])
        extra = count - states.states
        finals, lower = states.final_costs.astype(np.int64), states.backoff_targets
        while True:
            ending = np.where(lower >= 0, np.minimum(finals, finals[lower] + states.backoff_costs), finals)
            if np.array_equal(ending, finals):
                break
            finals = ending
        blocked = states.backoff_costs >= NEVER
        finals = np.append(finals, finals[[states.start] * extra])
        return cls(
            start=start,
            begin=begin,
            ranks=ranks[fresh].astype(np.int32),
            costs=(costs[fresh] * quantum).astype(np.float32),
            targets=targets[fresh].astype(np.int32),
            backoff_targets=np.append(np.where(blocked, -1, states.backoff_targets), [-1] * extra).astype(np.int32),
            backoff_costs=np.append(np.where(blocked, 0, states.backoff_costs) * quantum, [0.0] * extra).astype(
                np.float32
            ),
            final_costs=np.where(finals >= NEVER, np.inf, finals * quantum).astype(np.float32),
            rank=rank,
        )

    @cached_property
    def same(self) -> NDArray[np.int32]:
        """The first place with the same rank and target as each place, int32 (places,)."""
        _, first, group = np.unique(
            self.ranks.astype(np.int64) * self.states + self.targets, return_index=True, return_inverse=True
        )
        return first[group].astype(np.int32)

    @cached_property
    def listed_begin(self) -> NDArray[np.int32]:
        """Where each state's Bloom filter begins, in 64-bit words, eight bits or more a listed word."""
        words = np.maximum(np.diff(self.begin) + 7 >> 3, 1)
        sizes = 1 << np.ceil(np.log2(words)).astype(np.int64)
        sizes[0] = 1  # what the empty history lists is looked up at once
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """Where state 0 lists each rank, or the first higher one, int64 (ranks,)."""
        return np.searchsorted(self.ranks[: self.begin[1]], np.arange(int(self.rank.max()) + 1))

    @property
    def states(self) -> int:
        """The number of histories, the start state included."""
        return len(self.final_costs)

    @property
    def nbytes(self) -> int:
        """The bytes that the arrays take."""
        return sum(int(value.nbytes) for value in vars(self).values() if isinstance(value, np.ndarray))

    @cached_property
    def _way_down(self) -> tuple[int, float]:
        """The most states on a way down from one state to the next lower ones, and the least that such a way costs."""
        longest, least, passed = 1, 0.0, np.zeros(self.states)
        below = self.backoff_targets
        costs = self.backoff_costs
        while (below >= 0).any():
            passed = passed + costs
            least = min(least, float(passed[below >= 0].min()))
            costs = np.where(below >= 0, self.backoff_costs[below], 0.0)
            below = np.where(below >= 0, self.backoff_targets[below], -1)
            longest += 1
        return longest, least

    @cached_property
    def longest_answer(self) -> int:
        """The most tokens that a word can make of one token."""
        fresh = np.ones(len(self.ranks) + 1, np.bool_)
        fresh[1:-1] = np.diff(self.ranks) != 0
        fresh[self.begin] = True
        most = int(np.diff(np.flatnonzero(fresh)).max(initial=1))
        return most * self._way_down[0]

    @cached_property
    def most_gained(self) -> float:
        """The most by which a step may cost less than nothing (positive back-off weights, negative word penalties)."""
        least = min(float(self.costs.min(initial=0.0)), float(self.final_costs.min(initial=0.0)), 0.0)
        return 0.0 - least - self._way_down[1]


def states_of_ngram(model: Ngram, spoken: NDArray[np.bool_], quantum: float, word_penalty: float = 0.0) -> NgramStates:
    """Return the automaton of a model in memory, as ``NgramStates.from_arpa`` does from its file."""
    arrays = model.automaton()
    scale = -np.log(10.0) / quantum

    def quanta(log10: NDArray[np.float32]) -> NDArray[np.int32]:
        values = np.asarray(log10, np.float64)
        return np.where(values <= _ZERO_LOG10, NEVER, np.rint(values * scale)).astype(np.int32)

    count = len(arrays.log10_backoff)
    source = np.repeat(np.arange(count), np.diff(arrays.begin))
    words, costs = np.asarray(arrays.words), quanta(arrays.log10_prob)
    finals = np.full(count, NEVER, np.int32)
    ending = words == 2
    finals[source[ending]] = costs[ending]
    backoffs = quanta(arrays.log10_backoff)
    lower = np.asarray(arrays.backoff_state).copy()
    lower[0] = -1
    listed = spoken[words] & (words > 2) & (costs < NEVER)
    begin = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(source[listed], minlength=count), out=begin[1:])
    return NgramStates(
        start=model.start_state,
        begin=begin,
        words=words[listed],
        costs=costs[listed] + np.int32(np.rint(word_penalty / quantum)),
        targets=np.asarray(arrays.next_state)[listed],
        backoff_targets=lower,
        backoff_costs=backoffs,
        final_costs=finals,
        left_out=0,
    )
