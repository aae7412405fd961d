"""The product of a lattice and language models: a state for each pair of states that a path can be in."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..fst.room import doubled
from ..fst.string_table import Strings, more_strings, new_strings, with_room
from ..fst.transducer import read_only
from .expand_models import LatticeModel, WordModel, word_model
from .lattice import Lattice

if TYPE_CHECKING:
    from .expand_kernels import Answers, Product, Shape

MOST_ANSWERS = 1 << 16
"""From how many of its answers on a model is made anew after a lattice, so that none grows without end.

Few questions are asked of two recordings: the model's states are contexts of several words.
"""


class Expanded(NamedTuple):
    """A lattice's shape after expansion on models: states of it told apart by the models' states, sorted as they were.

    An entry a state: ``states``, the lattice's, and ``end_costs`` (states, models), 0 where no path ends; its arcs are
    ``arc_begin[s]:arc_begin[s + 1]``. An entry an arc: ``nextstates``, ``arcs``, the lattice's arc, and ``costs``
    (arcs, models), in nats.
    """

    states: NDArray[np.int64]
    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    arcs: NDArray[np.int64]
    costs: NDArray[np.float64]
    end_costs: NDArray[np.float64]

    @classmethod
    def of(cls, lattice: Lattice) -> "Expanded":
        """Return the lattice expanded on no model."""
        costs = (np.empty((lattice.arcs, 0)), np.empty((lattice.states, 0)))
        states, arcs = np.arange(lattice.states), np.arange(lattice.arcs)
        return cls(states, lattice.arc_begin, lattice.nextstates, arcs, *costs)

    def sources(self) -> NDArray[np.int64]:
        """Return the state that each arc leaves, int64 (arcs,)."""
        return np.repeat(np.arange(len(self.states)), np.diff(self.arc_begin))

    def take(self, arcs: NDArray[np.bool_], states: NDArray[np.bool_]) -> "Expanded":
        """Return the part of these arcs (a mask) and states (a mask that holds where an arc begins or ends)."""
        number = np.cumsum(states, dtype=np.int32) - np.int32(1)
        begin = np.zeros(int(states.sum()) + 1, np.int64)
        np.cumsum(np.bincount(number[self.sources()[arcs]], minlength=len(begin) - 1), out=begin[1:])
        return Expanded(
            self.states[states],
            begin,
            number[self.nextstates[arcs]],
            self.arcs[arcs],
            self.costs[arcs],
            self.end_costs[states],
        )


class RememberedModel:
    """A word model and what it answered so far, so that no question is asked twice; threads may share it."""

    def __init__(self, make: Callable[[], WordModel]) -> None:
        """Take what makes the model: some number states as they meet them, so that it is made anew now and then."""
        self._make, self._lock = make, Lock()
        self.model: WordModel
        self._asked: Strings
        self._answers: Answers
        self._answered = 1
        self._forget()

    def expand(self, lattice: Lattice, before: Expanded, max_states: int | None = None) -> Expanded | None:
        """Return ``before``, which is ``lattice`` expanded on other models, expanded on this one too.

        None where that has more than ``max_states`` states. Raises ModelError where the model gives a word, or ending,
        no finite cost.
        """
        from .expand_kernels import Shape

        if len(before.states) == 0:
            none = np.empty((0, before.costs.shape[1] + 1))
            return before._replace(costs=none, end_costs=none)
        is_final = np.isfinite(lattice.final_graph_costs)[before.states]
        columns = (before.arc_begin, before.nextstates, lattice.words[before.arcs], is_final)
        shape = Shape(*(read_only(np.ascontiguousarray(column)) for column in columns))
        with self._lock:
            try:
                found = self._walk(shape, 2**31 - 1 if max_states is None else max_states)
                if found is None:
                    return None
                made = self._product(shape, found)
                ends = self._ends(is_final[made.states], made.model_states)
            except BaseException:
                self._forget()  # what could not be answered would be asked again
                raise
            if self._answered > MOST_ANSWERS:
                self._forget()
        return Expanded(
            before.states[made.states],
            made.arc_begin,
            made.nextstates,
            before.arcs[made.arcs],
            np.concatenate([before.costs[made.arcs], made.costs[:, np.newaxis]], axis=1),
            np.concatenate([before.end_costs[made.states], ends[:, np.newaxis]], axis=1),
        )

    def _walk(self, shape: "Shape", max_states: int) -> "Strings | None":
        """Return the pairs of states that meet, None where they are more than ``max_states``."""
        from .expand_kernels import Walk, walk_on, words_before

        before = words_before(shape)
        levels = int(before.max(initial=0)) + 1
        order = np.argsort(before, kind="stable")
        begin = np.searchsorted(before[order], np.arange(levels + 1))
        pairs = new_strings(4 * len(order) + 16)
        walk = Walk(order, begin, np.zeros(len(order), np.int32), np.zeros(len(pairs.heads), np.int32))
        level, start = 0, self.model.start
        while level < levels:
            level = walk_on(shape, walk, pairs, self._asked, self._answers, self._answered, level, start)
            if pairs.used[0] - 1 > max_states:
                return None
            if pairs.used[0] == len(pairs.heads):
                pairs = more_strings(pairs)
                walk = walk._replace(before=with_room(walk.before, len(pairs.heads)))
            if self._asked.used[0] == len(self._asked.heads):
                self._asked = more_strings(self._asked)
                self._answers = doubled(self._answers, "language model")
            self._ask()
        return pairs

    def _product(self, shape: "Shape", pairs: Strings) -> "Product":
        from .expand_kernels import Product, Rows, product_of

        states, known = len(shape.is_final), int(pairs.used[0])
        arcs = int(np.diff(shape.arc_begin)[pairs.heads[1:known]].sum())
        rows = Rows(*(np.zeros(length, np.int32) for length in (states, states, known, known)))
        begin = np.zeros(known, np.int64)
        columns = (np.empty(known - 1, np.int64), np.empty(known - 1, np.int64), begin)
        made = Product(*columns, np.empty(arcs, np.int32), np.empty(arcs, np.int64), np.empty(arcs))
        product_of(shape, pairs, self._asked, self._answers, self.model.start, rows, made)
        return made

    def _ask(self) -> None:
        """Have the model answer what is open."""
        begin, end = self._answered, int(self._asked.used[0])
        if begin == end:
            return
        states, words = (column[begin:end].astype(np.int64) for column in (self._asked.heads, self._asked.tails))
        costs, following = self.model.step(states, words)
        _check(costs, "a word")
        if len(following) and not 0 <= following.min() <= following.max() < 2**31:
            raise ModelError("language model: its states have to be numbers from 0 to 2147483647.")
        self._answers.costs[begin:end], self._answers.following[begin:end] = costs, following
        self._answered = end

    def _ends(self, is_final: NDArray[np.bool_], model_states: NDArray[np.int64]) -> NDArray[np.float64]:
        ends = np.zeros(len(is_final))
        states, place = np.unique(model_states[is_final], return_inverse=True)
        costs = self.model.end(states)
        _check(costs, "ending")
        ends[is_final] = np.asarray(costs)[place]
        return ends

    def _forget(self) -> None:
        from .expand_kernels import Answers

        self.model = self._make()
        self._asked = new_strings(1 << 12)
        self._answered = 1
        self._answers = Answers(np.empty(1 << 12), np.empty(1 << 12, np.int32))


def remembered(model: LatticeModel, words_table: Sequence[str]) -> RememberedModel:
    """Return ``model`` as one over the words that ``words_table`` numbers, which remembers its answers."""
    return RememberedModel(lambda: word_model(model, words_table))


def _check(costs: NDArray[Any], what: str) -> None:
    if not np.isfinite(costs).all():
        raise ModelError(f"language model: it gives {what} of the lattice no finite cost; give it an <unk>.")
