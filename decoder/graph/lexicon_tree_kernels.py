"""Compiled kernels of the pronunciation trees: minimal acyclic automata, built and shared bottom-up.

The incremental construction from sorted strings is that of Daciuk, Mihov, Watson and Watson, "Incremental construction
of minimal acyclic finite-state automata" (2000), over arcs with costs and word labels instead of letters alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel


class Forest(NamedTuple):
    """The trees, one a history: its entries are ``begin[tree]:begin[tree + 1]``, sorted by pronunciation.

    An entry has a pronunciation, a word, a cost in quanta and a target state. ``sound_begin`` and ``sounds`` hold the
    input labels (word-internal ones) of the pronunciations.
    """

    begin: NDArray[np.int64]
    pronunciations: NDArray[np.int32]
    words: NDArray[np.int32]
    costs: NDArray[np.int32]
    targets: NDArray[np.int32]
    sound_begin: NDArray[np.int64]
    sounds: NDArray[np.int32]


class Arcs(NamedTuple):
    """Room for the arcs that the trees come to, those of a state together."""

    sources: NDArray[np.int32]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    costs: NDArray[np.int32]
    targets: NDArray[np.int32]


class Shared(NamedTuple):
    """The states that the trees share, and the arcs of the roots.

    The arcs of shared state ``n``, numbered ``first + n`` among all states, are ``begin[n]:begin[n + 1]`` of ``arcs``.
    ``table`` (a power of two of slots, -1 where free) finds a state by its arcs. ``counts`` holds the numbers of shared
    states, of their arcs and of root arcs so far.
    """

    first: int
    arcs: Arcs
    begin: NDArray[np.int64]
    table: NDArray[np.int32]
    roots: Arcs
    counts: NDArray[np.int64]


@inner_kernel
def copy_arc(source: Arcs, at: int, target: Arcs, to: int, state: int) -> None:
    """Copy arc ``at`` to place ``to`` of ``target``, as an arc that leaves ``state``."""
    target.sources[to] = state
    target.ilabels[to] = source.ilabels[at]
    target.olabels[to] = source.olabels[at]
    target.costs[to] = source.costs[at]
    target.targets[to] = source.targets[at]


@inner_kernel
def precedes(pending: Arcs, first: int, second: int) -> bool:
    """Return whether pending arc ``first`` sorts before ``second``: by input label, output label, target, cost."""
    if pending.ilabels[first] != pending.ilabels[second]:
        return bool(pending.ilabels[first] < pending.ilabels[second])
    if pending.olabels[first] != pending.olabels[second]:
        return bool(pending.olabels[first] < pending.olabels[second])
    if pending.targets[first] != pending.targets[second]:
        return bool(pending.targets[first] < pending.targets[second])
    return bool(pending.costs[first] < pending.costs[second])


@inner_kernel
def swap(pending: Arcs, first: int, second: int) -> None:
    """Exchange two pending arcs."""
    for column in (pending.ilabels, pending.olabels, pending.costs, pending.targets):
        kept = column[first]
        column[first] = column[second]
        column[second] = kept


@kernel
def share(pending: Arcs, low: int, high: int, shared: Shared) -> int:
    """Return the state with exactly the arcs ``low:high`` of ``pending``; a new one where none is known yet."""
    for at in range(low + 1, high):
        step = at
        while step > low and precedes(pending, step, step - 1):
            swap(pending, step, step - 1)
            step -= 1
    digest = high - low
    for at in range(low, high):  # 31-bit factors, so that no product overflows
        for value in (pending.ilabels[at], pending.olabels[at], pending.costs[at], pending.targets[at]):
            product = (digest ^ (int(value) & 0x7FFFFFFF)) * 0x5BD1E995
            digest = (product ^ (product >> 31)) & 0x7FFFFFFF
    arcs, begin, table = shared.arcs, shared.begin, shared.table
    slot = digest & (len(table) - 1)
    while table[slot] >= 0:
        node = table[slot]
        same = begin[node + 1] - begin[node] == high - low
        for at in range(low, high):
            if not same:
                break
            other = begin[node] + at - low
            same = (
                arcs.ilabels[other] == pending.ilabels[at]
                and arcs.olabels[other] == pending.olabels[at]
                and arcs.costs[other] == pending.costs[at]
                and arcs.targets[other] == pending.targets[at]
            )
        if same:
            return int(shared.first + node)
        slot = (slot + 1) & (len(table) - 1)
    fresh = shared.counts[0]
    table[slot] = fresh
    for at in range(low, high):
        copy_arc(pending, at, arcs, shared.counts[1], shared.first + fresh)
        shared.counts[1] += 1
    shared.counts[0] += 1
    begin[fresh + 1] = shared.counts[1]
    return int(shared.first + fresh)


@kernel
def close(pending: Arcs, low: int, high: int, ilabel: int, shared: Shared) -> None:
    """Replace the arcs ``low:high`` of a finished node by the one arc into it, at ``low``.

    The least cost moves up to that arc, and so does the word, where all arcs of the node carry the same one.
    """
    least, word = pending.costs[low], pending.olabels[low]
    for at in range(low + 1, high):
        least = min(least, pending.costs[at])
        if pending.olabels[at] != word:
            word = 0
    for at in range(low, high):
        pending.costs[at] -= least
        if word != 0:
            pending.olabels[at] = 0
    target = share(pending, low, high, shared)
    pending.ilabels[low] = ilabel
    pending.olabels[low] = word
    pending.costs[low] = least
    pending.targets[low] = target


@kernel
def grow(forest: Forest, pending: Arcs, low: NDArray[np.int64], shared: Shared) -> None:
    """Build all trees: the arcs of tree ``t``'s root go to ``shared.roots``, as arcs that leave state ``t``.

    ``pending`` is a stack with the arcs of the open nodes, those of depth ``d`` from ``low[d]`` on.
    """
    begin, sounds = forest.sound_begin, forest.sounds
    for tree in range(len(forest.begin) - 1):
        depth, top, previous = 0, 0, 0
        for entry in range(forest.begin[tree], forest.begin[tree + 1]):
            first = begin[forest.pronunciations[entry]]
            deepest = begin[forest.pronunciations[entry] + 1] - first - 1
            keep = 0
            while keep < min(depth, deepest) and sounds[first + keep] == sounds[previous + keep]:
                keep += 1
            while depth > keep:
                close(pending, low[depth], top, sounds[previous + depth - 1], shared)
                top = low[depth] + 1
                depth -= 1
            while depth < deepest:
                depth += 1
                low[depth] = top
            pending.ilabels[top] = sounds[first + deepest]
            pending.olabels[top] = forest.words[entry]
            pending.costs[top] = forest.costs[entry]
            pending.targets[top] = forest.targets[entry]
            top += 1
            previous = first
        while depth > 0:
            close(pending, low[depth], top, sounds[previous + depth - 1], shared)
            top = low[depth] + 1
            depth -= 1
        for at in range(top):
            copy_arc(pending, at, shared.roots, shared.counts[2], tree)
            shared.counts[2] += 1
