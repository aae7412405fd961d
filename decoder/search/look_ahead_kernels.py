"""Compiled kernels of label reachability: which output labels may come next, from every state of a graph."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from ..fst.transducer import FstArrays


class Depths(NamedTuple):
    """Scratch of the depth-first search, one entry a state; ``number`` and ``component`` start as -1."""

    number: NDArray[np.int32]
    low: NDArray[np.int32]
    arc: NDArray[np.int64]
    path: NDArray[np.int32]
    open_states: NDArray[np.int32]
    roots: NDArray[np.int32]


class Sets(NamedTuple):
    """Distinct sets of labels: the ranges ``lows`` to ``highs`` (both included), ``begin[n]:begin[n + 1]`` for set n.

    ``ends`` is 1 where a path may end before any label. ``table`` (a power of two of slots, -1 where free) finds a set;
    ``ranges`` is scratch; ``seen`` (by set) holds the component that has taken a set last.
    """

    begin: NDArray[np.int64]
    lows: NDArray[np.int32]
    highs: NDArray[np.int32]
    ends: NDArray[np.uint8]
    table: NDArray[np.int32]
    ranges: NDArray[np.int64]
    seen: NDArray[np.int32]


@kernel
def find_components(
    fst: FstArrays, start: int, component: NDArray[np.int32], rank: NDArray[np.int32], depths: Depths
) -> int:
    """Number the strongly connected components of the arcs without an output label; return their count.

    After Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion: a component's number is
    above those of all that it leads to. ``rank`` (by output label; -1 on entry) gets the order in which the labels were
    met, so that the labels that a state of a tree reaches are a range.
    """
    index, low, next_arc = depths.number, depths.low, depths.arc
    count, components, met, waiting = 0, 0, 0, 1
    depths.roots[0] = start
    for number in range(2 * len(index)):
        # The start, then where labels lead to, then whatever is left.
        if number < len(index):
            if number >= waiting:
                continue
            root = depths.roots[number]
        else:
            root = np.int32(number - len(index))
        if index[root] >= 0:
            continue
        top, opened = 0, 1
        depths.path[0] = depths.open_states[0] = root
        index[root] = low[root] = count
        count += 1
        next_arc[root] = fst.arc_begin[root]
        while top >= 0:
            state = depths.path[top]
            arc = next_arc[state]
            if arc < fst.arc_begin[state + 1]:
                next_arc[state] += 1
                target, label = fst.nextstates[arc], fst.olabels[arc]
                if label != 0:
                    if rank[label] < 0:
                        rank[label] = met
                        met += 1
                    if index[target] < 0 and waiting < len(index):
                        depths.roots[waiting] = target
                        waiting += 1
                elif index[target] < 0:
                    index[target] = low[target] = count
                    count += 1
                    next_arc[target] = fst.arc_begin[target]
                    top += 1
                    depths.path[top] = target
                    depths.open_states[opened] = target
                    opened += 1
                elif component[target] < 0:
                    low[state] = min(low[state], index[target])
            else:
                top -= 1
                if top >= 0:
                    low[depths.path[top]] = min(low[depths.path[top]], low[state])
                if low[state] == index[state]:
                    closed = np.int32(-1)
                    while closed != state:
                        opened -= 1
                        closed = depths.open_states[opened]
                        component[closed] = components
                    components += 1
    return components


@inner_kernel
def sort_ranges(ranges: NDArray[np.int64], count: int) -> None:
    """Sort ``ranges[:count]`` in place (Shell's method, with Ciura's gaps grown by 2.25)."""
    gap = 1
    while gap < count:
        gap = gap * 9 // 4 + 1
    while gap > 0:
        for at in range(gap, count):
            held = ranges[at]
            place = at
            while place >= gap and ranges[place - gap] > held:
                ranges[place] = ranges[place - gap]
                place -= gap
            ranges[place] = held
        gap = gap * 4 // 9


@inner_kernel
def find_set(sets: Sets, count: int, number: int, ends: bool) -> int:
    """Return the set made of ``sets.ranges[:count]``, sorted; ``number``, written, where it is new; -1: no room."""
    begin, ranges = sets.begin, sets.ranges
    first = begin[number]
    if first + count > len(sets.lows) or 2 * number + 2 > len(sets.table) or number + 2 > len(begin):
        return -1
    size = np.int64(0)
    digest = np.int64(1 if ends else 0)
    for at in range(count):
        low, high = ranges[at] >> 32, ranges[at] & 0xFFFFFFFF
        if size > 0 and low <= sets.highs[first + size - 1] + 1:
            sets.highs[first + size - 1] = max(np.int64(sets.highs[first + size - 1]), high)
        else:
            sets.lows[first + size], sets.highs[first + size] = low, high
            size += 1
    for at in range(first, first + size):
        digest = ((digest ^ sets.lows[at]) * 0x5BD1E995 + sets.highs[at]) & 0x7FFFFFFF
        digest ^= digest >> 15
    slot = digest & (len(sets.table) - 1)
    while sets.table[slot] >= 0:
        other = sets.table[slot]
        same = begin[other + 1] - begin[other] == size and (sets.ends[other] != 0) == ends
        for at in range(size):
            if not same:
                break
            same = (
                sets.lows[begin[other] + at] == sets.lows[first + at]
                and sets.highs[begin[other] + at] == sets.highs[first + at]
            )
        if same:
            return int(other)
        slot = (slot + 1) & (len(sets.table) - 1)
    sets.table[slot] = number
    sets.ends[number] = 1 if ends else 0
    begin[number + 1] = first + size
    return number


@kernel
def collect_sets(
    fst: FstArrays,
    component: NDArray[np.int32],
    members: NDArray[np.int64],
    rank: NDArray[np.int32],
    set_of: NDArray[np.int32],
    sets: Sets,
) -> int:
    """Set ``set_of`` (components,) to the set of labels that each component reaches first; return how many sets.

    ``members`` are the states by component. Returns -1 where the room in ``sets`` is too small; ``sets.begin[0]`` is 0,
    ``table`` and ``seen`` are -1 on entry.
    """
    number, at = 0, 0
    while at < len(members):
        here = component[members[at]]
        count, ends, taken, only = 0, False, 0, -1
        while at < len(members) and component[members[at]] == here:
            state = members[at]
            at += 1
            ends = ends or fst.final_weights[state] < np.inf
            for arc in range(fst.arc_begin[state], fst.arc_begin[state + 1]):
                low, high = 0, 1
                if fst.olabels[arc] == 0:
                    if component[fst.nextstates[arc]] == here:
                        continue
                    other = set_of[component[fst.nextstates[arc]]]
                    if sets.seen[other] == here:
                        continue
                    sets.seen[other] = here
                    low, high = sets.begin[other], sets.begin[other + 1]
                    ends = ends or sets.ends[other] != 0
                    taken, only = taken + 1, int(other)
                if count + high - low > len(sets.ranges):
                    return -1
                for place in range(low, high):
                    if fst.olabels[arc] != 0:
                        label = np.int64(rank[fst.olabels[arc]])
                        sets.ranges[count] = label << 32 | label
                        taken = 2
                    else:
                        sets.ranges[count] = np.int64(sets.lows[place]) << 32 | np.int64(sets.highs[place])
                    count += 1
        if taken == 1 and (sets.ends[only] != 0) == ends:
            set_of[here] = only
            continue
        sort_ranges(sets.ranges, count)
        found = find_set(sets, count, number, ends)
        if found < 0:
            return -1
        set_of[here] = found
        number += found == number
    return number
