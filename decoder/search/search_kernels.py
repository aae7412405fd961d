"""The beam search itself: tokens that pass over a search graph, frame by frame.

After Young, Russell and Thornton, "Token passing" (1989), and Kaldi's faster-decoder and lattice-faster-decoder (the
cutoffs, the adaptive beam). The arrays are those of token_arrays.py.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .prune_kernels import prune
from .token_arrays import (
    ABSOLUTE,
    ARCS,
    COMMIT,
    DEAD,
    DONE,
    FRAME,
    FULL,
    PRUNED,
    ROW,
    Frames,
    GraphArrays,
    Links,
    Tokens,
    Widths,
    Work,
)


@kernel
def mark_levels(states: NDArray[np.int32], arcs: NDArray[np.int32], level: NDArray[np.uint8]) -> int:
    """Set ``level`` (states,), zero on entry, to the longest epsilon path from each state, and add it to the arcs.

    Returns the largest, or -1 - state where an epsilon cycle passes near that state or a path has more than 255 arcs.
    """
    owners = np.empty(len(level), np.int32)
    count = 0
    for state in range(len(level)):
        if states[2 * state + 1] < states[2 * state + 2]:
            owners[count] = state
            count += 1
    largest = 0
    changed = True
    while changed:
        changed = False
        for i in range(count):
            state = int(owners[i])
            height = 0
            for arc in range(states[2 * state + 1], states[2 * state + 2]):
                height = max(height, np.int64(level[arcs[3 * arc]]) + 1)
            if height > 255:
                return -1 - state
            if height != level[state]:
                level[state] = height
                largest = max(largest, height)
                changed = True
    for arc in range(states[len(states) - 1]):
        arcs[3 * arc + 2] |= level[arcs[3 * arc]]
    return largest


@inner_kernel
def find_place(table: NDArray[np.int32], owner: NDArray[np.int32], state: int) -> int:
    """Return where ``table`` names the token of ``state``, or the empty place (-1) where it is to be named."""
    mask = len(table) - 1
    place: int = ((np.int64(state) * 0x9E3779B1) >> 12) & mask
    while table[place] >= 0 and owner[table[place]] != state:
        place = (place + 1) & mask
    return place


@inner_kernel
def clear(work: Work) -> None:
    """Forget the tokens of the frame before."""
    for place in range(len(work.table)):
        work.table[place] = -1
    for level in range(len(work.level_head)):
        work.level_head[level] = -1


@inner_kernel
def nth_smallest(values: NDArray[np.float64], count: int, rank: int) -> float:
    """Return the value that would stand at ``rank`` (from 0) if ``values[:count]`` were sorted; reorders them."""
    low, high = np.int64(0), count - 1
    while low < high:
        a, b, c = values[low], values[(low + high) >> 1], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return float(values[rank])


@inner_kernel
def cutoffs(
    cost: NDArray[np.float64], begin: int, end: int, widths: Widths, order: NDArray[np.float64]
) -> tuple[int, float, float]:
    """Return the best token of ``begin:end``, the highest cost to follow, and the beam for the next frame.

    The rules are those of Kaldi's GetCutoff. The best token is -1 where there is none.
    """
    best = -1
    least = np.inf
    for token in range(begin, end):
        if cost[token] < least:
            least = cost[token]
            best = token
    limit = least + widths.beam
    if best < 0:
        return best, limit, widths.beam
    if end - begin > widths.max_active:
        count = np.int64(0)
        for token in range(begin, end):
            if cost[token] <= limit:
                order[count] = cost[token]
                count += 1
        if count > widths.max_active:
            active = nth_smallest(order, count, widths.max_active - 1)
            return best, active, active - least + widths.beam_delta
    if widths.min_active > 0:
        count = 0
        for token in range(begin, end):
            count += cost[token] <= limit
        if count < widths.min_active and count < end - begin:
            for token in range(begin, end):
                order[token - begin] = cost[token]
            active = nth_smallest(order, end - begin, min(widths.min_active, end - begin) - 1)
            return best, active, active - least + widths.beam_delta
    return best, limit, widths.beam


@inner_kernel
def close_epsilons(
    graph: GraphArrays,
    widths: Widths,
    tokens: Tokens,
    links: Links,
    work: Work,
    cutoff: float,
    bounds: tuple[int, int, int],
) -> tuple[int, int, int]:
    """Follow the epsilon arcs of a frame's tokens, the states with the longest epsilon paths first.

    ``bounds``: the frame's first token, the end of its tokens and of its links. Returns FULL or DONE and the two ends.
    """
    begin, token_end, link_end = bounds
    token_room, link_room = min(len(tokens.state), begin + len(work.table) // 2), len(links.arc)
    state, cost, back, waiting = tokens.state, tokens.cost, tokens.back, tokens.moved
    for level in range(len(work.level_head) - 1, 0, -1):
        token = work.level_head[level]
        while token >= 0:
            here = cost[token]
            if here <= cutoff:
                for arc in range(graph.states[2 * state[token] + 1], graph.states[2 * state[token] + 2]):
                    there = here + np.float64(graph.costs[3 * arc + 1])
                    if there >= cutoff:
                        continue
                    if token_end == token_room or link_end == link_room:
                        return FULL, token_end, link_end
                    target = graph.arcs[3 * arc]
                    place = find_place(work.table, state, target)
                    found = work.table[place]
                    if found < 0:
                        found = token_end
                        token_end += 1
                        work.table[place] = found
                        state[found] = target
                        cost[found] = there
                        back[found] = link_end
                        height = graph.arcs[3 * arc + 2] & 255
                        if height > 0:
                            waiting[found] = work.level_head[height]
                            work.level_head[height] = found
                    elif there < cost[found]:
                        cost[found] = there
                        back[found] = link_end
                    elif there > cost[found] + widths.lattice_beam:
                        continue
                    links.source[link_end] = token
                    links.target[link_end] = found
                    links.arc[link_end] = arc
                    links.graph[link_end] = graph.costs[3 * arc + 1]
                    links.acoustic[link_end] = 0.0
                    link_end += 1
            token = waiting[token]
    return DONE, token_end, link_end


@inner_kernel
def advance_frame(
    graph: GraphArrays,
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    work: Work,
    position: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> int:
    """Pass the tokens over row ``position[ROW]``; ``position`` stays as it was where the answer is FULL or DEAD.

    Frame 0 (``position[FRAME]`` -1 on entry) takes no row: it is the start state, which ``tokens`` hold already, and
    what its epsilon arcs reach.
    """
    frame, row = position[FRAME], position[ROW]
    begin, end = frames.token_begin[max(frame, 0)], frames.token_begin[frame + 1]
    state, cost, back, waiting, table = tokens.state, tokens.cost, tokens.back, tokens.moved, work.table
    best, limit, beam = cutoffs(cost, begin, end, widths, work.order)
    for label in range(1, len(graph.score_column) if frame >= 0 else 1):
        work.acoustic[label] = -scores[row, graph.score_column[label]]
        work.scaled[label] = widths.acoustic_scale * np.float64(work.acoustic[label])
    clear(work)
    states, arcs, costs, scaled = graph.states, graph.arcs, graph.costs, work.scaled
    cutoff = np.inf
    looked_at = np.int64(0)
    # The best token first, only for the cutoff: it spares most of what the others would add and then drop.
    if best >= 0:
        for arc in range(states[2 * state[best]], states[2 * state[best] + 1]):
            step = np.float64(costs[3 * arc + 1]) + scaled[arcs[3 * arc + 2] >> 8]
            cutoff = min(cutoff, cost[best] + step + beam)
    token_end, link_end = end, frames.link_begin[frame + 1]
    token_room, link_room = min(len(state), end + len(table) // 2), len(links.arc)
    for token in range(begin, end):
        here = cost[token]
        if here > limit:
            continue
        looked_at += states[2 * state[token] + 1] - states[2 * state[token]]
        for arc in range(states[2 * state[token]], states[2 * state[token] + 1]):
            label = arcs[3 * arc + 2] >> 8
            there = here + (np.float64(costs[3 * arc + 1]) + scaled[label])
            if not there < cutoff:
                continue
            if there + beam < cutoff:
                cutoff = there + beam
            if token_end == token_room or link_end == link_room:
                return FULL
            target = arcs[3 * arc]
            place = find_place(table, state, target)
            found = table[place]
            if found < 0:
                found = token_end
                token_end += 1
                table[place] = found
                state[found] = target
                cost[found] = there
                back[found] = link_end
                height = arcs[3 * arc + 2] & 255
                if height > 0:
                    waiting[found] = work.level_head[height]
                    work.level_head[height] = found
            elif there < cost[found]:
                cost[found] = there
                back[found] = link_end
            elif there > cost[found] + widths.lattice_beam:
                continue
            links.source[link_end] = token
            links.target[link_end] = found
            links.arc[link_end] = arc
            links.graph[link_end] = costs[3 * arc + 1]
            links.acoustic[link_end] = work.acoustic[label]
            link_end += 1
    if frame < 0:
        token_end = end + 1
        table[find_place(table, state, state[end])] = end
        waiting[end] = -1
        work.level_head[graph.level[state[end]]] = end
    elif token_end == end:
        return DEAD
    status, token_end, link_end = close_epsilons(graph, widths, tokens, links, work, cutoff, (end, token_end, link_end))
    if status == DONE:
        frames.token_begin[frame + 2] = token_end
        frames.link_begin[frame + 2] = link_end
        position[FRAME] += 1
        position[ABSOLUTE] += 1
        position[ARCS] += looked_at
    return status


@kernel
def advance(
    graph: GraphArrays,
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    work: Work,
    position: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> int:
    """Pass the tokens over the rows of ``scores`` (rows, columns) from ``position[ROW]`` on.

    Returns DONE; or FULL where the arrays are to be grown, COMMIT where old frames are to be freed (call again after
    either); or DEAD where no token is left after row ``position[ROW]``.
    """
    while position[FRAME] < 0 or position[ROW] < len(scores):
        status = advance_frame(graph, widths, tokens, links, frames, work, position, scores)
        if status != DONE:
            return status
        last = position[FRAME]
        if position[ABSOLUTE] == 0:
            continue
        position[ROW] += 1
        if position[ABSOLUTE] % widths.prune_interval == 0:
            for token in range(frames.token_begin[last], frames.token_begin[last + 1]):
                tokens.extra[token] = 0.0
            prune(widths, tokens, links, frames, position, position[PRUNED])
            if widths.keep_frames > 0 and last > widths.keep_frames:
                return COMMIT
    return DONE
