"""A lattice expanded on the states of a language model, so that every path can have that model's costs exactly."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError, OptionsError
from ...lm.ngram.ngram import Ngram
from .assemble import Pieces, reassemble
from .lattice import KINDS, Lattice

LM = KINDS.index("lm")
GRAPH = KINDS.index("graph")
QUANTUM = 2.0**-24
"""What ``split_lm`` rounds language model costs to, in nats: sums and differences of such numbers are exact."""


class WordModel(Protocol):
    """A language model as a deterministic automaton over a lattice's word numbers; its states are numbers."""

    start: int

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ending in each state."""


class NgramWords:
    """An n-gram model over the words of a lattice; words that the model lacks are its ``<unk>``."""

    def __init__(self, model: Ngram, lattice: Lattice) -> None:
        self.model = model
        self.start = model.start_state
        self._ids = np.zeros(len(lattice.words_table), np.int64)
        for word in np.unique(lattice.words).tolist():
            self._ids[word] = model.word_id(lattice.words_table[word])

    def step(self, states: NDArray[np.int64], words: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the cost (-ln p) of each word in each state, and the states that follow."""
        from .expand_kernels import step_all

        return step_all(self.model.arrays, states, self._ids[words])

    def end(self, states: NDArray[np.int64]) -> NDArray[Any]:
        """Return the cost of ``</s>`` in each state."""
        from .expand_kernels import step_all

        return step_all(self.model.arrays, states, np.full(len(states), 2, np.int64))[0]


class _Pairs(NamedTuple):
    """A state of the product for each pair of states, the arcs between them, and the model's costs."""

    states: NDArray[np.int64]
    arcs: NDArray[np.int64]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    costs: NDArray[np.float64]
    end_costs: NDArray[np.float64]


def expand_on_lm(lattice: Lattice, model: WordModel | Ngram) -> Lattice:
    """Return the lattice whose states are told apart by the model's states too, its costs in ``lm_costs``.

    What ``lm_costs`` held before is replaced; all other costs, words and labels of every path stay as they are. The
    result has as many paths as ``lattice``, but more states: exact for any order of the model. Raises ModelError where
    the model gives a word no finite cost.
    """
    words = NgramWords(model, lattice) if isinstance(model, Ngram) else model
    if lattice.states == 0:
        return lattice
    pairs = _pair_up(lattice, words)
    for costs, what in ((pairs.costs, "a word"), (pairs.end_costs, "ending")):
        if not np.isfinite(costs).all():
            raise ModelError(f"language model: it gives {what} of the lattice no finite cost; give it an <unk>.")
    pieces = Pieces.of(lattice).take_arcs(pairs.arcs)
    final_costs = lattice.final_costs[pairs.states]
    pieces.costs[:, LM] = pairs.costs
    final_costs[:, LM] = pairs.end_costs
    return reassemble(
        lattice,
        pieces._replace(
            sources=pairs.sources,
            nextstates=pairs.targets,
            final_costs=final_costs,
            frames=lattice.frames[pairs.states],
        ),
    )


def _pair_up(lattice: Lattice, model: WordModel) -> _Pairs:
    """Walk lattice and model side by side, a level of the lattice at a time."""
    from .expand_kernels import levels_of

    levels = levels_of(*lattice.arrays[:2])
    waiting: list[list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]] = [[] for _ in range(int(levels.max()) + 1)]
    none = np.zeros(1, np.int64)
    waiting[int(levels[0])].append((none, np.array([model.start], np.int64), none[:0]))
    states, ends = [], []
    arcs, sources, costs = [], [], []
    targets = np.empty(0, np.int64)
    made, arcs_made = 0, 0
    for level, arrived in enumerate(waiting):
        if not arrived:
            continue
        pairs = np.stack([np.concatenate([group[i] for group in arrived]) for i in (0, 1)])
        here, place = np.unique(pairs, axis=1, return_inverse=True)
        arc_places = np.concatenate([group[2] for group in arrived])
        targets[arc_places] = made + place.reshape(-1)[len(place.reshape(-1)) - len(arc_places) :]
        state, model_state = here
        states.append(state)
        is_final = np.isfinite(lattice.final_graph_costs[state])
        end = np.zeros(len(state))
        end[is_final] = model.end(model_state[is_final])
        ends.append(end)
        counts = np.diff(lattice.arc_begin)[state]
        first = np.cumsum(counts) - counts
        which = np.repeat(np.arange(len(state)), counts)
        arc = np.arange(len(which)) - first[which] + lattice.arc_begin[state][which]
        word = lattice.words[arc].astype(np.int64)
        following, cost = model_state[which], np.zeros(len(arc))
        cost[word != 0], following[word != 0] = model.step(following[word != 0], word[word != 0])
        arcs.append(arc)
        sources.append(made + which)
        costs.append(cost)
        targets = np.concatenate([targets, np.empty(len(arc), np.int64)])
        target = lattice.nextstates[arc]
        for later in np.unique(levels[target]):
            chosen = np.flatnonzero(levels[target] == later)
            waiting[later].append((target[chosen], following[chosen], arcs_made + chosen))
        made, arcs_made = made + len(state), arcs_made + len(arc)
        waiting[level] = []
    return _Pairs(
        np.concatenate(states), np.concatenate(arcs), np.concatenate(sources), targets, np.concatenate(costs),
        np.concatenate(ends),
    )  # fmt: skip


def split_lm(lattice: Lattice, model: WordModel | Ngram) -> Lattice:
    """Return the lattice with the first-pass model's costs moved out of ``graph_costs`` into ``lm_costs``.

    Along every path, graph and lm cost together are what the graph cost was, exactly: the model's costs are rounded to
    ``QUANTUM`` and subtracted where they are added. What is left in ``graph_costs`` are pronunciations, transitions,
    word penalties, and what sets the graph apart from the model: it rounds its costs, it may have spread them over
    earlier arcs (so that single arcs can be left with negative costs), and it keeps back-off open beside a listed
    n-gram where that is cheaper, while ``lm_costs`` hold the model's own probability.

    Raises OptionsError where there are costs in ``lm_costs`` already.
    """
    if lattice.lm_costs.any() or lattice.final_lm_costs.any():
        raise OptionsError("split_lm: the lattice has language model costs already; they need no splitting.")
    expanded = expand_on_lm(lattice, model)
    pieces = Pieces.of(expanded)
    for costs in (pieces.costs, pieces.final_costs):
        costs[:, LM] = np.rint(costs[:, LM] / QUANTUM) * QUANTUM
        costs[:, GRAPH] -= costs[:, LM]
    return reassemble(expanded, pieces)
