"""The N best distinct word sequences of the kept links: best-first search over word prefixes.

A node is a word prefix; it holds the lattice points that the prefix's last word leads to. Expanding it follows all
links without a word and groups the links with one by their word, so that all the ways to align the same words are one
node (determinization on the fly: Mohri and Riley, "An efficient algorithm for the n-best-strings problem", 2002). Costs
are counted as how much worse than the best path a path must become (exact backward costs), so the nodes come off the
heap in the order of their best completion, and the first N that are complete are the N best.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .prune_kernels import prune
from .token_arrays import FRAME, Frames, Links, Tokens, Widths


class Lattice(NamedTuple):
    """Kept tokens as points in topological order, the links that leave each, and how much worse each makes a path.

    ``place`` is a link's index in the search's arrays; ``final`` is what ending at a point costs (infinite: cannot).
    """

    begin: NDArray[np.int32]
    target: NDArray[np.int32]
    word: NDArray[np.int32]
    worse: NDArray[np.float64]
    place: NDArray[np.int32]
    final: NDArray[np.float64]


class Arena(NamedTuple):
    """Room for the search: entries (a point reached by a prefix), seeds (entries to be), nodes and their heap."""

    point: NDArray[np.int32]
    cost: NDArray[np.float64]
    parent: NDArray[np.int32]
    place: NDArray[np.int32]
    following: NDArray[np.int32]
    node_cost: NDArray[np.float64]
    node_seed: NDArray[np.int32]
    node_heap: NDArray[np.int32]


@kernel
def arrange(
    level: NDArray[np.uint8],
    olabels: NDArray[np.int32],
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    position: NDArray[np.int64],
    final_costs: NDArray[np.float32],
) -> Lattice:
    """Prune the kept tokens and links and turn them into a lattice.

    ``final_costs`` (states,) is what ending in each state costs; empty where ending in any costs nothing.
    """
    last = position[FRAME]
    least = np.inf
    for token in range(frames.token_begin[last], frames.token_begin[last + 1]):
        ending = np.float64(final_costs[tokens.state[token]]) if len(final_costs) > 0 else 0.0
        tokens.extra[token] = tokens.cost[token] + ending
        least = min(least, tokens.extra[token])
    for token in range(frames.token_begin[last], frames.token_begin[last + 1]):
        tokens.extra[token] -= least
        if tokens.extra[token] > widths.lattice_beam:
            tokens.extra[token] = np.inf
    prune(widths, tokens, links, frames, position, last - last - 1)
    count, link_count = frames.token_begin[last + 1], frames.link_begin[last + 1]
    rank = np.empty(count, np.int32)
    places = np.zeros(257, np.int64)
    for frame in range(last + 1):
        begin, end = frames.token_begin[frame], frames.token_begin[frame + 1]
        for height in range(257):
            places[height] = 0
        for token in range(begin, end):
            places[256 - np.int64(level[tokens.state[token]])] += 1
        for height in range(256):
            places[height + 1] += places[height]
        for token in range(end - 1, begin - 1, -1):
            height = 256 - np.int64(level[tokens.state[token]])
            places[height] -= 1
            rank[token] = begin + places[height]
    ahead, final = np.empty(count), np.empty(count)
    for token in range(count):
        ahead[token] = np.inf
        if token >= frames.token_begin[last]:
            ahead[token] = np.float64(final_costs[tokens.state[token]]) if len(final_costs) > 0 else 0.0
        final[rank[token]] = ahead[token]
    starts = np.zeros(count + 1, np.int32)
    for link in range(link_count - 1, -1, -1):
        step = np.float64(links.graph[link]) + widths.acoustic_scale * np.float64(links.acoustic[link])
        a = links.source[link]
        ahead[a] = min(ahead[a], step + ahead[links.target[link]])
        starts[rank[a]] += 1
    for token in range(count):
        if final[rank[token]] < np.inf:
            final[rank[token]] -= ahead[token]
    # Each point's first link, counted from behind: filling from the last link back turns ends into beginnings.
    for point in range(count):
        starts[point + 1] += starts[point]
    target, word = np.empty(link_count, np.int32), np.empty(link_count, np.int32)
    worse, place = np.empty(link_count, np.float64), np.empty(link_count, np.int32)
    for link in range(link_count - 1, -1, -1):
        a, b = links.source[link], links.target[link]
        step = np.float64(links.graph[link]) + widths.acoustic_scale * np.float64(links.acoustic[link])
        starts[rank[a]] -= 1
        at = starts[rank[a]]
        target[at] = rank[b]
        word[at] = olabels[links.arc[link]]
        worse[at] = step + ahead[b] - ahead[a]
        place[at] = link
    return Lattice(starts, target, word, worse, place, final)


@inner_kernel
def sift_up(heap: NDArray[np.int32], keys: NDArray[np.float64], item: int, size: int) -> None:
    """Put ``item`` into the min-heap ``heap[:size]``, ordered by ``keys[item]``, then by the item."""
    at = size
    while at > 0:
        above = heap[(at - 1) >> 1]
        if keys[above] < keys[item] or (keys[above] == keys[item] and above < item):
            break
        heap[at] = above
        at = (at - 1) >> 1
    heap[at] = item


@inner_kernel
def sift_down(heap: NDArray[np.int32], keys: NDArray[np.float64], size: int) -> int:
    """Take the least item off the min-heap ``heap[:size]``."""
    least, item = int(heap[0]), heap[size - 1]
    size -= 1
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size:
            a, b = heap[below], heap[below + 1]
            if keys[b] < keys[a] or (keys[b] == keys[a] and b < a):
                below += 1
        child = heap[below]
        if keys[item] < keys[child] or (keys[item] == keys[child] and item < child):
            break
        heap[at] = child
        at = below
    heap[at] = item
    return least


@kernel
def best_words(
    lattice: Lattice, arena: Arena, words: int, beam: float, ends: NDArray[np.int32]
) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """Find the ``len(ends)`` best distinct word sequences; set ``ends`` to the last entry of each, best first.

    Point 0 is where all paths begin. Returns how many there are within ``beam`` (-1 where the arena is too small),
    then, for all of them one after the other, the links of their paths, and where each path begins in that list.
    """
    wanted = len(ends)
    points = len(lattice.final)
    entry_of = np.empty(points, np.int32)
    group_of = np.zeros(words, np.int32)
    point_heap = np.empty(points + 1, np.int32)
    point_keys = np.empty(points)
    for i in range(points):
        entry_of[i] = -1
        point_keys[i] = i
    # The least ``wanted`` completions known so far, as a max-heap (negated): nothing worse than its top is followed.
    known, known_order = np.empty(wanted), np.empty(wanted, np.int32)
    for i in range(wanted):
        known[i] = -beam
        known_order[i] = i
    group_word = np.empty(words, np.int32)
    group_seed = np.empty(words, np.int32)
    group_cost = np.empty(words, np.float64)
    none = np.empty(0, np.int32)
    room, node_room = len(arena.point), len(arena.node_cost)
    arena.point[0], arena.cost[0], arena.parent[0], arena.place[0], arena.following[0] = 0, 0.0, -1, -1, -1
    arena.node_cost[0], arena.node_seed[0], arena.node_heap[0] = 0.0, 0, 0
    entries, nodes, heap_size, found = np.int64(1), np.int64(1), np.int64(1), np.int64(0)
    while heap_size > 0 and found < wanted:
        node = sift_down(arena.node_heap, arena.node_cost, heap_size)
        heap_size -= 1
        if arena.node_seed[node] < 0:
            ends[found] = -1 - arena.node_seed[node]
            found += 1
            continue
        bound = -known[known_order[0]]
        first = entries
        waiting = np.int64(0)
        seed = arena.node_seed[node]
        while seed >= 0:
            if entries == room:
                return -1, none, none
            point = arena.point[seed]
            entry = entry_of[point]
            if entry < first:
                entry = entries
                entries += 1
                entry_of[point] = entry
                arena.point[entry] = point
                arena.cost[entry] = np.inf
                sift_up(point_heap, point_keys, np.int64(point), waiting)
                waiting += 1
            if arena.cost[seed] < arena.cost[entry]:
                arena.cost[entry] = arena.cost[seed]
                arena.parent[entry] = arena.parent[seed]
                arena.place[entry] = arena.place[seed]
            seed = arena.following[seed]
        groups = 0
        end_cost, end_entry = np.inf, -1
        while waiting > 0:
            point = sift_down(point_heap, point_keys, waiting)
            waiting -= 1
            entry = entry_of[point]
            if arena.cost[entry] + lattice.final[point] < end_cost:
                end_cost = arena.cost[entry] + lattice.final[point]
                end_entry = entry
            for link in range(lattice.begin[point], lattice.begin[point + 1]):
                cost = arena.cost[entry] + lattice.worse[link]
                if cost > bound:
                    continue
                if entries == room:
                    return -1, none, none
                target, word = lattice.target[link], lattice.word[link]
                if word != 0:
                    group = group_of[word]
                    if group >= groups or group_word[group] != word:
                        group = groups
                        groups += 1
                        group_of[word] = group
                        group_word[group], group_seed[group], group_cost[group] = word, -1, np.inf
                    # A seed lies among the entries but is none: no ``entry_of`` points to it.
                    arena.following[entries] = group_seed[group]
                    group_seed[group] = entries
                    group_cost[group] = min(group_cost[group], cost)
                    made = entries
                    entries += 1
                else:
                    made = entry_of[target]
                    if made < first:
                        made = entries
                        entries += 1
                        entry_of[target] = made
                        sift_up(point_heap, point_keys, np.int64(target), waiting)
                        waiting += 1
                    elif cost >= arena.cost[made]:
                        continue
                arena.point[made] = target
                arena.cost[made] = cost
                arena.parent[made] = entry
                arena.place[made] = lattice.place[link]
        replaced = False
        for group in range(-1, groups):
            cost = end_cost if group < 0 else group_cost[group]
            if not cost <= -known[known_order[0]]:
                continue
            if nodes == node_room:
                return -1, none, none
            arena.node_cost[nodes] = cost
            arena.node_seed[nodes] = -1 - end_entry if group < 0 else group_seed[group]
            sift_up(arena.node_heap, arena.node_cost, np.int64(nodes), heap_size)
            nodes += 1
            heap_size += 1
            # One child completes its parent's best path, which is known already.
            if node > 0 and not replaced and cost == arena.node_cost[node]:
                replaced = True
                continue
            top = sift_down(known_order, known, wanted)
            known[top] = -cost
            sift_up(known_order, known, np.int64(top), wanted - 1)
    begins = np.zeros(found + 1, np.int32)
    for i in range(found):
        entry, length = ends[i], 0
        while arena.parent[entry] >= 0:
            entry = arena.parent[entry]
            length += 1
        begins[i + 1] = begins[i] + length
    path = np.empty(begins[found], np.int32)
    for i in range(found):
        entry, at = ends[i], begins[i + 1]
        while arena.parent[entry] >= 0:
            at -= 1
            path[at] = arena.place[entry]
            entry = arena.parent[entry]
    return found, path, begins
