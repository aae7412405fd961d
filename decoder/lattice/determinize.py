"""The determinized word lattice: each word sequence once, with the costs and the labels of its best path.

After Povey et al., "Generating exact lattices in the WFST framework" (2012), and Kaldi's determinize-lattice-pruned.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .assemble import Pieces, assemble, trim
from .determinize_arrays import (
    ARCS,
    DONE,
    ELEMENTS_FULL,
    NONE,
    SEEDS,
    SEEDS_FULL,
    STOPPED,
    SUBSETS,
    SUBSETS_FULL,
    TASKS,
    TASKS_FULL,
    TRIE_FULL,
    USED,
    WAITING,
    Arena,
    Closure,
    Elements,
    Fronts,
    Limits,
    Made,
    Raw,
    Seeds,
    Sets,
    Subsets,
    Tasks,
)
from .lattice import KINDS, Lattice
from .prune import SLACK, prune

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeterminizeOptions:
    """How a lattice is determinized.

    beam: word sequences worse than the best by more go (None: by more than the lattice's own beam). max_states,
    max_arcs: at how many the work is stopped; the best of all sequences are there then, and the lattice's ``beam`` says
    how far. delta: costs that differ by less count as equal where two ways may share what follows.
    """

    beam: float | None = None
    max_states: int = 200_000
    max_arcs: int = 1_000_000
    delta: float = 1e-4

    def __post_init__(self) -> None:
        if self.beam is not None and not self.beam >= 0:
            raise OptionsError(f"determinize: beam is {self.beam}; give a number from 0.")
        for name in ("max_states", "max_arcs"):
            if getattr(self, name) < 1:
                raise OptionsError(f"determinize: {name} is {getattr(self, name)}; allow at least one.")
        if not 0 <= self.delta <= 1:
            raise OptionsError(f"determinize: delta is {self.delta}; give a number of nats from 0 to 1.")


def determinize(lattice: Lattice, options: DeterminizeOptions | None = None) -> Lattice:
    """Return the lattice that has each word sequence within the beam on one path: that of the best of its alignments.

    No two arcs of a state have the same word. Costs of every kind and labels along a path are those of the best path
    of the words in ``lattice``; labels stand on the arcs as early as they are certain, not at their word. Arcs without
    a word lead to one end alone, with the labels that are left after the last word.

    Word sequences outside the beam may be there too, though not on their best path. Where a limit is reached, a warning
    is logged, and ``beam`` of the result says how far from the best it is whole.
    """
    options = options or DeterminizeOptions()
    beam = lattice.beam if options.beam is None else min(options.beam, lattice.beam)
    lattice = trim(lattice) if math.isinf(beam) else prune(lattice, beam)
    if lattice.states == 0:
        return lattice
    return _Determinization(lattice, beam, options).run()


_FLOATS = {"total", "costs", "priority", "forward", "final_total", "final_costs"}
_ROOMS = {"trie": 3.0, "seeds": 0.5, "tasks": 0.25, "subsets": 0.06, "elements": 1.5}
"""First guesses: entries for each arc of the lattice, and"""
LEAST_ROOM = 256
"""entries at least."""


class _Determinization:
    """The arrays of one determinization, made anew with more room where room is short."""

    def __init__(self, lattice: Lattice, beam: float, options: DeterminizeOptions) -> None:
        from .distance_kernels import costs_ahead

        self.lattice, self.beam = lattice, beam
        arrays = lattice.arrays
        ahead = costs_ahead(arrays, False)
        speaks = np.isfinite(arrays.final_totals)
        speaks[lattice.sources()[lattice.words != 0]] = True
        self.raw = Raw(
            *arrays[:3],
            *lattice.label_arrays,
            arrays.totals,
            lattice.costs,
            arrays.final_totals,
            lattice.final_costs,
            ahead,
            speaks,
        )
        slack = SLACK * (1.0 + abs(float(ahead[0])))
        self.limits = Limits(beam + slack, options.delta, options.max_states, options.max_arcs)
        self.rooms = {name: max(LEAST_ROOM, int(factor * lattice.arcs)) for name, factor in _ROOMS.items()}

    def run(self) -> Lattice:
        from .determinize_kernels import determinize

        full = {
            TRIE_FULL: "trie", SEEDS_FULL: "seeds", TASKS_FULL: "tasks", SUBSETS_FULL: "subsets",
            ELEMENTS_FULL: "elements",
        }  # fmt: skip
        while True:
            self._make_room()
            status, beam = determinize(
                self.raw, self.limits, self.trie, self.closure, self.seeds, self.tasks, self.arena, self.used
            )
            if status in (DONE, STOPPED):
                break
            self.rooms[full[status]] *= 4
        if status == STOPPED:
            self.beam = max(0.0, beam)
            logger.warning(
                "determinize: stopped at %d states and %d arcs; sequences within %.3f of the best are complete",
                self.limits.max_states, self.limits.max_arcs, self.beam,
            )  # fmt: skip
        return self._lattice()

    def _make_room(self) -> None:
        from .label_trie_kernels import Trie

        n, states, kinds = self.rooms, self.lattice.states, len(KINDS)
        self.trie = Trie(*_empty(Trie, n["trie"], {"slots": _slots(n["trie"]), "size": np.ones(1, np.int64)}))
        self.trie.parent[0], self.trie.label[0], self.trie.depth[0] = NONE, NONE, 0
        spelled = np.empty(max(states, len(self.lattice.labels)) + 1, np.int32)
        common = {"common_total": np.zeros(1), "common_costs": np.zeros((1, kinds))}
        unseen = {name: np.zeros(length, np.int32) for name, length in (("stamp_of", states), ("stamp", 1))}
        self.closure = Closure(*_empty(Closure, states, {"spelled": spelled, **common, **unseen}))
        self.seeds = Seeds(*_empty(Seeds, n["seeds"]))
        self.seeds.state[0], self.seeds.total[0], self.seeds.costs[0] = 0, 0.0, 0.0
        self.seeds.string[0], self.seeds.following[0] = 0, NONE
        groups = np.zeros(int(self.lattice.words.max(initial=0)) + 1, np.int32)
        self.tasks = Tasks(*_empty(Tasks, n["tasks"], {"group_of": groups}))
        self.tasks.source[0], self.tasks.word[0], self.tasks.seed[0] = NONE, 0, 0
        self.tasks.priority[0], self.tasks.heap[0] = self.raw.ahead[0], 0
        self.arena = Arena(
            Subsets(*_empty(Subsets, n["subsets"])),
            Sets(*_empty(Sets, n["subsets"], {"slots": _slots(n["subsets"])})),
            Fronts(*_empty(Fronts, n["tasks"])),
            Sets(*_empty(Sets, n["tasks"], {"slots": _slots(n["tasks"])})),
            Elements(*_empty(Elements, n["elements"])),
            Made(*_empty(Made, n["tasks"])),
        )
        self.used = np.zeros(USED, np.int64)
        self.used[[SEEDS, TASKS, WAITING]] = 1

    def _lattice(self) -> Lattice:
        """Put what was made together: arc 0 is the way into the start, whose costs and labels go on to its arcs."""
        lattice, subsets, made = self.lattice, self.arena.subsets, self.arena.made
        states, arcs = int(self.used[SUBSETS]), int(self.used[ARCS])
        ends = np.isfinite(subsets.final_total[:states])
        final_costs = np.where(ends[:, None], subsets.final_costs[:states], [np.inf, 0.0, 0.0, 0.0])
        at_start = made.source[:arcs] == 0
        costs = made.costs[:arcs] + np.where(at_start[:, None], made.costs[0], 0.0)
        final_costs[0] += made.costs[0]
        strings = np.where(ends, subsets.final_string[:states], 0)
        # Ends with labels of their own become arcs to one more state.
        before = np.zeros(states, np.int32)
        before[0] = made.string[0]
        lasting = np.flatnonzero(ends & ((strings != 0) | (before != 0)))
        sources = np.concatenate([made.source[1:arcs], lasting])
        all_costs = np.concatenate([costs[1:], final_costs[lasting]])
        final_costs[lasting] = [np.inf, 0.0, 0.0, 0.0]
        final_costs = np.concatenate([final_costs, [[0.0 if len(lasting) else np.inf, 0.0, 0.0, 0.0]]])
        label_begin, labels = self._labels(
            before[sources], np.concatenate([made.string[1:arcs], strings[lasting]]).astype(np.int32)
        )
        frames = self._frames(states)
        pieces = Pieces(
            sources=sources,
            nextstates=np.concatenate([made.target[1:arcs], np.full(len(lasting), states)]),
            words=np.concatenate([made.word[1:arcs], np.zeros(len(lasting), np.int32)]),
            label_begin=label_begin,
            labels=labels,
            costs=all_costs,
            final_costs=final_costs,
            frames=np.append(frames, lattice.frames.max()),
        )
        return assemble(
            pieces, 0, lattice.acoustic_scale, lattice.words_table, lattice.label_table, min(self.beam, lattice.beam)
        )

    def _frames(self, states: int) -> NDArray[np.int64]:
        """Return the frame of each subset: that of its elements, less the labels that they have yet to read."""
        sets, elements = self.arena.subset_sets, self.arena.elements
        lengths = sets.length[:states].astype(np.int64)
        ends = np.cumsum(lengths)
        first = ends - lengths
        places = np.arange(ends[-1]) + np.repeat(sets.first[:states] - first, lengths)
        there = self.lattice.frames[elements.state[places]] - self.trie.depth[elements.string[places]]
        frames: NDArray[np.int64] = np.minimum.reduceat(there, first)
        frames[0] = self.lattice.frames[0]
        return frames

    def _labels(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Write the strings of two nodes an arc, one after the other."""
        from .determinize_kernels import write_strings

        lead = self.trie.depth[first]
        begin = np.zeros(len(first) + 1, np.int64)
        np.cumsum(lead + self.trie.depth[second], out=begin[1:])
        labels = np.empty(int(begin[-1]), np.int32)
        write_strings(self.trie, first, begin[:-1], labels)
        write_strings(self.trie, second, begin[:-1] + lead, labels)
        return begin, labels


def _empty(kind: Any, room: int, given: Mapping[str, NDArray[Any]] | None = None) -> list[NDArray[Any]]:
    """Return arrays for the fields of ``kind``: those ``given``, and empty ones of the type that is theirs."""
    made: list[NDArray[Any]] = []
    for name in kind._fields:
        shape = (room, len(KINDS)) if name.endswith("costs") else (room,)
        dtype = np.float64 if name in _FLOATS else np.int64 if name == "first" else np.int32
        made.append(given[name] if given and name in given else np.empty(shape, dtype))
    return made


def _slots(room: int) -> NDArray[np.int32]:
    """Return free slots for ``room`` entries in open addressing."""
    return np.full(1 << (2 * room - 1).bit_length(), -1, np.int32)
