"""Slow twins of composition: all pairs of paths, and all pairs of states."""

import math

import numpy as np
from harken.decoder.fst.transducer import Fst

from .naive_fst import Pair, arcs_of, every_path, strings_of


def composed_paths(a: Fst, b: Fst, max_arcs: int) -> dict[Pair, list[float]]:
    """What the paths of ``a`` cost with each path of ``b`` that reads what they write, ascending, pair by pair."""
    costs: dict[Pair, list[float]] = {}
    for one, cost in every_path(a, max_arcs):
        read, middle = strings_of(one)
        for other, more in every_path(b, max_arcs):
            if strings_of(other)[0] == middle:
                costs.setdefault((read, strings_of(other)[1]), []).append(cost + more)
    return {pair: sorted(values) for pair, values in costs.items()}


def path_costs(fst: Fst, max_arcs: int) -> dict[Pair, list[float]]:
    """What every path costs, ascending, pair of strings by pair of strings."""
    costs: dict[Pair, list[float]] = {}
    for path, cost in every_path(fst, max_arcs):
        costs.setdefault(strings_of(path), []).append(cost)
    return {pair: sorted(values) for pair, values in costs.items()}


def unfiltered(a: Fst, b: Fst) -> Fst:
    """All pairs of states, epsilons taken in any order: the right costs in the tropical semiring, too many paths."""
    rows = []
    for left in range(a.states):
        for right in range(b.states):
            here = left * b.states + right
            for ilabel, label, cost, target in arcs_of(a, left):
                if label == 0:
                    rows.append((here, ilabel, 0, cost, target * b.states + right))
                for wanted, olabel, more, other in arcs_of(b, right):
                    if wanted == label:
                        rows.append((here, ilabel, olabel, cost + more, target * b.states + other))
            for wanted, olabel, more, other in arcs_of(b, right):
                if wanted == 0:
                    rows.append((here, 0, olabel, more, left * b.states + other))
    finals = np.add.outer(a.final_weights, b.final_weights).ravel()
    start = a.start * b.states + b.start if a.start >= 0 and b.start >= 0 else -1
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return Fst.from_arcs(start, *columns, finals, semiring=a.semiring)


def number_of_paths(fst: Fst) -> int:
    """How many accepted paths an acyclic machine has."""
    known: dict[int, int] = {}

    def count(state: int) -> int:
        if state not in known:
            onward = sum(count(arc[3]) for arc in arcs_of(fst, state))
            known[state] = onward + math.isfinite(float(fst.final_weights[state]))
        return known[state]

    return count(fst.start) if fst.start >= 0 else 0
