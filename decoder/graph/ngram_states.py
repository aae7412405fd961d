"""An n-gram model as a word automaton: one state a history, word arcs, back-off arcs and final costs, in flat arrays.

A history is a state where the model lists words after it. A word leads to the longest listed history that ends its
context; the back-off costs of the contexts passed over on the way are part of the arc's cost. Costs are integers, in
units of a chosen ``quantum``, so that sums and differences of them are exact wherever they are taken.

Back-off is an epsilon arc, open whether or not the word is listed, as in every static graph: where backing off is
cheaper than the listed n-gram, the cheaper cost counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...lm.ngram.arpa import Arpa
from .ngram_nodes import ZERO_LOG10, NgramNodes

NEVER = np.iinfo(np.int32).max // 4
"""The cost, in quanta, that stands for probability zero."""


@dataclass(frozen=True, slots=True, eq=False)
class NgramStates:
    """The word automaton of an n-gram model; state 0 is the empty history, longer histories follow shorter ones.

    The words listed after history ``s`` are the rows ``begin[s]:begin[s + 1]`` of ``words`` (the model's word ids,
    rising), ``costs`` and ``targets``. ``backoff_targets`` and ``backoff_costs`` lead to a lower state (-1 from state
    0); ``final_costs`` is the cost of ending there, backing off included, NEVER where the model gives none.
    All int32 but ``begin`` (int64).
    """

    start: int
    begin: NDArray[np.int64]
    words: NDArray[np.int32]
    costs: NDArray[np.int32]
    targets: NDArray[np.int32]
    backoff_targets: NDArray[np.int32]
    backoff_costs: NDArray[np.int32]
    final_costs: NDArray[np.int32]
    left_out: int
    """How many listed n-grams were left out because backing off leads to the same state at no higher cost."""

    @property
    def states(self) -> int:
        """The number of histories."""
        return len(self.final_costs)

    @classmethod
    def from_arpa(
        cls, arpa: Arpa, spoken: NDArray[np.bool_], quantum: float, word_penalty: float = 0.0
    ) -> "NgramStates":
        """Build the automaton of ``arpa`` over the words that ``spoken`` (bool, by word id) marks.

        ``quantum`` is the unit of cost in nats; ``word_penalty`` nats are added to every word. Raises FormatError where
        an n-gram's context is no n-gram itself, or the model has no ``<s>`` or ``</s>``.
        """
        return _Builder(arpa, spoken, quantum, word_penalty).build()


class _Builder:
    """The costs in quanta, and the arcs between the histories."""

    def __init__(self, arpa: Arpa, spoken: NDArray[np.bool_], quantum: float, word_penalty: float) -> None:
        self.nodes = NgramNodes.from_arpa(arpa)
        self.vocabulary = len(arpa.words)
        self.orders = len(arpa.tables)
        self.spoken = spoken
        scale = -np.log(10.0) / quantum

        def quanta(log10: NDArray[np.float64]) -> NDArray[np.int64]:
            return np.where(log10 <= ZERO_LOG10, NEVER, np.rint(log10 * scale)).astype(np.int64)

        self.cost, self.backoff = quanta(self.nodes.log10_prob), quanta(self.nodes.log10_backoff)
        self.penalty = int(np.rint(word_penalty / quantum))

    def build(self) -> NgramStates:
        nodes = self.nodes
        prefix, suffix, word = nodes.prefix, nodes.suffix, nodes.word
        listed = (word >= 0) & (self.cost < NEVER)
        listed &= self.spoken[word] & (word != nodes.begin) & (word != nodes.end)
        ending = (word == nodes.end) & (self.cost < NEVER)
        histories, state, skipped = nodes.histories(listed | ending, self.backoff)

        lower = suffix[histories[1:]]
        backoff_targets = np.concatenate([[-1], state[lower]])
        backoff_costs = np.concatenate([[0], self.backoff[histories[1:]] + skipped[lower]])
        final_costs = np.full(len(histories), NEVER, dtype=np.int64)
        final_costs[state[prefix[ending]]] = self.cost[ending]
        for index in range(1, self.orders):  # shorter histories first, so that one pass an order is enough
            span = (histories >= nodes.offsets[index - 1]) & (histories < nodes.offsets[index])
            span[0] = False
            final_costs[span] = np.minimum(final_costs[span], final_costs[backoff_targets[span]] + backoff_costs[span])
        if final_costs[0] >= NEVER:
            raise FormatError("n-gram model: </s> has no probability; estimate the model with sentence marks.")

        row = np.flatnonzero(listed & (self.cost + skipped < NEVER))
        source, words = state[prefix[row]], word[row]
        costs = self.cost[row] + skipped[row] + self.penalty
        targets = state[row]
        order_ = np.lexsort((words, source))
        source, words, costs, targets = source[order_], words[order_], costs[order_], targets[order_]
        useful = self._useful(source, words, costs, targets, backoff_targets, backoff_costs)
        begin = np.zeros(len(histories) + 1, dtype=np.int64)
        np.cumsum(np.bincount(source[useful], minlength=len(histories)), out=begin[1:])
        int32 = np.int32
        return NgramStates(
            start=int(state[nodes.start]),
            begin=begin,
            words=words[useful].astype(int32),
            costs=costs[useful].astype(int32),
            targets=targets[useful].astype(int32),
            backoff_targets=backoff_targets.astype(int32),
            backoff_costs=np.minimum(backoff_costs, NEVER).astype(int32),
            final_costs=np.minimum(final_costs, NEVER).astype(int32),
            left_out=int((~useful).sum()),
        )

    def _useful(
        self,
        source: NDArray[np.int64],
        words: NDArray[np.int64],
        costs: NDArray[np.int64],
        targets: NDArray[np.int64],
        backoff_targets: NDArray[np.int64],
        backoff_costs: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Mark the arcs that backing off doesn't replace: to the same state at no higher cost."""
        keys = source * self.vocabulary + words
        useful = np.ones(len(keys), dtype=bool)
        state, passed = source, np.zeros(len(keys), dtype=np.int64)
        for _ in range(1, self.orders):
            able = state > 0
            passed = np.where(able, passed + backoff_costs[state], NEVER)
            state = np.where(able, backoff_targets[state], 0)
            row = np.minimum(np.searchsorted(keys, state * self.vocabulary + words), len(keys) - 1)
            same = able & (keys[row] == state * self.vocabulary + words) & (targets[row] == targets)
            useful &= ~(same & (costs[row] + passed <= costs))
        return useful
