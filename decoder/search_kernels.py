"""The beam search itself: tokens that pass over a search graph, frame by frame.

After Young, Russell and Thornton, "Token passing" (1989), and Kaldi's faster-decoder and lattice-faster-decoder (the
cutoffs, the adaptive beam). The arrays are those of token_arrays.py.
"""

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from .prune_kernels import prune
from .token_arrays import (
    ABSOLUTE,
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
def epsilon_levels(
    arc_begin: NDArray[np.int32],
    epsilon_begin: NDArray[np.int32],
    nextstates: NDArray[np.int32],
    level: NDArray[np.uint8],
) -> int:
    """Set ``level`` (states,), zero on entry, to the longest epsilon path from each state; return the largest.

    Returns -1 - state where an epsilon cycle passes near that state or a path has more than 255 arcs.
    """
    count = 0
    for state in range(len(epsilon_begin)):
        if epsilon_begin[state] < arc_begin[state + 1]:
            count += 1
    owners = np.empty(count, np.int32)
    count = 0
    for state in range(len(epsilon_begin)):
        if epsilon_begin[state] < arc_begin[state + 1]:
            owners[count] = state
            count += 1
    largest = 0
    changed = True
    while changed:
        changed = False
        for i in range(count):
            state = owners[i]
            height = 0
            for arc in range(epsilon_begin[state], arc_begin[state + 1]):
                height = max(height, np.int64(level[nextstates[arc]]) + 1)
            if height > 255:
                return -1 - state
            if height != level[state]:
                level[state] = height
                largest = max(largest, height)
                changed = True
    return largest


@kernel
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
    return values[rank]


@kernel
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


@kernel
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
    state, cost, back, waiting = tokens.state, tokens.cost, tokens.back, tokens.moved
    for level in range(len(work.level_head) - 1, 0, -1):
        token = work.level_head[level]
        while token >= 0:
            here = cost[token]
            if here <= cutoff:
                for arc in range(graph.epsilon_begin[state[token]], graph.arc_begin[state[token] + 1]):
                    there = here + np.float64(graph.weights[arc])
                    if there >= cutoff:
                        continue
                    if token_end == len(state) or link_end == len(links.arc):
                        return FULL, token_end, link_end
                    target = graph.nextstates[arc]
                    found = work.slot[target]
                    if found < begin or found >= token_end or state[found] != target:
                        found = token_end
                        token_end += 1
                        work.slot[target] = found
                        state[found] = target
                        cost[found] = there
                        back[found] = link_end
                        height = graph.level[target]
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
                    links.graph[link_end] = graph.weights[arc]
                    links.acoustic[link_end] = 0.0
                    link_end += 1
            token = waiting[token]
    return DONE, token_end, link_end


@kernel
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
    """Pass the tokens over row ``position[ROW]``; ``position`` stays as it was where the answer is FULL or DEAD."""
    frame, row = position[FRAME], position[ROW]
    begin, end = frames.token_begin[frame], frames.token_begin[frame + 1]
    state, cost, back, waiting, slot = tokens.state, tokens.cost, tokens.back, tokens.moved, work.slot
    best, limit, beam = cutoffs(cost, begin, end, widths, work.order)
    for label in range(1, len(graph.score_column)):
        work.acoustic[label] = -scores[row, graph.score_column[label]]
        work.scaled[label] = widths.acoustic_scale * np.float64(work.acoustic[label])
    for level in range(len(work.level_head)):
        work.level_head[level] = -1
    arc_begin, epsilon_begin, ilabels = graph.arc_begin, graph.epsilon_begin, graph.ilabels
    weights, nextstates, scaled = graph.weights, graph.nextstates, work.scaled
    cutoff = np.inf
    # The best token first, only for the cutoff: it spares most of what the others would add and then drop.
    if best >= 0:
        for arc in range(arc_begin[state[best]], epsilon_begin[state[best]]):
            cutoff = min(cutoff, cost[best] + (np.float64(weights[arc]) + scaled[ilabels[arc]]) + beam)
    token_end, link_end = end, frames.link_begin[frame + 1]
    token_room, link_room = len(state), len(links.arc)
    for token in range(begin, end):
        here = cost[token]
        if here > limit:
            continue
        for arc in range(arc_begin[state[token]], epsilon_begin[state[token]]):
            label = ilabels[arc]
            there = here + (np.float64(weights[arc]) + scaled[label])
            if not there < cutoff:
                continue
            if there + beam < cutoff:
                cutoff = there + beam
            if token_end == token_room or link_end == link_room:
                return FULL
            target = nextstates[arc]
            found = slot[target]
            if found < end or found >= token_end or state[found] != target:
                found = token_end
                token_end += 1
                slot[target] = found
                state[found] = target
                cost[found] = there
                back[found] = link_end
                height = graph.level[target]
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
            links.graph[link_end] = weights[arc]
            links.acoustic[link_end] = work.acoustic[label]
            link_end += 1
    if token_end == end:
        return DEAD
    status, token_end, link_end = close_epsilons(graph, widths, tokens, links, work, cutoff, (end, token_end, link_end))
    if status == DONE:
        frames.token_begin[frame + 2] = token_end
        frames.link_begin[frame + 2] = link_end
        position[FRAME] += 1
        position[ABSOLUTE] += 1
    return status


@kernel
def begin(
    graph: GraphArrays,
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    work: Work,
    position: NDArray[np.int64],
) -> int:
    """Fill frame 0: the start state, which ``tokens`` hold already, and what its epsilon arcs reach."""
    first = np.int64(0)
    for level in range(len(work.level_head)):
        work.level_head[level] = -1
    work.slot[tokens.state[0]] = 0
    tokens.moved[0] = -1
    work.level_head[graph.level[tokens.state[0]]] = 0
    status, token_end, link_end = close_epsilons(graph, widths, tokens, links, work, np.inf, (first, first + 1, first))
    if status == DONE:
        frames.token_begin[0] = 0
        frames.link_begin[0] = 0
        frames.token_begin[1] = token_end
        frames.link_begin[1] = link_end
        position[FRAME] = 0
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
    if position[FRAME] < 0:
        status = begin(graph, widths, tokens, links, frames, work, position)
        if status != DONE:
            return status
    while position[ROW] < len(scores):
        status = advance_frame(graph, widths, tokens, links, frames, work, position, scores)
        if status != DONE:
            return status
        position[ROW] += 1
        if position[ABSOLUTE] % widths.prune_interval == 0:
            last = position[FRAME]
            for token in range(frames.token_begin[last], frames.token_begin[last + 1]):
                tokens.extra[token] = 0.0
            prune(widths, tokens, links, frames, position, position[PRUNED])
            if widths.keep_frames > 0 and last > widths.keep_frames:
                return COMMIT
    return DONE
