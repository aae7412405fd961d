"""Determinization of a lattice on its words, best first: subsets of states, each with what it costs and aligns.

After Povey et al., "Generating exact lattices in the WFST framework" (2012), and Mohri, "Finite-state transducers in
language and speech processing" (1997). A *subset* is what the paths of a word sequence lead to: a state of the lattice
with the best cost and the labels of the best path to it, less what is common to all (the cost of the best, the longest
common prefix). A *task* is a word that leaves a subset; its *seeds* are the states right behind the word. A *front* is
what the seeds amount to, a subset too, before arcs without a word are followed: most tasks have a front that
another had, and need not follow them again. Tasks come off a heap in the order of the best whole path through them, so
that a subset is met first on its best path.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, lean_kernel
from .determinize_arrays import (
    ARCS,
    DONE,
    ELEMENTS,
    ELEMENTS_FULL,
    FRONTS,
    NONE,
    SEEDS,
    SEEDS_FULL,
    STOPPED,
    SUBSETS,
    SUBSETS_FULL,
    TASKS,
    TASKS_FULL,
    TRIE_FULL,
    WAITING,
    Arena,
    Closure,
    Elements,
    Limits,
    Raw,
    Seeds,
    Sets,
    Subsets,
    Tasks,
)
from .heap_kernels import sift_down, sift_up
from .label_trie_kernels import NO_ROOM, Trie, extend
from .word_closure_kernels import close, gather, normalise, put, put_sum, spell


@inlined_kernel
def is_same(closure: Closure, chosen: int, delta: float, elements: Elements, first: int) -> bool:
    """Whether the chosen entries are the elements from ``first`` on: states, strings, and costs within ``delta``."""
    for i in range(chosen):
        entry, element = closure.chosen[i], first + i
        if elements.state[element] != closure.state[entry] or elements.string[element] != closure.string[entry]:
            return False
        for kind in range(closure.costs.shape[1]):
            if not abs(closure.costs[entry, kind] - elements.costs[element, kind]) <= delta:
                return False
    return True


@inlined_kernel
def find_set(sets: Sets, elements: Elements, closure: Closure, chosen: int, delta: float) -> tuple[int, int]:
    """Return the set that the chosen entries are, NONE where it is new, and its slot."""
    mask = len(sets.slots) - 1
    mixed = np.int64(chosen)
    for i in range(chosen):
        entry = closure.chosen[i]
        mixed = (mixed * 31 + np.int64(closure.state[entry])) * 31 + np.int64(closure.string[entry])
        mixed = (mixed ^ (mixed >> 27)) & 0xFFFFFFFFFFFF
    slot = (mixed ^ (mixed >> 15)) & mask
    while sets.slots[slot] != NONE:
        found = np.int64(sets.slots[slot])
        if sets.length[found] == chosen and is_same(closure, chosen, delta, elements, sets.first[found]):
            return found, slot
        slot = (slot + 1) & mask
    return NONE, slot


@inlined_kernel
def add_set(
    sets: Sets, number: int, slot: int, closure: Closure, chosen: int, elements: Elements, used: NDArray[np.int64]
) -> bool:
    """Write the chosen entries down as the set ``number``, not to be found where the slot is NONE; False: no room."""
    if used[ELEMENTS] + chosen > len(elements.state):
        return False
    sets.first[number], sets.length[number] = used[ELEMENTS], chosen
    if slot != NONE:
        sets.slots[slot] = number
    for i in range(chosen):
        entry, element = np.int64(closure.chosen[i]), used[ELEMENTS]
        used[ELEMENTS] += 1
        elements.state[element], elements.string[element] = closure.state[entry], closure.string[entry]
        elements.total[element] = closure.total[entry]
        put(elements.costs, element, closure.costs, entry)
    return True


@inlined_kernel
def set_end(
    raw: Raw, subsets: Subsets, sets: Sets, elements: Elements, subset: int, forward: float, cutoff: float
) -> None:
    """Set what a new subset costs, and what ending there costs: as the best of its elements, within the cutoff."""
    subsets.forward[subset], subsets.final_total[subset] = forward, np.inf
    for element in range(sets.first[subset], sets.first[subset] + sets.length[subset]):
        state = np.int64(elements.state[element])
        ending = elements.total[element] + raw.final_totals[state]
        if ending < subsets.final_total[subset] and forward + ending <= cutoff:
            subsets.final_total[subset] = ending
            put_sum(subsets.final_costs, subset, elements.costs, element, raw.final_costs, state)
            subsets.final_string[subset] = elements.string[element]


@inlined_kernel
def add_tasks(
    raw: Raw,
    trie: Trie,
    seeds: Seeds,
    tasks: Tasks,
    arena: Arena,
    used: NDArray[np.int64],
    subset: int,
    forward: float,
    cutoff: float,
) -> int:
    """Set what a new subset costs; make its tasks: one for each word that leaves it on a path within the cutoff."""
    first_task = used[TASKS]
    elements, sets = arena.elements, arena.subset_sets
    set_end(raw, arena.subsets, sets, elements, subset, forward, cutoff)
    for element in range(sets.first[subset], sets.first[subset] + sets.length[subset]):
        state = elements.state[element]
        for arc in range(raw.arc_begin[state], raw.arc_begin[state + 1]):
            word, target = raw.words[arc], raw.nextstates[arc]
            total = elements.total[element] + raw.totals[arc]
            whole = forward + total + raw.ahead[target]
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


@inlined_kernel
def subset_behind(
    raw: Raw,
    limits: Limits,
    trie: Trie,
    closure: Closure,
    arena: Arena,
    used: NDArray[np.int64],
    front: int,
    count: int,
    is_start: bool,
) -> int:
    """Follow a new front of ``count`` chosen entries to its subset, made if it is new; return DONE, or what is full.

    ``arena.fronts`` gets the answer. The start's subset is not to be found again, as other states' costs and labels
    cannot be taken off arcs that lead to it: none does.
    """
    fronts = arena.fronts
    chosen = close(raw, limits.beam, closure, count)
    for i in range(chosen):
        if not spell(raw, trie, closure, np.int64(closure.chosen[i])):
            return TRIE_FULL
    prefix = normalise(trie, closure, chosen)
    if prefix == NO_ROOM:
        return TRIE_FULL
    subset, slot = find_set(arena.subset_sets, arena.elements, closure, chosen, limits.delta)
    if subset == NONE:
        subset = used[SUBSETS]
        if subset == len(arena.subsets.forward):
            return SUBSETS_FULL
        kept_slot = NONE if is_start else slot
        if not add_set(arena.subset_sets, subset, kept_slot, closure, chosen, arena.elements, used):
            return ELEMENTS_FULL
        used[SUBSETS] += 1
    fronts.subset[front], fronts.total[front], fronts.string[front] = subset, closure.common_total[0], prefix
    put(fronts.costs, front, closure.common_costs, 0)
    return DONE


@inlined_kernel
def join(trie: Trie, first: int, second: int, spelled: NDArray[np.int32]) -> int:
    """Return the node of two strings one after the other, NO_ROOM where the trie is full."""
    length = np.int64(0)
    while second != 0:
        spelled[length] = trie.label[second]
        length += 1
        second = np.int64(trie.parent[second])
    while length > 0 and first != NO_ROOM:
        length -= 1
        first = extend(trie, first, np.int64(spelled[length]))
    return first


@lean_kernel
def determinize(
    raw: Raw,
    limits: Limits,
    trie: Trie,
    closure: Closure,
    seeds: Seeds,
    tasks: Tasks,
    arena: Arena,
    used: NDArray[np.int64],
) -> tuple[int, float]:
    """Determinize ``raw``, whose every state has a way to an end; return how that ended, and the beam that was kept.

    Seed 0 and task 0 are the start's: state 0 with costs 0. STOPPED means that a limit was reached: every word sequence
    within the beam that is returned is there all the same.
    """
    fronts, made = arena.fronts, arena.made
    while used[WAITING] > 0:
        task = sift_down(tasks.heap, tasks.priority, used[WAITING])
        used[WAITING] -= 1
        arc, source = used[ARCS], np.int64(tasks.source[task])
        if arc == limits.max_arcs or used[SUBSETS] == limits.max_states:
            return STOPPED, tasks.priority[task] - raw.ahead[0]
        if arc == len(made.word):
            return TASKS_FULL, 0.0
        count = gather(raw, limits.beam, seeds, np.int64(tasks.seed[task]), closure)
        prefix = normalise(trie, closure, count)
        if prefix == NO_ROOM:
            return TRIE_FULL, 0.0
        total = closure.common_total[0]
        put(made.costs, arc, closure.common_costs, 0)
        front, slot = find_set(arena.front_sets, arena.elements, closure, count, limits.delta)
        subsets_before = used[SUBSETS]
        if front == NONE:
            front = used[FRONTS]
            used[FRONTS] += 1
            kept_slot = NONE if source == NONE else slot
            if not add_set(arena.front_sets, front, kept_slot, closure, count, arena.elements, used):
                return ELEMENTS_FULL, 0.0
            status = subset_behind(raw, limits, trie, closure, arena, used, front, count, source == NONE)
            if status != DONE:
                return status, 0.0
        subset = np.int64(fronts.subset[front])
        string = join(trie, prefix, np.int64(fronts.string[front]), closure.spelled)
        if string == NO_ROOM:
            return TRIE_FULL, 0.0
        used[ARCS] += 1
        made.source[arc], made.word[arc] = source, tasks.word[task]
        made.target[arc], made.string[arc] = subset, string
        put_sum(made.costs, arc, made.costs, arc, fronts.costs, front)
        if subset == subsets_before:
            forward = (arena.subsets.forward[source] if source >= 0 else 0.0) + total + fronts.total[front]
            status = add_tasks(raw, trie, seeds, tasks, arena, used, subset, forward, raw.ahead[0] + limits.beam)
            if status != DONE:
                return status, 0.0
    return DONE, limits.beam


@lean_kernel
def write_strings(trie: Trie, nodes: NDArray[np.int32], begin: NDArray[np.int64], labels: NDArray[np.int32]) -> None:
    """Write the string of each node to ``labels``, from ``begin`` on."""
    for i in range(len(nodes)):
        node = nodes[i]
        at = begin[i] + trie.depth[node]
        while node != 0:
            at -= 1
            labels[at] = trie.label[node]
            node = trie.parent[node]
