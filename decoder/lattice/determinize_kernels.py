"""Determinization of a lattice on its words, best first: subsets of states, each with what it costs and aligns.

After Povey et al., "Generating exact lattices in the WFST framework" (2012), and Mohri, "Finite-state transducers in
language and speech processing" (1997). A *subset* is what the paths of a word sequence lead to: a state of the lattice
with the best cost and the labels of the best path to it, less what is common to all (the cost of the best, the longest
common prefix). A *task* is a word that leaves a subset; its *seeds* are the states right behind the word, before arcs
without a word are followed. Tasks come off a heap in the order of the best whole path through them, so that a subset
is met first on its best path.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .heap_kernels import pop_number, push_number, sift_down, sift_up
from .label_trie_kernels import NO_ROOM, Trie, common_prefix, extend, without_prefix

NONE = -1
DONE, STOPPED, TRIE_FULL, SEEDS_FULL, TASKS_FULL, SUBSETS_FULL, ELEMENTS_FULL = 0, 1, 2, 3, 4, 5, 6
"""What ``determinize`` answers."""
SEEDS, TASKS, SUBSETS, ELEMENTS, ARCS, WAITING = 0, 1, 2, 3, 4, 5
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

    ``entry_of`` a state is valid where that entry is below the count and names the state. ``parent`` and ``via`` say
    by which entry and arc its best path comes (NONE: it is a seed); ``string`` is NONE until it is asked for.
    ``chosen`` lists the entries that stay, ``heap`` the states whose arcs are to be followed.
    """

    entry_of: NDArray[np.int32]
    state: NDArray[np.int32]
    total: NDArray[np.float64]
    costs: NDArray[np.float64]
    parent: NDArray[np.int32]
    via: NDArray[np.int32]
    string: NDArray[np.int32]
    chosen: NDArray[np.int32]
    heap: NDArray[np.int32]
    spelled: NDArray[np.int32]


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


class Subsets(NamedTuple):
    """The states made: first element, number of elements, best cost from the start, end, and open addressing."""

    first: NDArray[np.int64]
    length: NDArray[np.int32]
    forward: NDArray[np.float64]
    final_total: NDArray[np.float64]
    final_costs: NDArray[np.float64]
    final_string: NDArray[np.int32]
    slots: NDArray[np.int32]


class Elements(NamedTuple):
    """The elements of the subsets, by state."""

    state: NDArray[np.int32]
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


@inner_kernel
def put(rows: NDArray[np.float64], at: int, others: NDArray[np.float64], there: int) -> None:
    """Copy a row of costs."""
    for kind in range(rows.shape[1]):
        rows[at, kind] = others[there, kind]


@inner_kernel
def put_sum(
    rows: NDArray[np.float64], at: int, a: NDArray[np.float64], first: int, b: NDArray[np.float64], second: int
) -> None:
    """Make a row of costs the sum of two others."""
    for kind in range(rows.shape[1]):
        rows[at, kind] = a[first, kind] + b[second, kind]


@inner_kernel
def close(raw: Raw, beam: float, seeds: Seeds, seed: int, closure: Closure) -> int:
    """Follow the arcs without a word from a task's seeds; return how many entries are chosen.

    States whose best way to an end is worse than the subset's best by more than ``beam`` are left out: a property of
    the subset alone, so that equal subsets stay equal.
    """
    count, waiting, chosen = np.int64(0), np.int64(0), np.int64(0)
    best = np.inf
    at = np.int64(seed)
    while at != NONE:
        best = min(best, seeds.total[at] + raw.ahead[seeds.state[at]])
        at = np.int64(seeds.following[at])
    at = np.int64(seed)
    while at != NONE:
        state = seeds.state[at]
        entry = np.int64(closure.entry_of[state])
        if entry >= count or closure.state[entry] != state:
            entry = count
            count += 1
            closure.entry_of[state], closure.state[entry], closure.total[entry] = entry, state, np.inf
            push_number(closure.heap, np.int64(state), waiting)
            waiting += 1
        if seeds.total[at] < closure.total[entry]:
            closure.total[entry], closure.string[entry] = seeds.total[at], seeds.string[at]
            put(closure.costs, entry, seeds.costs, at)
            closure.parent[entry] = NONE
        at = np.int64(seeds.following[at])
    while waiting > 0:
        state = pop_number(closure.heap, waiting)
        waiting -= 1
        entry = np.int64(closure.entry_of[state])
        if closure.total[entry] + raw.ahead[state] > best + beam:
            continue
        if raw.speaks[state]:
            closure.chosen[chosen] = entry
            chosen += 1
        for arc in range(raw.arc_begin[state], raw.arc_begin[state + 1]):
            if raw.words[arc] != 0:
                continue
            target, total = raw.nextstates[arc], closure.total[entry] + raw.totals[arc]
            made = np.int64(closure.entry_of[target])
            if made >= count or closure.state[made] != target:
                made = count
                count += 1
                closure.entry_of[target], closure.state[made] = made, target
                push_number(closure.heap, np.int64(target), waiting)
                waiting += 1
            elif total >= closure.total[made]:
                continue
            closure.total[made], closure.parent[made], closure.via[made] = total, entry, arc
            closure.string[made] = NONE
    return chosen


@inner_kernel
def spell(raw: Raw, trie: Trie, closure: Closure, entry: int) -> bool:
    """Find the label string and the costs of ``entry`` and of those before it; False where the trie is full."""
    length = np.int64(0)
    at = np.int64(entry)
    while closure.string[at] == NONE:
        closure.spelled[length] = at
        length += 1
        at = np.int64(closure.parent[at])
    while length > 0:
        length -= 1
        at = np.int64(closure.spelled[length])
        before, arc = np.int64(closure.parent[at]), np.int64(closure.via[at])
        string = np.int64(closure.string[before])
        for place in range(raw.label_begin[arc], raw.label_begin[arc + 1]):
            string = extend(trie, string, np.int64(raw.labels[place]))
            if string == NO_ROOM:
                return False
        closure.string[at] = string
        put_sum(closure.costs, at, closure.costs, before, raw.costs, arc)
    return True


@inner_kernel
def normalise(trie: Trie, closure: Closure, chosen: int) -> tuple[int, int]:
    """Take what is common off the chosen entries: return the best of them and the common prefix, NO_ROOM where full.

    The costs of the best one stay, to be subtracted from the others by whoever copies them.
    """
    best = np.int64(closure.chosen[0])
    prefix = np.int64(closure.string[best])
    for i in range(1, chosen):
        entry = np.int64(closure.chosen[i])
        prefix = common_prefix(trie, prefix, np.int64(closure.string[entry]))
        if closure.total[entry] < closure.total[best]:
            best = entry
    for i in range(chosen):
        entry = closure.chosen[i]
        rest = without_prefix(trie, np.int64(closure.string[entry]), prefix, closure.spelled)
        if rest == NO_ROOM:
            return best, NO_ROOM
        closure.string[entry] = rest
    return best, prefix


@inner_kernel
def is_same(closure: Closure, chosen: int, best: int, delta: float, elements: Elements, first: int) -> bool:
    """Whether the chosen entries are the elements from ``first`` on: states, strings, and costs within ``delta``."""
    for i in range(chosen):
        entry, element = closure.chosen[i], first + i
        if elements.state[element] != closure.state[entry] or elements.string[element] != closure.string[entry]:
            return False
        for kind in range(closure.costs.shape[1]):
            cost = closure.costs[entry, kind] - closure.costs[best, kind]
            if not abs(cost - elements.costs[element, kind]) <= delta:
                return False
    return True


@inner_kernel
def find_subset(
    subsets: Subsets, elements: Elements, closure: Closure, chosen: int, best: int, delta: float
) -> tuple[int, int]:
    """Return the subset that the chosen entries are, NONE where it is new, and its slot."""
    mask = len(subsets.slots) - 1
    mixed = np.int64(chosen)
    for i in range(chosen):
        entry = closure.chosen[i]
        mixed = (mixed * 31 + np.int64(closure.state[entry])) * 31 + np.int64(closure.string[entry])
        mixed = (mixed ^ (mixed >> 27)) & 0xFFFFFFFFFFFF
    slot = (mixed ^ (mixed >> 15)) & mask
    while subsets.slots[slot] != NONE:
        subset = np.int64(subsets.slots[slot])
        if subsets.length[subset] == chosen and is_same(closure, chosen, best, delta, elements, subsets.first[subset]):
            return subset, slot
        slot = (slot + 1) & mask
    return NONE, slot


@inner_kernel
def add_subset(
    raw: Raw,
    closure: Closure,
    chosen: int,
    best: int,
    forward: float,
    cutoff: float,
    subsets: Subsets,
    elements: Elements,
    used: NDArray[np.int64],
) -> int:
    """Write the chosen entries down as a subset that costs ``forward``; there is room."""
    subset = used[SUBSETS]
    used[SUBSETS] += 1
    subsets.first[subset], subsets.length[subset], subsets.forward[subset] = used[ELEMENTS], chosen, forward
    subsets.final_total[subset] = np.inf
    for i in range(chosen):
        entry, element = closure.chosen[i], used[ELEMENTS]
        used[ELEMENTS] += 1
        state = closure.state[entry]
        elements.state[element], elements.string[element] = state, closure.string[entry]
        elements.total[element] = closure.total[entry] - closure.total[best]
        for kind in range(elements.costs.shape[1]):
            elements.costs[element, kind] = closure.costs[entry, kind] - closure.costs[best, kind]
        ending = elements.total[element] + raw.final_totals[state]
        if ending < subsets.final_total[subset] and forward + ending <= cutoff:
            subsets.final_total[subset] = ending
            put_sum(subsets.final_costs, subset, elements.costs, element, raw.final_costs, np.int64(state))
            subsets.final_string[subset] = elements.string[element]
    return subset


@inner_kernel
def add_tasks(
    raw: Raw,
    trie: Trie,
    seeds: Seeds,
    tasks: Tasks,
    subsets: Subsets,
    elements: Elements,
    used: NDArray[np.int64],
    subset: int,
    cutoff: float,
) -> int:
    """Make the tasks of a new subset: one for each word that leaves it on a path within the cutoff."""
    first_task = used[TASKS]
    for element in range(subsets.first[subset], subsets.first[subset] + subsets.length[subset]):
        state = elements.state[element]
        for arc in range(raw.arc_begin[state], raw.arc_begin[state + 1]):
            word, target = raw.words[arc], raw.nextstates[arc]
            total = elements.total[element] + raw.totals[arc]
            whole = subsets.forward[subset] + total + raw.ahead[target]
            if word == 0 or not whole <= cutoff:
                continue
            task, seed = np.int64(tasks.group_of[word]), used[SEEDS]
            if seed == len(seeds.state):
                return SEEDS_FULL
            if task < first_task or task >= used[TASKS] or tasks.word[task] != word:
                task = used[TASKS]
                if task == len(tasks.word):
                    return TASKS_FULL
                used[TASKS] += 1
                tasks.group_of[word], tasks.word[task], tasks.source[task] = task, word, subset
                tasks.seed[task], tasks.priority[task] = NONE, np.inf
            string = np.int64(elements.string[element])
            for place in range(raw.label_begin[arc], raw.label_begin[arc + 1]):
                string = extend(trie, string, np.int64(raw.labels[place]))
                if string == NO_ROOM:
                    return TRIE_FULL
            used[SEEDS] += 1
            seeds.state[seed], seeds.total[seed], seeds.string[seed] = target, total, string
            put_sum(seeds.costs, seed, elements.costs, element, raw.costs, arc)
            seeds.following[seed], tasks.seed[task] = tasks.seed[task], seed
            tasks.priority[task] = min(tasks.priority[task], whole)
    for task in range(first_task, used[TASKS]):
        sift_up(tasks.heap, tasks.priority, task, used[WAITING])
        used[WAITING] += 1
    return DONE


@kernel
def determinize(
    raw: Raw,
    limits: Limits,
    trie: Trie,
    closure: Closure,
    seeds: Seeds,
    tasks: Tasks,
    arena: tuple[Subsets, Elements, Made],
    used: NDArray[np.int64],
) -> tuple[int, float]:
    """Determinize ``raw``, whose every state has a way to an end; return how that ended, and the beam that was kept.

    Seed 0 and task 0 are the start's: state 0 with costs 0. STOPPED means that a limit was reached: every word sequence
    within the beam that is returned is there all the same.
    """
    subsets, elements, made = arena
    cutoff = raw.ahead[0] + limits.beam
    while used[WAITING] > 0:
        task = sift_down(tasks.heap, tasks.priority, used[WAITING])
        used[WAITING] -= 1
        if used[ARCS] == limits.max_arcs or used[SUBSETS] == limits.max_states:
            return STOPPED, tasks.priority[task] - raw.ahead[0]
        chosen = close(raw, limits.beam, seeds, np.int64(tasks.seed[task]), closure)
        for i in range(chosen):
            if not spell(raw, trie, closure, np.int64(closure.chosen[i])):
                return TRIE_FULL, 0.0
        best, prefix = normalise(trie, closure, chosen)
        if prefix == NO_ROOM:
            return TRIE_FULL, 0.0
        subset, slot = find_subset(subsets, elements, closure, chosen, best, limits.delta)
        source = np.int64(tasks.source[task])
        if used[SUBSETS] == len(subsets.first):
            return SUBSETS_FULL, 0.0
        if used[ARCS] == len(made.word):
            return TASKS_FULL, 0.0
        is_new = subset == NONE
        if is_new:
            if used[ELEMENTS] + chosen > len(elements.state):
                return ELEMENTS_FULL, 0.0
            forward = (subsets.forward[source] if source >= 0 else 0.0) + closure.total[best]
            subset = add_subset(raw, closure, chosen, best, forward, cutoff, subsets, elements, used)
            if source != NONE:  # the start's costs and labels are not normalised away, so it is not met again
                subsets.slots[slot] = subset
        arc = used[ARCS]
        used[ARCS] += 1
        made.source[arc], made.word[arc], made.target[arc] = source, tasks.word[task], subset
        made.string[arc] = prefix
        put(made.costs, arc, closure.costs, best)
        if is_new:
            status = add_tasks(raw, trie, seeds, tasks, subsets, elements, used, subset, cutoff)
            if status != DONE:
                return status, 0.0
    return DONE, limits.beam


@kernel
def write_strings(trie: Trie, nodes: NDArray[np.int32], begin: NDArray[np.int64], labels: NDArray[np.int32]) -> None:
    """Write the string of each node to ``labels``, from ``begin`` on."""
    for i in range(len(nodes)):
        node = nodes[i]
        at = begin[i] + trie.depth[node]
        while node != 0:
            at -= 1
            labels[at] = trie.label[node]
            node = trie.parent[node]
