"""Slow twins of shortest distance and epsilon removal: relaxing everything again and again."""

import math

from harken.decoder.fst.transducer import Fst

from .naive_fst import arcs_of, plus


def distances_from(fst: Fst, start: int, epsilons_only: bool = False) -> list[float]:
    """The cost of all paths from ``start`` to every state: of 0 arcs, of 1, of 2, ... until nothing changes."""
    front = {start: 0.0} if start >= 0 else {}
    total = [front.get(state, math.inf) for state in range(fst.states)]
    for _ in range(2000):
        following: dict[int, float] = {}
        for state, cost in front.items():
            for ilabel, olabel, weight, target in arcs_of(fst, state):
                if weight < math.inf and not (epsilons_only and (ilabel or olabel)):
                    following[target] = plus(fst.semiring, following.get(target, math.inf), cost + weight)
        longer = [plus(fst.semiring, cost, following.get(state, math.inf)) for state, cost in enumerate(total)]
        if all(new == old or new > old - 1e-12 for new, old in zip(longer, total, strict=True)):
            return longer
        front = {s: c for s, c in following.items() if fst.semiring == "log" or c < total[s] - 1e-12}
        total = longer
    raise AssertionError("no end: a cycle gains more than it costs.")


def distances_to_end(fst: Fst) -> list[float]:
    """The cost of all paths from each state to the end."""
    totals = []
    for state in range(fst.states):
        total = math.inf
        for cost, final in zip(distances_from(fst, state), fst.final_weights.tolist(), strict=True):
            total = plus(fst.semiring, total, cost + final)
        totals.append(total)
    return totals


def rows_without_epsilons(fst: Fst) -> tuple[dict[int, dict[tuple[int, int, int], float]], dict[int, float]]:
    """The arcs (input, output, next state) and final weight of every state, taken over from its epsilon closure."""
    rows: dict[int, dict[tuple[int, int, int], float]] = {}
    finals: dict[int, float] = {}
    for state in range(fst.states):
        row: dict[tuple[int, int, int], float] = {}
        final = math.inf
        for member, before in enumerate(distances_from(fst, state, epsilons_only=True)):
            if before == math.inf:
                continue
            final = plus(fst.semiring, final, before + float(fst.final_weights[member]))
            for ilabel, olabel, weight, target in arcs_of(fst, member):
                if ilabel or olabel:
                    arc = (ilabel, olabel, target)
                    row[arc] = plus(fst.semiring, row.get(arc, math.inf), before + weight)
        rows[state], finals[state] = row, final
    return rows, finals
