"""What a task's seeds lead to without a word: the entries of a subset in the making, normalised.

The words are those of determinize_kernels.py, the arrays those of determinize_arrays.py.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel
from .determinize_arrays import NONE, Closure, Raw, Seeds
from .heap_kernels import pop_number, push_number
from .label_trie_kernels import NO_ROOM, Trie, common_prefix, extend, without_prefix


@inlined_kernel
def put(rows: NDArray[np.float64], at: int, others: NDArray[np.float64], there: int) -> None:
    """Copy a row of costs."""
    for kind in range(rows.shape[1]):
        rows[at, kind] = others[there, kind]


@inlined_kernel
def put_sum(
    rows: NDArray[np.float64], at: int, a: NDArray[np.float64], first: int, b: NDArray[np.float64], second: int
) -> None:
    """Make a row of costs the sum of two others."""
    for kind in range(rows.shape[1]):
        rows[at, kind] = a[first, kind] + b[second, kind]


@inlined_kernel
def gather(raw: Raw, beam: float, seeds: Seeds, seed: int, closure: Closure) -> int:
    """Make an entry of each state among a task's seeds, on its best path; choose them all, by state; return how many.

    States whose best way to an end is worse than the best one's by more than ``beam`` are left out: a property of the
    seeds alone, so that equal fronts stay equal.
    """
    count = np.int64(0)
    best = np.inf
    closure.stamp[0] += 1
    at = np.int64(seed)
    while at != NONE:
        best = min(best, seeds.total[at] + raw.ahead[seeds.state[at]])
        at = np.int64(seeds.following[at])
    at = np.int64(seed)
    while at != NONE:
        state = seeds.state[at]
        if seeds.total[at] + raw.ahead[state] <= best + beam:
            if closure.stamp_of[state] != closure.stamp[0]:
                closure.stamp_of[state], closure.entry_of[state] = closure.stamp[0], count
                closure.state[count], closure.total[count] = state, np.inf
                push_number(closure.heap, np.int64(state), count)
                count += 1
            entry = np.int64(closure.entry_of[state])
            if seeds.total[at] < closure.total[entry]:
                closure.total[entry], closure.string[entry] = seeds.total[at], seeds.string[at]
                put(closure.costs, entry, seeds.costs, at)
                closure.parent[entry] = NONE
        at = np.int64(seeds.following[at])
    for place in range(count):
        closure.chosen[place] = closure.entry_of[pop_number(closure.heap, count - place)]
    return count


@inlined_kernel
def close(raw: Raw, beam: float, closure: Closure, count: int) -> int:
    """Follow the arcs without a word from the ``count`` entries of a front; choose those that stay; return how many.

    What stays has a word or an end behind it, and is within ``beam`` as in ``gather``.
    """
    chosen, stamp = np.int64(0), closure.stamp[0]
    state, last = np.int64(closure.state[closure.chosen[0]]), np.int64(closure.state[closure.chosen[count - 1]])
    best = np.inf
    for place in range(count):
        entry = closure.chosen[place]
        best = min(best, closure.total[entry] + raw.ahead[closure.state[entry]])
    # In topological order, by looking at all states from the first to the last that is reached: faster than a heap.
    while state <= last:
        entry = np.int64(closure.entry_of[state])
        if closure.stamp_of[state] != stamp or closure.total[entry] + raw.ahead[state] > best + beam:
            state += 1
            continue
        if raw.speaks[state]:
            closure.chosen[chosen] = entry
            chosen += 1
        for arc in range(raw.arc_begin[state], raw.arc_begin[state + 1]):
            if raw.words[arc] != 0:
                continue
            target, total = np.int64(raw.nextstates[arc]), closure.total[entry] + raw.totals[arc]
            if closure.stamp_of[target] != stamp:
                closure.stamp_of[target], closure.entry_of[target], closure.state[count] = stamp, count, target
                closure.total[count] = np.inf
                count += 1
                last = max(last, target)
            made = np.int64(closure.entry_of[target])
            if total < closure.total[made]:
                closure.total[made], closure.parent[made], closure.via[made] = total, entry, arc
                closure.string[made] = NONE
        state += 1
    return chosen


@inlined_kernel
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


@inlined_kernel
def normalise(trie: Trie, closure: Closure, chosen: int) -> int:
    """Take the cost of the best chosen entry and the common prefix off all of them; return the prefix.

    The cost goes to ``closure.common_total`` and ``closure.common_costs``. NO_ROOM where the trie is full.
    """
    best = np.int64(closure.chosen[0])
    prefix = np.int64(closure.string[best])
    for i in range(1, chosen):
        entry = np.int64(closure.chosen[i])
        prefix = common_prefix(trie, prefix, np.int64(closure.string[entry]))
        if closure.total[entry] < closure.total[best]:
            best = entry
    closure.common_total[0] = closure.total[best]
    put(closure.common_costs, 0, closure.costs, best)
    for i in range(chosen):
        entry = closure.chosen[i]
        rest = without_prefix(trie, np.int64(closure.string[entry]), prefix, closure.spelled)
        if rest == NO_ROOM:
            return NO_ROOM
        closure.string[entry] = rest
        closure.total[entry] -= closure.common_total[0]
        for kind in range(closure.costs.shape[1]):
            closure.costs[entry, kind] -= closure.common_costs[0, kind]
    return prefix
