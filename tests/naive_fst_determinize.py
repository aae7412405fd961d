"""Slow twins of determinization, minimization and pushing: sets, tuples and loops over everything."""

import math
from collections import defaultdict

from harken.decoder.fst.string_fst import StringFst
from harken.decoder.fst.string_table import labels_of
from harken.decoder.fst.transducer import Fst

from .naive_fst import arcs_of, plus

Branch = tuple[int, tuple[int, ...], float, int]
"""Input label, output string, cost, next state."""


class NotFunctionalError(Exception):
    pass


class TooLargeError(Exception):
    pass


def common_prefix(strings):
    """The longest string that all of ``strings`` begin with."""
    strings = list(strings)
    length = 0
    while all(len(string) > length and string[length] == strings[0][length] for string in strings):
        length += 1
    return strings[0][:length]


def same_subset(one, other, delta):
    """Whether two subsets have the same states and strings, and the same costs but for ``delta``."""
    return one.keys() == other.keys() and all(
        one[state][0] == other[state][0] and abs(one[state][1] - other[state][1]) <= delta for state in one
    )


def subset_construction(fst: Fst, follow_epsilons: bool, whole_prefix: bool, semiring: str, most: int, delta: float):
    """The deterministic machine as a list of (branches, final cost, final string), a state each, the first one first.

    A state is a dictionary from input states to the string and the cost that are owed there.
    """

    def enter(subset, state, string, cost):
        known = subset.get(state, (string, math.inf))
        if known[0] != string:
            raise NotFunctionalError
        subset[state] = (string, plus(semiring, known[1], cost))

    def closed(subset):
        """All that epsilon arcs reach, found by extending every path by an arc until nothing changes."""
        front, total = dict(subset), dict(subset)
        for _ in range(400):
            following: dict = {}
            for state, (string, cost) in front.items():
                for ilabel, olabel, weight, target in arcs_of(fst, state):
                    if ilabel == 0:
                        enter(following, target, string + ((olabel,) if olabel else ()), cost + weight)
            front = {}
            for state, (string, cost) in following.items():
                before = total.get(state, (string, math.inf))[1]
                enter(total, state, string, cost)
                if before - total[state][1] > 1e-12:
                    front[state] = (string, cost)
            if not front:
                return total
        raise TooLargeError

    subsets = [{fst.start: ((), 0.0)}]
    made = []
    while len(made) < len(subsets):
        members = subsets[len(made)]
        if follow_epsilons:
            members = closed(members)
        ends: dict = {}
        reached: dict = defaultdict(dict)
        for state, (string, cost) in members.items():
            if math.isfinite(fst.final_weights[state]):
                enter(ends, 0, string, cost + float(fst.final_weights[state]))
            for ilabel, olabel, weight, target in arcs_of(fst, state):
                if ilabel or not follow_epsilons:
                    enter(reached[ilabel], target, string + ((olabel,) if olabel else ()), cost + weight)
        branches = []
        for ilabel in sorted(reached):
            owed = reached[ilabel]
            prefix = common_prefix(string for string, _ in owed.values())
            prefix = prefix if whole_prefix else prefix[:1]
            total = math.inf
            for _, cost in owed.values():
                total = plus(semiring, total, cost)
            rest = {state: (string[len(prefix) :], cost - total) for state, (string, cost) in owed.items()}
            alike = [number for number, other in enumerate(subsets) if same_subset(other, rest, delta)]
            if not alike:
                alike = [len(subsets)]
                subsets.append(rest)
            branches.append((ilabel, prefix, total, alike[0]))
        if len(subsets) > most:
            raise TooLargeError
        string, cost = ends.get(0, ((), math.inf))
        made.append((branches, cost, string))
    return made


def in_canonical_order(machine: StringFst):
    """A deterministic machine as ``subset_construction`` lists it, the states in the order of a walk by labels."""
    fst = machine.fst
    order = [fst.start]
    made = []
    while len(made) < len(order):
        state = order[len(made)]
        branches = []
        for arc in range(fst.arc_begin[state], fst.arc_begin[state + 1]):
            target = int(fst.nextstates[arc])
            if target not in order:
                order.append(target)
            string = tuple(labels_of(machine.strings, int(machine.arc_strings[arc])))
            branches.append((int(fst.ilabels[arc]), string, float(fst.weights[arc]), order.index(target)))
        ending = tuple(labels_of(machine.strings, int(machine.final_strings[state])))
        made.append((branches, float(fst.final_weights[state]), ending))
    return made


def coarsest_blocks(fst: Fst, outputs, delta: float) -> int:
    """How many states are left when those are merged that have arcs of equal labels and costs to alike states."""
    block = [round(float(cost) / delta) if math.isfinite(cost) else None for cost in fst.final_weights]
    while True:
        kinds: dict = {}
        signs = []
        for state in range(fst.states):
            arcs = {
                (fst.ilabels[a], outputs[a], round(float(fst.weights[a]) / delta), block[fst.nextstates[a]])
                for a in range(fst.arc_begin[state], fst.arc_begin[state + 1])
            }
            signs.append((block[state], frozenset(arcs)))
        following = [kinds.setdefault(sign, len(kinds)) for sign in signs]
        if len(kinds) == len(set(block)):
            return len(kinds)
        block = following


def costs_to_end(fst: Fst, rounds: int = 3000) -> list[float]:
    """What it costs from every state to the end, the paths of 0, 1, 2, ... arcs after one another."""
    total = [float(cost) for cost in fst.final_weights]
    front = list(total)
    for _ in range(rounds):
        following = [math.inf] * fst.states
        for state in range(fst.states):
            for _, _, weight, target in arcs_of(fst, state):
                following[state] = plus(fst.semiring, following[state], weight + front[target])
        if fst.semiring == "tropical" and all(cost >= best for cost, best in zip(following, total, strict=True)):
            break
        if all(cost > 40.0 for cost in following):
            break
        front = following
        total = [plus(fst.semiring, one, other) for one, other in zip(total, following, strict=True)]
    return total
