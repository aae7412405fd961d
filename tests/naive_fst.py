"""Slow twins for transducers: a machine as the plain list of its paths, and random machines to compare on.

``paths`` follows every path up to a number of arcs. ``language`` gives the exact cost of every pair of strings up to a
length, however many epsilon arcs lie between the labels: what an operation that moves, adds or removes epsilons must
leave as it was, on cyclic machines too.
"""

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from harken.decoder.fst.transducer import Fst
from hypothesis import strategies as st

Pair = tuple[tuple[int, ...], tuple[int, ...]]
Arc = tuple[int, int, float, int]
"""Input label, output label, cost, next state."""


def arcs_of(fst: Fst, state: int) -> list[Arc]:
    """The arcs that leave a state, in their order, as plain numbers."""
    return [
        (int(fst.ilabels[arc]), int(fst.olabels[arc]), float(fst.weights[arc]), int(fst.nextstates[arc]))
        for arc in range(int(fst.arc_begin[state]), int(fst.arc_begin[state + 1]))
    ]


def plus(semiring: str, one: float, other: float) -> float:
    """What two paths with the same labels cost together."""
    if semiring == "tropical" or math.isinf(one) or math.isinf(other):
        return min(one, other)
    return min(one, other) - math.log1p(math.exp(-abs(one - other)))


def every_path(fst: Fst, max_arcs: int) -> Iterator[tuple[list[Arc], float]]:
    """Each accepted path of at most ``max_arcs`` arcs, one by one: its arcs and its cost, the final one included."""
    waiting: list[tuple[int, list[Arc], float]] = [(fst.start, [], 0.0)] if fst.start >= 0 else []
    while waiting:
        state, path, cost = waiting.pop()
        final = float(fst.final_weights[state])
        if math.isfinite(final):
            yield path, cost + final
        if len(path) < max_arcs:
            waiting += [(arc[3], [*path, arc], cost + arc[2]) for arc in arcs_of(fst, state) if arc[2] < math.inf]


def strings_of(path: list[Arc]) -> Pair:
    """What a path reads and writes, epsilons removed."""
    return tuple(arc[0] for arc in path if arc[0]), tuple(arc[1] for arc in path if arc[1])


def paths(fst: Fst, max_arcs: int) -> dict[Pair, float]:
    """The cost of each pair of strings over the paths of at most ``max_arcs`` arcs, in the machine's semiring."""
    costs: dict[Pair, float] = {}
    for path, cost in every_path(fst, max_arcs):
        pair = strings_of(path)
        costs[pair] = plus(fst.semiring, costs.get(pair, math.inf), cost)
    return costs


def count_paths(fst: Fst, max_arcs: int) -> dict[Pair, int]:
    """How many paths of at most ``max_arcs`` arcs each pair of strings has."""
    counts: dict[Pair, int] = defaultdict(int)
    for path, _ in every_path(fst, max_arcs):
        counts[strings_of(path)] += 1
    return dict(counts)


def language(fst: Fst, max_labels: int, rounds: int = 2000) -> dict[Pair, float]:
    """The cost of each pair of strings of at most ``max_labels`` labels a side, over all their paths.

    All paths of 0, 1, 2, ... arcs are extended by an arc together, until nothing gets cheaper (tropical) or what is
    left is too improbable to count (log). A cycle of epsilons that never settles is an AssertionError.
    """
    arcs = [arcs_of(fst, state) for state in range(fst.states)]
    reached: dict[tuple[int, Pair], float] = {}
    front: dict[tuple[int, Pair], float] = {(fst.start, ((), ())): 0.0} if fst.start >= 0 else {}
    costs: dict[Pair, float] = {}
    for _ in range(rounds):
        following: dict[tuple[int, Pair], float] = {}
        for (state, pair), cost in front.items():
            total = cost + float(fst.final_weights[state])
            if total < math.inf:
                costs[pair] = plus(fst.semiring, costs.get(pair, math.inf), total)
            for ilabel, olabel, weight, nextstate in arcs[state]:
                read, written = pair
                longer = ((*read, ilabel) if ilabel else read, (*written, olabel) if olabel else written)
                if weight < math.inf and len(longer[0]) <= max_labels and len(longer[1]) <= max_labels:
                    node = (nextstate, longer)
                    following[node] = plus(fst.semiring, following.get(node, math.inf), cost + weight)
        if fst.semiring == "tropical":
            front = {node: cost for node, cost in following.items() if cost < reached.get(node, math.inf) - 1e-9}
            reached |= front
        else:
            front = {node: cost for node, cost in following.items() if cost < 45.0}  # e^-45 of the whole
        if not front:
            return costs
    raise AssertionError(f"no end after {rounds} arcs: an epsilon cycle gains more than it costs.")


def assert_same_costs(one: dict[Pair, float], other: dict[Pair, float], tolerance: float = 1e-3) -> None:
    """Fail unless both hold the same pairs of strings at the same costs.

    What costs more than 34 in both is not compared: ``language`` cuts sums in the log semiring off at 45.
    """
    wrong = {}
    for pair in one.keys() | other.keys():
        costs = one.get(pair, math.inf), other.get(pair, math.inf)
        if min(costs) <= 34.0 and not abs(costs[0] - costs[1]) <= tolerance:
            wrong[pair] = costs
    assert not wrong, f"different costs: {list(wrong.items())[:5]}"


def assert_same_language(one: Fst, other: Fst, max_labels: int = 3, tolerance: float = 1e-3) -> None:
    """Fail unless two machines give the same cost to every pair of strings of up to ``max_labels`` labels a side."""
    assert_same_costs(language(one, max_labels), language(other, max_labels), tolerance)


@st.composite
def random_fsts(
    draw: st.DrawFn,
    max_states: int = 5,
    max_arcs: int = 9,
    labels: int = 2,
    cyclic: bool = True,
    epsilons: bool = True,
    acceptor: bool = False,
    deterministic: bool = False,
    semiring: str = "tropical",
    empty: bool = True,
) -> Fst:
    """Random machines with the labels 1 to ``labels``, costs in quarters, that may have useless states.

    ``cyclic=False`` gives arcs to higher states alone; ``deterministic`` no two arcs of a state with one input label
    and no input epsilon; ``empty`` lets machines without a start through. In the log semiring the arcs of a state are
    so improbable together that every epsilon cycle converges.
    """
    states = draw(st.integers(0 if empty else 1, max_states))
    start = draw(st.one_of(st.just(0), st.integers(-1 if empty else 0, states - 1))) if states else -1
    low = 4 * math.ceil(math.log(max_arcs + 2) + 0.5) if semiring == "log" else 0
    quarters = st.integers(low, low + 12)
    label = st.integers(0 if epsilons else 1, labels)
    arcs: list[tuple[int, int, int, int, float]] = []
    for _ in range(draw(st.integers(min(states, max_arcs), max_arcs)) if states else 0):
        source, target = draw(st.integers(0, states - 1)), draw(st.integers(0, states - 1))
        ilabel, olabel = draw(st.integers(1, labels) if deterministic else label), draw(label)
        if not cyclic:
            source, target = min(source, target), max(source, target)
        if (source == target and not cyclic) or (deterministic and (source, ilabel) in {arc[:2] for arc in arcs}):
            continue
        arcs.append((source, ilabel, ilabel if acceptor else olabel, target, draw(quarters) / 4))
    finals = [draw(st.one_of(quarters.map(lambda q: q / 4), st.just(math.inf))) for _ in range(states)]
    columns = list(zip(*arcs, strict=True)) if arcs else [()] * 5
    source_, ilabel_, olabel_, target_, weight_ = (np.array(column) for column in columns)
    return Fst.from_arcs(start, source_, ilabel_, olabel_, weight_, target_, np.array(finals), semiring)
