"""The beam search itself: tokens that pass over a search graph, frame by frame.

After Young, Russell and Thornton, "Token passing" (1989), and Kaldi's faster-decoder and lattice-faster-decoder (the
cutoffs, the adaptive beam). The arrays are those of token_arrays.py.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, lean_kernel
from .cutoff_kernels import cutoffs, first_cutoff
from .history_kernels import HistoryArrays, can_follow, expect_history, history_marks, narrow, rank_of, successors
from .prefetch_kernels import prefetch
from .prune_kernels import keep_best_paths, prune
from .short_list_kernels import find_wide_states, pick_arcs
from .token_arrays import (
    ABSOLUTE,
    ARCS,
    COMMIT,
    CROWDED,
    DEAD,
    DONE,
    FRAME,
    FULL,
    HAS_WORD,
    LABEL_SHIFT,
    LEVEL_MASK,
    LOOKS_AHEAD,
    MOVES,
    PRUNED,
    ROW,
    Frames,
    GraphArrays,
    Links,
    Progress,
    Step,
    Tokens,
    Trace,
    Widths,
    Work,
)


@inlined_kernel
def find_place(
    work: Work, tokens: Tokens, model: HistoryArrays | None, state: int, history: int, first_token: int
) -> int:
    """Return where the table names the token of ``state`` and ``history``, or the free place for it.

    A place that names a token before ``first_token``, the frame's first, is free.
    """
    mask = len(work.table) - 1
    mixed = np.int64(state) * 0x9E3779B1
    if model is not None and history != 0:
        mixed += (history >> 20) * 0x5851F42D + (history & 0xFFFFF) * 0x14057B7F  # small enough not to overflow
    place: int = (mixed >> 12) & mask
    while work.table[place] >= first_token:
        token = work.table[place]
        if tokens.state[token] == state:
            if model is None:
                break
            if tokens.history[token] == history:
                break
        place = (place + 1) & mask
    return place


@inlined_kernel
def clear(work: Work) -> None:
    """Forget what tokens the table names: to be done when tokens have moved or a frame is begun again."""
    for place in range(len(work.table)):
        work.table[place] = -1


@inlined_kernel
def enter(
    graph: GraphArrays,
    lattice_beam: float,
    tokens: Tokens,
    links: Links,
    work: Work,
    model: HistoryArrays | None,
    looking: HistoryArrays | None,
    step: Step,
    so_far: Progress,
) -> Progress:
    """Take a step: make or better the token it leads to and write the link.

    With a lattice beam of 0 a token has one link, which is written over when a better one comes.
    """
    token_end, link_end = so_far.token_end, so_far.link_end
    link = link_end
    if token_end == so_far.token_room or link_end == len(links.arc):
        full = token_end == len(tokens.state) or link_end == len(links.arc)
        return Progress(
            FULL if full else CROWDED, so_far.cutoff, token_end, link_end, so_far.first_token, so_far.token_room
        )
    place = find_place(work, tokens, model, step.target, step.history, so_far.first_token)
    found = np.int64(work.table[place])
    if found < so_far.first_token:
        found = token_end
        token_end += 1
        work.table[place] = found
        tokens.state[found] = step.target
        tokens.cost[found] = step.cost
        tokens.back[found] = link_end
        if model is not None:
            tokens.history[found] = step.history
        if looking is not None:
            tokens.ahead[found] = step.ahead
        height = graph.arcs[3 * step.arc + 2] & LEVEL_MASK
        if height > 0:
            prefetch(graph.states, 2 * np.int64(step.target) + 1)
            tokens.moved[found] = work.level_head[height]
            work.level_head[height] = found
    elif step.cost < tokens.cost[found]:
        tokens.cost[found] = step.cost
        if lattice_beam > 0.0:
            tokens.back[found] = link_end
        else:
            link = np.int64(tokens.back[found])
    elif lattice_beam == 0.0 or step.cost > tokens.cost[found] + lattice_beam:
        return so_far
    links.source[link] = step.source
    links.target[link] = found
    links.arc[link] = step.arc
    links.added[link] = step.added
    links.acoustic[link] = step.acoustic
    if model is not None and len(links.lm) > 0:
        links.lm[link] = step.lm
        links.phrase[link] = step.phrase
    link_end = max(link_end, link + 1)
    return Progress(DONE, so_far.cutoff, token_end, link_end, so_far.first_token, so_far.token_room)


@inlined_kernel
def follow_special(
    graph: GraphArrays,
    lattice_beam: float,
    tokens: Tokens,
    links: Links,
    work: Work,
    model: HistoryArrays,
    looking: HistoryArrays | None,
    token: int,
    arcs: tuple[int, int, bool],
    beam: float,
    so_far: Progress,
) -> Progress:
    """Follow those of a token's arcs that do something to its history, as ``follow`` does the others."""
    listed = arcs[2]
    here, first, first_ahead, zero = tokens.cost[token], tokens.history[token], 0.0, np.float32(0.0)
    cutoff = so_far.cutoff
    mask = LOOKS_AHEAD | (HAS_WORD if first != 0 else MOVES)
    if looking is not None:
        first_ahead = tokens.ahead[token]
    marks = (np.int64(-1), np.int64(-1), np.int64(-1))
    if looking is not None:
        marks = history_marks(looking, first)
    for place in range(arcs[0], arcs[1]):
        arc = place
        if looking is not None and listed:
            arc = np.int64(work.lists.picked[place])
        target, weight, packed = graph.arcs[3 * arc], np.float64(graph.costs[3 * arc + 1]), graph.arcs[3 * arc + 2]
        label = packed >> LABEL_SHIFT
        if packed & mask == 0 or not here + (weight + work.scaled[label]) - model.slack < cutoff:
            continue
        if looking is not None and not listed and not can_follow(looking, marks, arc, packed & HAS_WORD != 0):
            continue
        history, ahead, lm, phrase, count = first, 0.0, zero, zero, 1
        if packed & HAS_WORD:
            label_out = graph.olabels[arc]
            count = successors(model, first, label_out, rank_of(model, arc, label_out))
        elif looking is not None:
            point = model.arc_keys[2 * arc + 1] if len(model.arc_keys) > 0 else np.int64(looking.ahead.points[target])
            history, ahead, lm = narrow(looking, point, first)
        for i in range(count):
            if packed & HAS_WORD:
                history, lm, phrase = model.next_history[i], model.next_lm[i], model.next_phrase[i]
            added = np.float32(weight + (ahead - first_ahead) + np.float64(lm) + np.float64(phrase))
            there = here + (np.float64(added) + work.scaled[label])
            if not there < cutoff:
                continue
            if there + beam < cutoff:
                cutoff = there + beam
            step = Step(token, arc, target, there, added, work.acoustic[label], history, ahead, lm, phrase)
            so_far = enter(graph, lattice_beam, tokens, links, work, model, looking, step, so_far)
            if so_far.status != DONE:
                return so_far
    return Progress(DONE, cutoff, so_far.token_end, so_far.link_end, so_far.first_token, so_far.token_room)


@inlined_kernel
def follow(
    graph: GraphArrays,
    lattice_beam: float,
    tokens: Tokens,
    links: Links,
    work: Work,
    model: HistoryArrays | None,
    looking: HistoryArrays | None,
    token: int,
    arcs: tuple[int, int, bool],
    beam: float,
    so_far: Progress,
) -> Progress:
    """Follow the arcs ``arcs[0]:arcs[1]`` of a token; what is ``beam`` above a cost that was found is not kept.

    Where ``arcs[2]`` is True, these are places of ``work.lists.picked``, which name the arcs.
    Arcs that do something to the token's history come last, in a loop of their own: most tokens have none that could
    stay within the beam.
    """
    here, listed = tokens.cost[token], arcs[2]
    cutoff = so_far.cutoff
    history, ahead, mask, slack, zero = 0, 0.0, 0, 0.0, np.float32(0.0)
    first, last = arcs[1], arcs[0]
    if model is not None:
        history = tokens.history[token]
        mask = LOOKS_AHEAD | (HAS_WORD if history != 0 else MOVES)
        slack = model.slack
    if looking is not None:
        ahead = tokens.ahead[token]
    for place in range(arcs[0], arcs[1]):
        arc = place
        if looking is not None and listed:
            arc = np.int64(work.lists.picked[place])
        target, weight, packed = graph.arcs[3 * arc], graph.costs[3 * arc + 1], graph.arcs[3 * arc + 2]
        label = packed >> LABEL_SHIFT
        there = here + (np.float64(weight) + work.scaled[label])
        if model is not None and packed & mask:
            if there - slack < cutoff:
                first, last = min(first, place), place + 1
            continue
        if not there < cutoff:
            continue
        if there + beam < cutoff:
            cutoff = there + beam
        step = Step(token, arc, target, there, weight, work.acoustic[label], history, ahead, zero, zero)
        so_far = enter(graph, lattice_beam, tokens, links, work, model, looking, step, so_far)
        if so_far.status != DONE:
            return so_far
    so_far = Progress(DONE, cutoff, so_far.token_end, so_far.link_end, so_far.first_token, so_far.token_room)
    if model is not None and first < last:
        few = (first, last, listed)
        so_far = follow_special(graph, lattice_beam, tokens, links, work, model, looking, token, few, beam, so_far)
    return so_far


@inlined_kernel
def close_epsilons(
    graph: GraphArrays,
    lattice_beam: float,
    tokens: Tokens,
    links: Links,
    work: Work,
    model: HistoryArrays | None,
    looking: HistoryArrays | None,
    so_far: Progress,
) -> Progress:
    """Follow the epsilon arcs of a frame's tokens, the states with the longest epsilon paths first."""
    for level in range(len(work.level_head) - 1, 0, -1):
        token = np.int64(work.level_head[level])
        while token >= 0:
            following = np.int64(tokens.moved[token])
            if following >= 0:
                prefetch(graph.arcs, 3 * np.int64(graph.states[2 * tokens.state[following] + 1]))
            if tokens.cost[token] <= so_far.cutoff:
                state = tokens.state[token]
                arcs = (np.int64(graph.states[2 * state + 1]), np.int64(graph.states[2 * state + 2]), False)
                so_far = follow(graph, lattice_beam, tokens, links, work, model, looking, token, arcs, np.inf, so_far)
                if so_far.status != DONE:
                    return so_far
            token = following
    return so_far


@inlined_kernel
def read_row(graph: GraphArrays, acoustic_scale: float, work: Work, row: NDArray[np.float32]) -> None:
    """Turn a row of scores into costs by input label, as they are and scaled; label 0 costs nothing."""
    for label in range(1, len(graph.score_column)):
        work.acoustic[label] = -row[graph.score_column[label]]
        work.scaled[label] = acoustic_scale * np.float64(work.acoustic[label])


@inlined_kernel
def put_start(graph: GraphArrays, tokens: Tokens, work: Work, model: HistoryArrays | None) -> None:
    """Name token 0, which holds the start state, in the table, and make it wait for its epsilon arcs."""
    history = 0
    if model is not None:
        history = tokens.history[0]
        if len(tokens.ahead) > 0:
            tokens.ahead[0] = 0.0
    work.table[find_place(work, tokens, model, tokens.state[0], history, 0)] = 0
    tokens.moved[0] = -1
    work.level_head[graph.level[tokens.state[0]]] = 0


@inlined_kernel
def write_trace(trace: Trace, row: int, counts: tuple[int, int, int], costs: tuple[float, float]) -> None:
    """Write down what was followed to take a row of scores."""
    trace.tokens[row], trace.followed[row], trace.bound[row] = counts
    trace.best[row], trace.cutoff[row] = costs


@inlined_kernel
def advance_frame(
    graph: GraphArrays,
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    work: Work,
    model: HistoryArrays | None,
    looking: HistoryArrays | None,
    position: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> int:
    """Pass the tokens over row ``position[ROW]``; ``position`` stays as it was where the answer is not DONE.

    Frame 0 (``position[FRAME]`` -1 on entry) takes no row: it is the start state, which ``tokens`` hold already, and
    what its epsilon arcs reach.
    """
    frame = position[FRAME]
    end, link_end = frames.token_begin[frame + 1], frames.link_begin[frame + 1]
    room = min(len(tokens.state), end + len(work.table) // 2)
    for level in range(len(work.level_head)):
        work.level_head[level] = -1
    looked_at, followed = np.int64(0), np.int64(0)
    if frame < 0:
        clear(work)
        put_start(graph, tokens, work, model)
        so_far = Progress(DONE, np.inf, end + 1, link_end, end, room)
    else:
        read_row(graph, widths.acoustic_scale, work, scores[position[ROW]])
        begin = frames.token_begin[frame]
        best, limit, beam, bound = cutoffs(tokens.cost, begin, end, widths, work.order)
        cutoff = np.inf if best < 0 else first_cutoff(graph, tokens, work, model, best, beam)
        so_far = Progress(DONE, cutoff, end, link_end, end, room)
        if looking is not None:
            find_wide_states(graph, tokens, work, begin, end, limit)
        for token in range(begin, end):
            prefetch(graph.states, 2 * np.int64(tokens.state[min(token + 8, end - 1)]))
            first_arc = np.int64(graph.states[2 * tokens.state[min(token + 4, end - 1)]])
            prefetch(graph.arcs, 3 * first_arc)
            if looking is not None:
                prefetch(looking.arc_keys, 2 * first_arc)
                expect_history(looking, tokens.history[min(token + 4, end - 1)])
            if tokens.cost[token] > limit:
                continue
            state = tokens.state[token]
            arcs = (np.int64(graph.states[2 * state]), np.int64(graph.states[2 * state + 1]), False)
            if looking is not None:
                arcs = pick_arcs(graph, tokens, work, looking, token, arcs, so_far.cutoff)
            followed += 1
            looked_at += arcs[1] - arcs[0]
            so_far = follow(graph, widths.lattice_beam, tokens, links, work, model, looking, token, arcs, beam, so_far)
            if so_far.status != DONE:
                return so_far.status
        if len(work.trace.bound) > 0:
            write_trace(work.trace, position[ABSOLUTE], (end - begin, followed, bound), (tokens.cost[best], limit))
        if so_far.token_end == end:
            return DEAD
    so_far = close_epsilons(graph, widths.lattice_beam, tokens, links, work, model, looking, so_far)
    if so_far.status == DONE:
        frames.token_begin[frame + 2] = so_far.token_end
        frames.link_begin[frame + 2] = so_far.link_end
        position[FRAME] += 1
        position[ABSOLUTE] += 1
        position[ARCS] += looked_at
    return so_far.status


@lean_kernel
def advance(
    graph: GraphArrays,
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    work: Work,
    model: HistoryArrays | None,
    looking: HistoryArrays | None,
    position: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> int:
    """Pass the tokens over the rows of ``scores`` (rows, columns) from ``position[ROW]`` on.

    ``model`` is None where tokens have no history; ``looking`` is the same, or None where it looks ahead to nothing:
    nothing of what is None is compiled. Returns DONE; or FULL or
    CROWDED where the arrays or the table are to be grown, COMMIT where old frames are to be freed (call again after any
    of these); or DEAD where no token is left after row ``position[ROW]``.
    """
    while position[FRAME] < 0 or position[ROW] < len(scores):
        status = advance_frame(graph, widths, tokens, links, frames, work, model, looking, position, scores)
        if status != DONE:
            return status
        last = position[FRAME]
        if position[ABSOLUTE] == 0:
            continue
        position[ROW] += 1
        if position[ABSOLUTE] % widths.prune_interval == 0:
            for token in range(frames.token_begin[last], frames.token_begin[last + 1]):
                tokens.extra[token] = 0.0
            if widths.lattice_beam > 0.0:
                prune(widths, tokens, links, frames, work.order, position, position[PRUNED])
            else:
                keep_best_paths(tokens, links, frames, position, position[PRUNED])
            clear(work)
            if widths.keep_frames > 0 and last > widths.keep_frames:
                return COMMIT
    return DONE
