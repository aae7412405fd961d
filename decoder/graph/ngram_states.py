"""An n-gram model as a word automaton: one state a history, word arcs, back-off arcs and final costs, in flat arrays.

A history is a state where the model lists words after it. A word leads to the longest listed history that ends its
context; the back-off costs of the contexts passed over on the way are part of the arc's cost. Costs are integers, in
units of a chosen ``quantum``, so that sums and differences of them are exact wherever they are taken.

Back-off is an epsilon arc, open whether or not the word is listed, as in every static graph: where backing off is
cheaper than the listed n-gram, the cheaper cost counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...lm.arpa import Arpa

NEVER = np.iinfo(np.int32).max // 4
"""The cost, in quanta, that stands for probability zero."""

_ZERO_LOG10 = -90.0  # ARPA files write log10(0) as -99


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
    """All n-grams in one numbering: node 0 is the empty context, then the n-grams order by order, row by row."""

    def __init__(self, arpa: Arpa, spoken: NDArray[np.bool_], quantum: float, word_penalty: float) -> None:
        self.ids = [np.asarray(table.ids, dtype=np.int64) for table in arpa.tables]
        self.vocabulary = len(arpa.words)
        self.spoken = spoken
        self.begin, self.end = (self._word_id(arpa.words, word) for word in ("<s>", "</s>"))
        self.offsets = np.cumsum([1, *(len(ids) for ids in self.ids)])
        self.keys: list[NDArray[np.int64]] = []
        scale = -np.log(10.0) / quantum

        def quanta(values: NDArray[Any]) -> NDArray[np.int64]:
            log10 = np.asarray(values, dtype=np.float64)
            if np.isnan(log10).any() or np.isposinf(log10).any():
                raise FormatError("n-gram model: a probability or back-off is NaN or infinite; estimate it again.")
            return np.where(log10 <= _ZERO_LOG10, NEVER, np.rint(log10 * scale)).astype(np.int64)

        self.cost = np.concatenate([[0], *(quanta(table.log10_prob) for table in arpa.tables)])
        self.backoff = np.concatenate([[0], *(quanta(table.log10_backoff) for table in arpa.tables)])
        self.penalty = int(np.rint(word_penalty / quantum))

    @staticmethod
    def _word_id(words: Sequence[str], word: str) -> int:
        try:
            return words.index(word)
        except ValueError:
            raise FormatError(f"n-gram model: {word} is missing; estimate the model with sentence marks.") from None

    def _find(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the node of each n-gram (a row of ``ids``), -1 where the model doesn't have it."""
        node = np.zeros(len(ids), dtype=np.int64)
        for position in range(ids.shape[1]):
            keys = self.keys[position]
            key = np.where(node >= 0, node * self.vocabulary + ids[:, position], -1)
            row = np.searchsorted(keys, key)
            found = np.append(keys, -2)[row] == key
            node = np.where(found, self.offsets[position] + row, -1)
        return node

    def build(self) -> NgramStates:
        prefixes, suffixes = [np.array([-1])], [np.array([-1])]
        for order, ids in enumerate(self.ids, start=1):
            prefix = self._find(ids[:, :-1])
            if np.any(prefix < 0):
                raise FormatError(f"n-gram model: a {order}-gram's context is missing among the {order - 1}-grams.")
            key = prefix * self.vocabulary + ids[:, -1]
            if np.any(np.diff(key) <= 0):
                raise FormatError(f"n-gram model: the {order}-grams are not sorted, or one stands twice.")
            self.keys.append(key)
            suffix = np.full(len(ids), -1)
            for skip in range(1, order + 1):  # the longest proper suffix that the model has; the empty one at last
                missing = suffix < 0
                suffix[missing] = self._find(ids[missing, skip:])
            prefixes.append(prefix)
            suffixes.append(suffix)
        prefix, suffix = np.concatenate(prefixes), np.concatenate(suffixes)
        word = np.concatenate([[-1], *(ids[:, -1] for ids in self.ids)])
        listed = (word >= 0) & (self.cost < NEVER)
        listed &= self.spoken[word] & (word != self.begin) & (word != self.end)
        ending = (word == self.end) & (self.cost < NEVER)

        # A history is a state where a word or the end is listed after it, and the empty one always.
        nodes = len(word)
        highest = self.offsets[-2]  # nodes of the highest order are no histories
        is_state = np.zeros(nodes, dtype=bool)
        is_state[prefix[listed | ending]] = True
        is_state[0] = True
        start = int(self._find(np.array([[self.begin]]))[0])
        is_state[max(start, 0)] = True
        state = np.where(is_state, np.cumsum(is_state) - 1, -1)
        skipped = np.zeros(nodes, dtype=np.int64)  # the back-off costs on the way down to the nearest state
        for first, last in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            below = first + np.flatnonzero(~is_state[first:last])
            passed = self.backoff[below] if first < highest else np.zeros(len(below), dtype=np.int64)
            state[below] = state[suffix[below]]
            skipped[below] = skipped[suffix[below]] + passed

        histories = np.flatnonzero(is_state)
        lower = suffix[histories[1:]]
        backoff_targets = np.concatenate([[-1], state[lower]])
        backoff_costs = np.concatenate([[0], self.backoff[histories[1:]] + skipped[lower]])
        final_costs = np.full(len(histories), NEVER, dtype=np.int64)
        final_costs[state[prefix[ending]]] = self.cost[ending]
        for index in range(1, len(self.ids)):  # shorter histories first, so that one pass an order is enough
            span = (histories >= self.offsets[index - 1]) & (histories < self.offsets[index])
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
            start=int(state[max(start, 0)]),
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
        for _ in range(1, len(self.ids)):
            able = state > 0
            passed = np.where(able, passed + backoff_costs[state], NEVER)
            state = np.where(able, backoff_targets[state], 0)
            row = np.minimum(np.searchsorted(keys, state * self.vocabulary + words), len(keys) - 1)
            same = able & (keys[row] == state * self.vocabulary + words) & (targets[row] == targets)
            useful &= ~(same & (costs[row] + passed <= costs))
        return useful
