"""The flat arrays of a determinization: what is read, what is in the making, what is made.

The words are those of determinize_kernels.py: subsets, tasks, seeds, fronts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = -1
DONE, STOPPED, TRIE_FULL, SEEDS_FULL, TASKS_FULL, SUBSETS_FULL, ELEMENTS_FULL = 0, 1, 2, 3, 4, 5, 6
"""What ``determinize`` answers; there are no more fronts and arcs than tasks."""
SEEDS, TASKS, SUBSETS, ELEMENTS, ARCS, WAITING, FRONTS, USED = 0, 1, 2, 3, 4, 5, 6, 7
"""What ``used`` counts; ``WAITING`` tasks are on the heap."""


class Raw(NamedTuple):
    """The lattice; ``ahead`` is the best cost to an end, ``speaks`` says where a word or an end leaves."""

    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    words: NDArray[np.int32]
    label_begin: NDArray[np.int64]
    labels: NDArray[np.int32]
    totals: NDArray[np.float64]
    costs: NDArray[np.float64]
    final_totals: NDArray[np.float64]
    final_costs: NDArray[np.float64]
    ahead: NDArray[np.float64]
    speaks: NDArray[np.bool_]


class Limits(NamedTuple):
    """The beam, what counts as the same cost, and how many subsets and arcs may be made."""

    beam: float
    delta: float
    max_states: int
    max_arcs: int


class Closure(NamedTuple):
    """One subset in the making: states reached without a word, in order (room for every state of the lattice).

    ``entry_of`` a state is valid where ``stamp_of`` it is ``stamp``, a new one for each subset. ``parent`` and ``via``
    say by which entry and arc its best path comes (NONE: it is of the front); ``string`` is NONE until it is asked
    for. ``chosen`` lists the entries that stay, ``heap`` sorts the states of the front. ``common_total`` and
    ``common_costs`` (1 and (1, kinds)) are what was taken off all entries.
    """

    entry_of: NDArray[np.int32]
    stamp_of: NDArray[np.int32]
    stamp: NDArray[np.int32]
    state: NDArray[np.int32]
    total: NDArray[np.float64]
    costs: NDArray[np.float64]
    parent: NDArray[np.int32]
    via: NDArray[np.int32]
    string: NDArray[np.int32]
    chosen: NDArray[np.int32]
    heap: NDArray[np.int32]
    spelled: NDArray[np.int32]
    common_total: NDArray[np.float64]
    common_costs: NDArray[np.float64]


class Seeds(NamedTuple):
    """States right behind a word: cost and labels since the subset before, and the task's next seed (NONE: last)."""

    state: NDArray[np.int32]
    total: NDArray[np.float64]
    costs: NDArray[np.float64]
    string: NDArray[np.int32]
    following: NDArray[np.int32]


class Tasks(NamedTuple):
    """Words that leave a subset, and their heap by the best whole path; ``group_of`` finds a word's in the making."""

    source: NDArray[np.int32]
    word: NDArray[np.int32]
    seed: NDArray[np.int32]
    priority: NDArray[np.float64]
    heap: NDArray[np.int32]
    group_of: NDArray[np.int32]


class Elements(NamedTuple):
    """The elements of the subsets, by state."""

    state: NDArray[np.int32]
    total: NDArray[np.float64]
    costs: NDArray[np.float64]
    string: NDArray[np.int32]


class Sets(NamedTuple):
    """Sets of elements: first element and number of elements of each, and their numbers in open addressing."""

    first: NDArray[np.int64]
    length: NDArray[np.int32]
    slots: NDArray[np.int32]


class Subsets(NamedTuple):
    """The states made: best cost from the start; cost and labels of ending (an infinite total: it does not end)."""

    forward: NDArray[np.float64]
    final_total: NDArray[np.float64]
    final_costs: NDArray[np.float64]
    final_string: NDArray[np.int32]


class Fronts(NamedTuple):
    """The fronts met: the subset that each becomes, and the cost and the labels that all its elements then share."""

    subset: NDArray[np.int32]
    total: NDArray[np.float64]
    costs: NDArray[np.float64]
    string: NDArray[np.int32]


class Made(NamedTuple):
    """The arcs made."""

    source: NDArray[np.int32]
    word: NDArray[np.int32]
    target: NDArray[np.int32]
    string: NDArray[np.int32]
    costs: NDArray[np.float64]


class Arena(NamedTuple):
    """All that is made: subsets and fronts, each with the sets that they are, and their elements; arcs."""

    subsets: Subsets
    subset_sets: Sets
    fronts: Fronts
    front_sets: Sets
    elements: Elements
    made: Made
