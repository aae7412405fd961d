"""The N best distinct word sequences of a lattice: best-first search over word prefixes.

A *node* is a word prefix; its *seeds* are the states that the prefix's last word leads to. Expanding a node makes
*entries* of the states reached from its seeds without a word, and groups the arcs with one by their word, so that all
the ways to align the same words are one node (determinization on the fly: Mohri and Riley, "An efficient algorithm for
the n-best-strings problem", 2002). Costs are counted as how much worse than the best path a path must become (exact
costs ahead), so the nodes come off the heap in the order of their best completion, and the first N that are complete
are the N best.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel, lean_kernel
from .heap_kernels import pop_number, push_number, sift_down, sift_up

NONE = -1
FULL = -1
ENTRIES, NODES, NODES_WAITING, STATES_WAITING, GROUPS, USED = 0, 1, 2, 3, 4, 5
"""What ``used`` counts."""


class Ways(NamedTuple):
    """The arcs of each state and how much worse each makes the best path; ``final``: how much worse ending there is."""

    begin: NDArray[np.int64]
    target: NDArray[np.int32]
    word: NDArray[np.int32]
    worse: NDArray[np.float64]
    final: NDArray[np.float64]


class Arena(NamedTuple):
    """Entries and seeds (a state, how much worse it is there, the entry and the arc before, a node's next seed);
    nodes: the least that a completion is worse, the first seed or, where it is complete, -1 - its last entry; a heap.
    """

    state: NDArray[np.int32]
    worse: NDArray[np.float64]
    parent: NDArray[np.int32]
    arc: NDArray[np.int32]
    following: NDArray[np.int32]
    node_worse: NDArray[np.float64]
    node_seed: NDArray[np.int32]
    node_heap: NDArray[np.int32]


class Work(NamedTuple):
    """Scratch space: the entry of a state, states to be followed; the group of a word, the groups of one expansion;
    the least completions known so far, as a max-heap (negated): nothing worse than its top is followed.
    """

    entry_of: NDArray[np.int32]
    states: NDArray[np.int32]
    group_of: NDArray[np.int32]
    group_word: NDArray[np.int32]
    group_seed: NDArray[np.int32]
    group_worse: NDArray[np.float64]
    known: NDArray[np.float64]
    known_heap: NDArray[np.int32]


@inlined_kernel
def enter(
    arena: Arena, work: Work, used: NDArray[np.int64], first: int, state: int, worse: float, parent: int, arc: int
) -> None:
    """Reach ``state`` from ``parent`` by ``arc``, if that is the best way yet; the expansion's entries start at first.

    There is room for an entry.
    """
    entry = np.int64(work.entry_of[state])
    if entry < first:
        entry = used[ENTRIES]
        used[ENTRIES] += 1
        work.entry_of[state] = entry
        push_number(work.states, state, used[STATES_WAITING])
        used[STATES_WAITING] += 1
    elif worse >= arena.worse[entry]:
        return
    arena.state[entry], arena.worse[entry] = state, worse
    arena.parent[entry], arena.arc[entry] = parent, arc


@inlined_kernel
def plant(
    arena: Arena, work: Work, used: NDArray[np.int64], word: int, state: int, worse: float, parent: int, arc: int
) -> None:
    """Make a seed of the group of ``word``. It lies among the entries but is none: no ``entry_of`` points to it."""
    group = np.int64(work.group_of[word])
    if group >= used[GROUPS] or work.group_word[group] != word:
        group = used[GROUPS]
        used[GROUPS] += 1
        work.group_of[word] = group
        work.group_word[group], work.group_seed[group], work.group_worse[group] = word, NONE, np.inf
    seed = used[ENTRIES]
    used[ENTRIES] += 1
    arena.state[seed], arena.worse[seed] = state, worse
    arena.parent[seed], arena.arc[seed] = parent, arc
    arena.following[seed] = work.group_seed[group]
    work.group_seed[group] = seed
    work.group_worse[group] = min(work.group_worse[group], worse)


@inlined_kernel
def expand(ways: Ways, arena: Arena, work: Work, used: NDArray[np.int64], node: int) -> tuple[float, int]:
    """Make the entries and the groups of a node; return how much worse its best end is, and that end's entry.

    The entry is FULL where there is no room.
    """
    bound = -work.known[work.known_heap[0]]
    room, first = len(arena.state), used[ENTRIES]
    used[STATES_WAITING] = used[GROUPS] = 0
    seed = np.int64(arena.node_seed[node])
    while seed != NONE:
        if used[ENTRIES] == room:
            return np.inf, FULL
        before, arc = np.int64(arena.parent[seed]), np.int64(arena.arc[seed])
        enter(arena, work, used, first, np.int64(arena.state[seed]), arena.worse[seed], before, arc)
        seed = np.int64(arena.following[seed])
    end_worse, end = np.inf, np.int64(0)
    while used[STATES_WAITING] > 0:
        state = pop_number(work.states, used[STATES_WAITING])
        used[STATES_WAITING] -= 1
        entry = np.int64(work.entry_of[state])
        here = arena.worse[entry]
        if here + ways.final[state] < end_worse:
            end_worse, end = here + ways.final[state], entry
        for arc in range(ways.begin[state], ways.begin[state + 1]):
            worse = here + ways.worse[arc]
            if worse > bound:
                continue
            if used[ENTRIES] == room:
                return np.inf, FULL
            if ways.word[arc] != 0:
                plant(arena, work, used, np.int64(ways.word[arc]), np.int64(ways.target[arc]), worse, entry, arc)
            else:
                enter(arena, work, used, first, np.int64(ways.target[arc]), worse, entry, arc)
    return end_worse, end


@inlined_kernel
def add_nodes(arena: Arena, work: Work, used: NDArray[np.int64], node: int, end_worse: float, end: int) -> bool:
    """Make a node of each group, and one of the end; False where there is no room."""
    replaced = False
    for group in range(-1, used[GROUPS]):
        worse = end_worse if group < 0 else work.group_worse[group]
        if not worse <= -work.known[work.known_heap[0]]:
            continue
        made = used[NODES]
        if made == len(arena.node_worse):
            return False
        used[NODES] += 1
        arena.node_worse[made] = worse
        arena.node_seed[made] = -1 - end if group < 0 else np.int64(work.group_seed[group])
        sift_up(arena.node_heap, arena.node_worse, made, used[NODES_WAITING])
        used[NODES_WAITING] += 1
        # One child completes its parent's best path, which is known already.
        if node > 0 and not replaced and worse == arena.node_worse[node]:
            replaced = True
            continue
        top = sift_down(work.known_heap, work.known, len(work.known))
        work.known[top] = -worse
        sift_up(work.known_heap, work.known, np.int64(top), len(work.known) - 1)
    return True


@lean_kernel
def best_words(ways: Ways, arena: Arena, work: Work, used: NDArray[np.int64], ends: NDArray[np.int32]) -> int:
    """Find the ``len(ends)`` best distinct word sequences; set ``ends`` to the last entry of each, best first.

    Entry 0 is the seed of node 0, in state 0; ``used`` is zeros. Returns how many there are within the bound that
    ``work.known`` begins with, FULL where the arena is too small.
    """
    used[ENTRIES] = used[NODES] = used[NODES_WAITING] = 1
    found = np.int64(0)
    while used[NODES_WAITING] > 0 and found < len(ends):
        node = sift_down(arena.node_heap, arena.node_worse, used[NODES_WAITING])
        used[NODES_WAITING] -= 1
        if arena.node_seed[node] < 0:
            ends[found] = -1 - arena.node_seed[node]
            found += 1
            continue
        end_worse, end = expand(ways, arena, work, used, node)
        if end == FULL or not add_nodes(arena, work, used, node, end_worse, end):
            return FULL
    return found


@kernel
def read_paths(arena: Arena, ends: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the arcs of the paths that end in ``ends``, one path after the other, and where each begins among them."""
    begin = np.zeros(len(ends) + 1, np.int64)
    for i in range(len(ends)):
        entry, begin[i + 1] = ends[i], begin[i]
        while arena.parent[entry] != NONE:
            entry = arena.parent[entry]
            begin[i + 1] += 1
    arcs = np.empty(begin[-1], np.int64)
    for i in range(len(ends)):
        entry, at = ends[i], begin[i + 1]
        while arena.parent[entry] != NONE:
            at -= 1
            arcs[at] = arena.arc[entry]
            entry = arena.parent[entry]
    return arcs, begin
