"""Pruning: what no path uses that is nearly as good as the best one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .connect import connect, keep_states
from .shortest_distance import settled_from_start, settled_to_final
from .transducer import NO_STATE, Fst

TOLERANCE = 1e-9  # what adding in another order may change, relative to the best path's cost


def prune(fst: Fst, weight: float = np.inf, state_threshold: int | None = None) -> Fst:
    """Return ``fst`` without the arcs and final weights whose best path costs over ``weight`` more than the best one.

    With ``state_threshold`` at most that many states stay, those on the best paths. What is left is connected; states
    and arcs keep their order. Costs are compared in float64. In the log semiring, too, the paths compared are single.

    Raises OptionsError where ``weight`` is negative or no number, or ``state_threshold`` below 1, and FormatError where
    a cycle has a negative cost.
    """
    if not weight >= 0:
        raise OptionsError(f"prune: weight is {weight}; give the cost above the best path's from which paths go.")
    if state_threshold is not None and state_threshold < 1:
        raise OptionsError(f"prune: state_threshold is {state_threshold}; keep at least one state.")
    if fst.start == NO_STATE:
        return connect(fst)
    forward, backward = settled_from_start(fst, log=False), settled_to_final(fst, log=False)
    before, after = forward.distance, backward.distance
    best = float(after[fst.start])
    if best == np.inf:
        return connect(fst)
    limit = best + weight + TOLERANCE * (1.0 + abs(best))
    through = before[fst.sources()] + fst.weights + after[fst.nextstates]
    stays = (through <= limit) & (through < np.inf)
    counts = np.zeros(fst.arcs + 1, dtype=np.int64)
    np.cumsum(stays, out=counts[1:])
    pruned = replace(
        fst,
        arc_begin=counts[fst.arc_begin],
        ilabels=fst.ilabels[stays],
        olabels=fst.olabels[stays],
        weights=fst.weights[stays],
        nextstates=fst.nextstates[stays],
        final_weights=np.where(before + fst.final_weights <= limit, fst.final_weights, np.float32(np.inf)),
    )
    if state_threshold is not None and state_threshold < fst.states:
        kept = _best_states(before + after, limit, forward.came_from, backward.came_from, state_threshold)
        pruned = keep_states(pruned, kept)
    return connect(pruned)


def _best_states(
    through: NDArray[np.float64],
    limit: float,
    previous: NDArray[np.int32],
    following: NDArray[np.int32],
    count: int,
) -> NDArray[np.bool_]:
    """Return the mask, (states,), of at most ``count`` states: path by path, those with the best paths through them."""
    kept = np.zeros(len(through), dtype=bool)
    left = count
    for state in np.argsort(through, kind="stable"):
        if through[state] > limit or left == 0:
            break
        path = []
        for step in (previous, following):
            here = int(state)
            while here != NO_STATE and not kept[here]:
                path.append(here)
                here = int(step[here])
        path = sorted(set(path))
        if len(path) > left:
            break
        kept[path] = True
        left -= len(path)
    return kept
