"""Compiled kernels of determinization that follow epsilon arcs: from a subset to all that it reaches for nothing."""

import math

import numpy as np

from ...jit import inlined_kernel
from .determinize_arrays import ENDLESS, NO_ROOM, NOT_FUNCTIONAL, Closure, Counts, Rules
from .string_table import EMPTY, Strings
from .strings_kernels import joined, paired, string_length
from .transducer import FstArrays

MOST_VISITS = 20_000  # of one state within one closure; costs that still fall then fall for ever


@inlined_kernel
def sum_of(first: float, second: float, use_log: bool) -> float:
    """Return the semiring's sum of two costs."""
    low = min(first, second)
    if not use_log or math.isinf(low):
        return low
    return low - math.log1p(math.exp(-abs(first - second)))


@inlined_kernel
def failed(counts: Counts, why: int, state: int, first: int, second: int) -> int:
    """Note what went wrong, and return -1."""
    counts.trouble[0] = why
    counts.trouble[1] = state
    counts.trouble[2] = first
    counts.trouble[3] = second
    return -1


@inlined_kernel
def appended(strings: Strings, string: int, label: int) -> int:
    """Return ``string`` followed by ``label``, which may be epsilon."""
    if label == 0:
        return string
    last = paired(strings, label, EMPTY)
    if string == EMPTY or last < 0:
        return last
    return joined(strings, string, string_length(strings, string), last)


@inlined_kernel
def has_epsilon(fst: FstArrays, state: int) -> bool:
    """Return whether the first arc of ``state`` reads nothing."""
    begin = fst.arc_begin[state]
    if begin == fst.arc_begin[state + 1]:
        return False
    return bool(fst.ilabels[begin] == 0)


@inlined_kernel
def enter(closure: Closure, members: int, state: int, string: int, weight: float) -> None:
    """Make ``state`` the last of ``members + 1`` members."""
    closure.place[state] = members
    closure.states[members] = state
    closure.strings[members] = string
    closure.weights[members] = math.inf
    closure.waiting[members] = weight
    closure.visits[members] = 0
    closure.queued[members] = False


@inlined_kernel
def is_news(closure: Closure, member: int, rules: Rules) -> bool:
    """Return whether the waiting cost changes a member's by more than delta."""
    before = float(closure.weights[member])
    if math.isinf(before):
        return True
    return before - sum_of(before, closure.waiting[member], rules.use_log) > rules.delta


@inlined_kernel
def close(fst: FstArrays, strings: Strings, closure: Closure, members: int, rules: Rules, counts: Counts) -> int:
    """Follow the epsilon arcs (which stand first) of the members; return how many there are then, or -1 with trouble.

    A cost is sent on when it differs by more than ``delta`` from what was sent before.
    """
    room = len(closure.states)
    head, length = 0, 0
    for member in range(members):
        if has_epsilon(fst, closure.states[member]):
            closure.ring[length] = member
            closure.queued[member] = True
            length += 1
    while length > 0:
        member = int(closure.ring[head])
        head = 0 if head + 1 == room else head + 1
        length -= 1
        waiting = float(closure.waiting[member])
        closure.weights[member] = sum_of(closure.weights[member], waiting, rules.use_log)
        closure.waiting[member] = math.inf
        closure.queued[member] = False
        closure.visits[member] += 1
        state = closure.states[member]
        if closure.visits[member] > MOST_VISITS:
            return failed(counts, ENDLESS, state, 0, 0)
        for arc in range(fst.arc_begin[state], fst.arc_begin[state + 1]):
            if fst.ilabels[arc] != 0:
                break
            weight = np.float32(waiting + fst.weights[arc])
            if math.isinf(weight):
                continue
            target = int(fst.nextstates[arc])
            string = appended(strings, closure.strings[member], fst.olabels[arc])
            if string < 0 or members == room:
                counts.wanted[2] = members + 1
                return failed(counts, NO_ROOM, target, 0, 0)
            other = int(closure.place[target])
            if other >= members or closure.states[other] != target:
                other = members
                enter(closure, members, target, string, weight)
                members += 1
            elif closure.strings[other] != string:
                return failed(counts, NOT_FUNCTIONAL, target, closure.strings[other], string)
            else:
                closure.waiting[other] = sum_of(closure.waiting[other], weight, rules.use_log)
            if not closure.queued[other] and has_epsilon(fst, target) and is_news(closure, other, rules):
                closure.ring[head + length - room if head + length >= room else head + length] = other
                closure.queued[other] = True
                length += 1
    return members
