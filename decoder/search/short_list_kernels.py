"""The arcs of a wide state that are worth a look in a frame, found once for all of its tokens.

Where tokens have histories, many of a frame stand on the same few states behind the root of a tree of words, and nearly
all of the many arcs there lead out of the beam. What the best of a state's tokens could not follow, no other one can.
"""

import numpy as np

from ...jit import inlined_kernel
from .history_kernels import HistoryArrays, can_follow, expect, history_marks
from .token_arrays import (
    HAS_WORD,
    LABEL_SHIFT,
    LIST_ROOM,
    LISTS,
    LOOKS_AHEAD,
    MOVES,
    UNMADE,
    WIDE,
    GraphArrays,
    Tokens,
    Work,
)


@inlined_kernel
def list_place(state: int) -> int:
    """Return which list a state may have; states that share a place have none but the first that comes."""
    return ((np.int64(state) * 0x9E3779B1) >> 16) & (LISTS - 1)


@inlined_kernel
def find_wide_states(graph: GraphArrays, tokens: Tokens, work: Work, begin: int, end: int, limit: float) -> None:
    """Forget all lists, and note the least cost of those of the tokens ``begin:end`` that are on a wide state."""
    lists = work.lists
    for place in range(LISTS):
        lists.state[place] = -1
    for token in range(begin, end):
        state, cost = tokens.state[token], tokens.cost[token]
        if cost > limit or graph.states[2 * state + 1] - graph.states[2 * state] < WIDE:
            continue
        place = list_place(state)
        if lists.state[place] < 0:
            lists.state[place], lists.least[place], lists.length[place] = state, cost, UNMADE
        elif lists.state[place] == state and cost < lists.least[place]:
            lists.least[place] = cost


@inlined_kernel
def list_arcs(graph: GraphArrays, work: Work, place: int, slack: float, cutoff: float) -> int:
    """Write down which emitting arcs of a wide state may lead below the cutoff; return how many, LIST_ROOM + 1: too
    many to write down.
    """
    lists = work.lists
    state, least, count = lists.state[place], lists.least[place], np.int64(0)
    for arc in range(graph.states[2 * state], graph.states[2 * state + 1]):
        step = np.float64(graph.costs[3 * arc + 1]) + work.scaled[graph.arcs[3 * arc + 2] >> LABEL_SHIFT]
        if least + step - slack < cutoff:
            if count == LIST_ROOM:
                count += 1
                break
            lists.arcs[place * LIST_ROOM + count], lists.steps[place * LIST_ROOM + count] = arc, step
            count += 1
    lists.length[place] = count
    return count


@inlined_kernel
def keep_possible(graph: GraphArrays, work: Work, model: HistoryArrays, history: int, picked: int) -> int:
    """Leave out those of the first ``picked`` arcs that the history is seen not to follow; return how many stay."""
    kept, arcs = np.int64(0), work.lists.picked
    mask = LOOKS_AHEAD | (HAS_WORD if history != 0 else MOVES)
    marks = history_marks(model, history)
    for at in range(picked):
        arc = np.int64(arcs[at])
        packed = graph.arcs[3 * arc + 2]
        if packed & mask:
            if not can_follow(model, marks, arc, packed & HAS_WORD != 0):
                continue
            expect(model, history, arc, packed & HAS_WORD != 0)
        arcs[kept] = arc
        kept += 1
    return kept


@inlined_kernel
def pick_arcs(
    graph: GraphArrays,
    tokens: Tokens,
    work: Work,
    model: HistoryArrays,
    token: int,
    arcs: tuple[int, int, bool],
    cutoff: float,
) -> tuple[int, int, bool]:
    """Return which places of ``work.lists.picked`` name the arcs that may lead a token below the cutoff, and True.

    Where its state has no list: all of its ``arcs`` and False.
    """
    if arcs[1] - arcs[0] >= WIDE:
        state, here, slack = tokens.state[token], tokens.cost[token], model.slack
        lists, place = work.lists, list_place(state)
        if lists.state[place] == state:
            count, picked = np.int64(lists.length[place]), np.int64(0)
            if count == UNMADE:
                count = list_arcs(graph, work, place, slack, cutoff)
            if count <= LIST_ROOM:
                for at in range(count):
                    lists.picked[picked] = lists.arcs[place * LIST_ROOM + at]
                    picked += np.int64(here + lists.steps[place * LIST_ROOM + at] - slack < cutoff)
                return 0, keep_possible(graph, work, model, tokens.history[token], picked), True
    return arcs[0], arcs[1], False
