"""Runs weighted subset construction, with room that grows as it is needed, and says what stood in its way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .determinize_arrays import (
    COMPLETE,
    ENDLESS,
    NO_ROOM,
    NOT_FUNCTIONAL,
    TOO_LONG,
    Closure,
    Counts,
    Made,
    Reached,
    Rules,
    Subsets,
)
from .room import check_memory
from .string_fst import StringFst, trimmed
from .string_table import labels_of, more_strings, new_strings, with_room
from .transducer import NO_STATE, Fst

DELTA = 1 / 1024
"""How much costs may differ that count as equal, in natural log units: OpenFst's and Kaldi's default."""
MOST_STATES = 2**31 - 2
LABEL_BYTES = 16  # counted for each label that is owed somewhere, so that endless strings come to an end


@dataclass(frozen=True, slots=True)
class Construction:
    """How to determinize: options shared by all ways of it.

    ``follow_epsilons`` makes the result free of input epsilons; ``whole_prefix`` writes all that is certain of the
    output at once rather than a label an arc. ``max_bytes`` limits what the construction keeps.
    """

    name: str
    use_log: bool
    follow_epsilons: bool
    whole_prefix: bool
    delta: float
    max_states: int | None
    max_bytes: int

    def __post_init__(self) -> None:
        if not 0.0 < self.delta < float("inf"):
            raise OptionsError(f"{self.name}: delta is {self.delta}; give a cost above 0.")
        if self.max_states is not None and self.max_states < 1:
            raise OptionsError(f"{self.name}: max_states is {self.max_states}; give at least 1, or None.")


def construct(fst: Fst, way: Construction) -> StringFst:
    """Return the deterministic machine, its outputs as strings; arcs of a state are sorted by input label.

    Raises FormatError where the input is not functional or goes round epsilons at ever less cost, OptionsError where
    the result is larger than ``way`` allows: then it may be infinite, for lack of the twins property. SearchError where
    the machine's memory is used up before.
    """
    from .determinize_kernels import expand

    if fst.start == NO_STATE:
        return _empty(fst)
    arrays = _sorted(fst).arrays
    most = min(way.max_states or MOST_STATES, MOST_STATES)
    labels = way.max_bytes // LABEL_BYTES
    rules = Rules(way.use_log, way.follow_epsilons, way.whole_prefix, way.delta, most, labels)
    room = _Room(fst)
    while True:
        parts = (room.strings, room.subsets, room.made, room.closure, room.reached)
        status = expand(arrays, *parts, rules, room.counts)
        if status == TOO_LONG or (status == NO_ROOM and room.nbytes > way.max_bytes):
            raise OptionsError(
                f"{way.name}: {room.counts.subsets[0]} states so far need more than max_bytes = {way.max_bytes}; "
                "the machine may have no finite equivalent, otherwise raise max_bytes."
            )
        if status != NO_ROOM:
            break
        check_memory(room.nbytes // 2, way.name)
        room.grow()
    if status == COMPLETE:
        return room.result(fst)
    _, place, first, second = (int(value) for value in room.counts.trouble)
    if status == NOT_FUNCTIONAL:
        one, other = (_spoken(labels_of(room.strings, node)) for node in (first, second))
        raise FormatError(
            f"{way.name}: state {place} is reached with outputs {one} and {other} for one input, the transducer is "
            "not functional; tell its outputs apart by disambiguation symbols."
        )
    if status == ENDLESS:
        raise FormatError(f"{way.name}: epsilon arcs lead around state {place} at ever less cost; take the cycle out.")
    raise OptionsError(
        f"{way.name}: more than max_states = {way.max_states} states; the machine may have no finite equivalent "
        "(ambiguous paths without disambiguation symbols), otherwise raise max_states."
    )


class _Room:
    """The arrays that the kernels fill, and how they grow."""

    def __init__(self, fst: Fst) -> None:
        arcs, states = fst.arcs + 64, fst.states + 64
        self.strings = new_strings()
        self.subsets = Subsets(
            begin=np.zeros(states + 1, dtype=np.int64),
            digests=np.zeros(states, dtype=np.int32),
            slots=_free_slots(states),
            alone=np.full(fst.states, -1, dtype=np.int32),
            stack=np.zeros(states, dtype=np.int32),
            rank=np.zeros(states, dtype=np.int32),
            states=np.zeros(states, dtype=np.int32),
            strings=np.zeros(states, dtype=np.int32),
            weights=np.zeros(states, dtype=np.float32),
        )
        self.made = Made(
            begin=np.zeros(states + 1, dtype=np.int64),
            ilabels=np.empty(arcs, dtype=np.int32),
            strings=np.empty(arcs, dtype=np.int32),
            weights=np.empty(arcs, dtype=np.float32),
            nextstates=np.empty(arcs, dtype=np.int32),
            final_weights=np.empty(states, dtype=np.float32),
            final_strings=np.empty(states, dtype=np.int32),
        )
        self.closure = Closure(np.zeros(fst.states, dtype=np.int32), *_columns(64, "iiffii?"))
        self.reached = Reached(*_columns(64, "qifiii"))
        self.counts = Counts(*(np.zeros(length, dtype=np.int64) for length in (1, 1, 1, 1, 1, 1, 3, 4)))
        self.subsets.states[0] = fst.start  # the first subset is the start state alone
        self.subsets.begin[1] = 1
        self.subsets.alone[fst.start] = 0
        self.counts.subsets[0] = self.counts.elements[0] = self.counts.waiting[0] = 1

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        parts = (self.strings, self.subsets, self.made, self.closure, self.reached)
        return sum(array.nbytes for part in parts for array in part)

    def grow(self) -> None:
        """Give more room wherever the kernels ran out of it."""
        from .determinize_subset_kernels import refill_subsets

        counts = self.counts
        most, _, members = (int(value) for value in counts.wanted)
        if self.strings.used[0] == len(self.strings.heads):
            self.strings = more_strings(self.strings)
        if members > len(self.closure.states):
            self.closure = Closure(self.closure.place, *_columns(2 * members, "iiffii?"))
        if max(members, most) > len(self.reached.keys):
            self.reached = Reached(*_columns(2 * max(members, most), "qifiii"))
        subsets, made = self.subsets, self.made
        arcs = _more(len(made.ilabels), int(counts.arcs[0]) + most)
        states = _more(len(made.final_weights), int(counts.subsets[0]) + most + 1)
        elements = _more(len(subsets.states), int(counts.elements[0]) + most)
        if states > len(subsets.digests):
            digests = with_room(subsets.digests, states)
            slots = _free_slots(states)
            refill_subsets(digests, counts.subsets[0], slots)
            subsets = subsets._replace(
                begin=with_room(subsets.begin, states + 1),
                digests=digests,
                slots=slots,
                stack=with_room(subsets.stack, states),
                rank=with_room(subsets.rank, states),
            )
        self.subsets = subsets._replace(
            **{name: with_room(getattr(subsets, name), elements) for name in ("states", "strings", "weights")}
        )
        self.made = made._replace(
            begin=with_room(made.begin, states + 1),
            final_weights=with_room(made.final_weights, states),
            final_strings=with_room(made.final_strings, states),
            **{name: with_room(getattr(made, name), arcs) for name in ("ilabels", "strings", "weights", "nextstates")},
        )

    def result(self, fst: Fst) -> StringFst:
        """Return what was made, with the symbols of ``fst``."""
        made, states, arcs = self.made, int(self.counts.done[0]), int(self.counts.arcs[0])
        ilabels = trimmed(made.ilabels, arcs)
        machine = replace(
            fst,
            start=0,
            arc_begin=trimmed(made.begin, states + 1),
            ilabels=ilabels,
            olabels=ilabels,
            weights=trimmed(made.weights, arcs),
            nextstates=self.subsets.rank[made.nextstates[:arcs]],
            final_weights=trimmed(made.final_weights, states),
        )
        return StringFst(machine, self.strings, 0, trimmed(made.strings, arcs), trimmed(made.final_strings, states))


def _columns(room: int, kinds: str) -> list[NDArray[Any]]:
    """Return arrays of zeros with ``room`` places, a NumPy type letter each."""
    return [np.zeros(room, dtype=kind) for kind in kinds]


def _more(room: int, needed: int) -> int:
    """Return the room to have where ``needed`` is needed: grown by a factor, so that few copies are made."""
    return room if needed <= room else max(needed, room + room // 2)


def _free_slots(room: int) -> NDArray[np.int32]:
    """Return free slots for twice ``room`` entries or more, a power of two."""
    return np.full(1 << (2 * room - 1).bit_length(), -1, dtype=np.int32)


def _sorted(fst: Fst) -> Fst:
    """Return ``fst`` with the arcs of each state by input label, then by next state, equal ones in their order."""
    from .determinize_sort_kernels import sort_by_label_and_state

    arrays = fst.arrays
    order = np.empty(fst.arcs, dtype=np.int64)
    widest = int(np.diff(arrays.arc_begin).max(initial=0))
    if sort_by_label_and_state(arrays, widest, order):
        return fst
    return fst.take_arcs(order)


def _empty(fst: Fst) -> StringFst:
    """Return the machine that accepts nothing."""
    none = np.zeros(0, dtype=np.int32)
    costs = np.zeros(0, dtype=np.float32)
    machine = replace(
        fst,
        arc_begin=np.zeros(1, dtype=np.int64),
        ilabels=none,
        olabels=none,
        weights=costs,
        nextstates=none,
        final_weights=costs,
    )
    return StringFst(machine, new_strings(), 0, none, none)


def _spoken(labels: Sequence[int]) -> str:
    """Return a string of labels for a message."""
    shown = " ".join(map(str, labels[:10])) + (" ..." if len(labels) > 10 else "")
    return f"'{shown}'" if labels else "nothing"
