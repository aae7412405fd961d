"""Compiled kernels of determinization: weighted subset construction over flat arrays.

The construction is that of Mohri, "Finite-state transducers in language and speech processing" (1997): a state of the
result is a set of input states, each with the output string and the cost that are still owed there; what all of them
owe alike is paid on the way in. Following input-epsilon arcs within the construction, and comparing owed costs with a
tolerance, are Kaldi's ways (DeterminizeStar).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .strings_kernels import EMPTY, Strings, common_length, joined, mixed, paired, string_length, without_prefix
from .transducer import FstArrays

COMPLETE = 0
NO_ROOM = 1
NOT_FUNCTIONAL = 2
ENDLESS = 3
TOO_MANY = 4
TOO_LONG = 5
MOST_VISITS = 20_000  # of one state within one closure; costs that still fall then fall for ever


class Rules(NamedTuple):
    """What kind of determinization: follow epsilons or not, pay whole prefixes or a label at a time, and so on.

    ``most_states`` and ``most_labels`` limit the subsets and the labels that all their elements owe.
    """

    use_log: bool
    follow_epsilons: bool
    whole_prefix: bool
    delta: float
    most_states: int
    most_labels: int


class Subsets(NamedTuple):
    """The states made so far: the elements of subset ``n`` are ``begin[n]:begin[n + 1]`` of the three arrays.

    ``slots`` (-1 where free) finds a subset by its digest; ``alone`` (a place an input state) names the subset that is
    that state alone, owing nothing. ``stack`` lists those to be worked off; ``rank`` tells when each was.
    """

    begin: NDArray[np.int64]
    digests: NDArray[np.int32]
    slots: NDArray[np.int32]
    alone: NDArray[np.int32]
    stack: NDArray[np.int32]
    rank: NDArray[np.int32]
    states: NDArray[np.int32]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]


class Made(NamedTuple):
    """The result: the arcs of its state ``n`` are ``begin[n]:begin[n + 1]``, to subsets; outputs are strings.

    A subset's state is its rank, since the last subset made is worked off first: then what is near in the result is
    near in memory.
    """

    begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    final_weights: NDArray[np.float32]
    final_strings: NDArray[np.int32]


class Closure(NamedTuple):
    """Room for the subset at hand and what its epsilon arcs reach; ``place`` (a place an input state) finds members.

    ``weights`` is the cost that was sent on along the arcs, ``waiting`` what came in since.
    """

    place: NDArray[np.int32]
    states: NDArray[np.int32]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]
    waiting: NDArray[np.float32]
    visits: NDArray[np.int32]
    ring: NDArray[np.int32]
    queued: NDArray[np.bool_]


class Reached(NamedTuple):
    """Room for the arcs that leave the subset at hand: label << 32 | state, what is owed, and their order in runs."""

    keys: NDArray[np.int64]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]
    order: NDArray[np.int32]
    spare: NDArray[np.int32]
    runs: NDArray[np.int32]


class Counts(NamedTuple):
    """Numbers that survive a stop for more room: of subsets, elements, arcs, subsets worked off, labels
    owed and subsets waiting.

    ``wanted`` holds the arcs that leave the subset at hand, the runs that they come in, and the members that need
    room; ``trouble`` what stopped the kernels, the input state and the two strings at fault.
    """

    subsets: NDArray[np.int64]
    elements: NDArray[np.int64]
    arcs: NDArray[np.int64]
    done: NDArray[np.int64]
    owed: NDArray[np.int64]
    waiting: NDArray[np.int64]
    wanted: NDArray[np.int64]
    trouble: NDArray[np.int64]


@inlined_kernel
def sum_of(first: float, second: float, use_log: bool) -> float:
    """Return the semiring's sum of two costs."""
    low = min(first, second)
    if not use_log or math.isinf(low):
        return low
    return low - math.log1p(math.exp(-abs(first - second)))


@inlined_kernel
def merge_runs(
    keys: NDArray[np.int64],
    order: NDArray[np.int32],
    spare: NDArray[np.int32],
    bounds: NDArray[np.int32],
    runs: int,
) -> None:
    """Merge ``runs`` stretches of ``order``, begun at ``bounds`` and each sorted by key, until all is sorted.

    Equal keys keep their order; ``spare`` and ``bounds`` are overwritten.
    """
    source, target = order, spare
    in_place = True
    total = bounds[runs]
    while runs > 1:
        out = 0
        for run in range(0, runs, 2):
            begin, middle = bounds[run], bounds[run + 1]
            end = bounds[run + 2] if run + 2 <= runs else middle
            left, right = begin, middle
            for to in range(begin, end):
                if right >= end or (left < middle and keys[source[left]] <= keys[source[right]]):
                    target[to] = source[left]
                    left += 1
                else:
                    target[to] = source[right]
                    right += 1
            bounds[out] = begin
            out += 1
        bounds[out] = total
        runs = out
        source, target = target, source
        in_place = not in_place
    if not in_place:
        for at in range(total):
            order[at] = spare[at]


@kernel
def sort_by_label_and_state(fst: FstArrays, most: int, result: NDArray[np.int64]) -> bool:
    """Write the order of the arcs by source, input label and next state; ``most`` arcs leave one state at most.

    Return whether that is the order in which they stand.
    """
    in_order = True
    keys = np.empty(most, dtype=np.int64)
    order = np.empty(most, dtype=np.int32)
    spare = np.empty(most, dtype=np.int32)
    bounds = np.empty(most + 1, dtype=np.int32)
    for state in range(len(fst.final_weights)):
        begin = fst.arc_begin[state]
        count = fst.arc_begin[state + 1] - begin
        runs = 0
        for at in range(count):
            keys[at] = (np.int64(fst.ilabels[begin + at]) << 32) | fst.nextstates[begin + at]
            order[at] = at
            if at == 0 or keys[at] < keys[at - 1]:
                bounds[runs] = at
                runs += 1
        bounds[runs] = count
        merge_runs(keys, order, spare, bounds, runs)
        for at in range(count):
            result[begin + at] = begin + order[at]
        in_order &= runs <= 1
    return in_order


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


@inlined_kernel
def has_epsilon(fst: FstArrays, state: int) -> bool:
    """Return whether the first arc of ``state`` reads nothing."""
    begin = fst.arc_begin[state]
    if begin == fst.arc_begin[state + 1]:
        return False
    return bool(fst.ilabels[begin] == 0)


@inlined_kernel
def is_news(closure: Closure, member: int, rules: Rules) -> bool:
    """Return whether the waiting cost changes a member's by more than delta."""
    before = float(closure.weights[member])
    if math.isinf(before):
        return True
    return before - sum_of(before, closure.waiting[member], rules.use_log) > rules.delta


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
def finish(fst: FstArrays, closure: Closure, members: int, made: Made, at: int, rules: Rules, counts: Counts) -> bool:
    """Write the final weight and string of state ``at`` of the result; False where the members disagree."""
    weight = math.inf
    string = EMPTY
    for member in range(members):
        cost = float(fst.final_weights[closure.states[member]])
        if math.isinf(cost):
            continue
        if not math.isinf(weight) and string != closure.strings[member]:
            failed(counts, NOT_FUNCTIONAL, closure.states[member], string, closure.strings[member])
            return False
        string = int(closure.strings[member])
        weight = sum_of(weight, closure.weights[member] + cost, rules.use_log)
    made.final_weights[at] = weight
    made.final_strings[at] = string
    return True


@inlined_kernel
def gather(
    fst: FstArrays, strings: Strings, closure: Closure, members: int, reached: Reached, rules: Rules, counts: Counts
) -> int:
    """List the arcs that leave the members, in a run a member; return how many, or -1 with trouble."""
    arc_begin, ilabels, olabels, arc_weights, nextstates, _ = fst
    keys, owed, weights, order = reached.keys, reached.strings, reached.weights, reached.order
    first_label = 1 if rules.follow_epsilons else 0
    total = 0
    runs = 0
    for member in range(members):
        state = closure.states[member]
        more = arc_begin[state + 1] - arc_begin[state]
        if total + more + 1 > len(keys):  # runs need one place more than arcs
            counts.wanted[0] = total + more + 1
            return failed(counts, NO_ROOM, state, 0, 0)
        begin = total
        before = int(closure.strings[member])
        weight = closure.weights[member]
        for arc in range(arc_begin[state], arc_begin[state + 1]):
            cost = weight + arc_weights[arc]
            if ilabels[arc] < first_label or math.isinf(cost):
                continue
            string = before
            if olabels[arc] != 0:
                string = appended(strings, before, olabels[arc])
                if string < 0:
                    return failed(counts, NO_ROOM, state, 0, 0)
            keys[total] = (np.int64(ilabels[arc]) << 32) | nextstates[arc]
            owed[total] = string
            weights[total] = cost
            order[total] = total
            total += 1
        if total > begin:
            reached.runs[runs] = begin
            runs += 1
    reached.runs[runs] = total
    counts.wanted[1] = runs
    return total


@inlined_kernel
def common_string(strings: Strings, subsets: Subsets, low: int, high: int, rules: Rules) -> int:
    """Return what the elements ``low:high`` all owe, the whole prefix or a label of it, and take it off them."""
    owed = subsets.strings
    first = int(owed[low])
    if first == EMPTY:
        return EMPTY
    length = string_length(strings, first) if rules.whole_prefix else 1
    equal = True
    for at in range(low + 1, high):
        if owed[at] != first:
            equal = False
            length = common_length(strings, first, owed[at], length)
            if length == 0:
                return EMPTY
    rest = without_prefix(strings, first, length)
    common = first if rest == EMPTY else joined(strings, first, length, EMPTY)
    if common >= 0:
        for at in range(low, high):
            owed[at] = rest if equal else without_prefix(strings, owed[at], length)
    return common


@inlined_kernel
def common_weight(subsets: Subsets, low: int, high: int, use_log: bool) -> float:
    """Return the sum of what the elements ``low:high`` owe, and take it off them."""
    total = float(subsets.weights[low])
    for at in range(low + 1, high):
        cost = float(subsets.weights[at])
        total = sum_of(total, cost, use_log)
    common = np.float32(total)
    for at in range(low, high):
        subsets.weights[at] -= common
    return float(common)


@inlined_kernel
def alike(subsets: Subsets, subset: int, low: int, high: int, delta: float) -> bool:
    """Return whether ``subset`` has the elements ``low:high``, each cost within ``delta``."""
    begin = subsets.begin[subset]
    if subsets.begin[subset + 1] - begin != high - low:
        return False
    for at in range(low, high):
        other = begin + at - low
        if subsets.states[other] != subsets.states[at]:
            return False
        if subsets.strings[other] != subsets.strings[at]:
            return False
        if not abs(subsets.weights[other] - subsets.weights[at]) <= delta:
            return False
    return True


@inlined_kernel
def numbered(strings: Strings, subsets: Subsets, low: int, high: int, delta: float, counts: Counts) -> int:
    """Return the number of the subset with the elements ``low:high``, the last ones, which stay where it is new.

    A digest holds the states and strings, and the sum of the costs in wide steps; where a like subset's sum may fall
    into a neighbouring step, that one is looked at too.
    """
    digest = 0
    total = 0.0
    for at in range(low, high):
        digest = mixed(mixed(digest, subsets.states[at]), subsets.strings[at])
        total += subsets.weights[at]
    slack = (high - low) * delta
    position = min(max(total / (8.0 * slack), -1e15), 1e15)
    step = math.floor(position)
    beside = step - 1 if position - step < 0.5 else step + 1
    mask = len(subsets.slots) - 1
    own = mixed(digest, step)
    looking_beside = abs(position - step - 0.5) >= 0.37
    slot = (mixed(digest, beside) if looking_beside else own) & mask
    while True:
        known = int(subsets.slots[slot])
        if known < 0:
            if not looking_beside:
                break
            looking_beside = False
            slot = own & mask
            continue
        if alike(subsets, known, low, high, delta):
            return known
        slot = (slot + 1) & mask
    fresh = int(counts.subsets[0])
    subsets.digests[fresh] = own
    subsets.slots[slot] = fresh
    subsets.begin[fresh + 1] = high
    for at in range(low, high):
        counts.owed[0] += string_length(strings, subsets.strings[at])
    waiting = counts.waiting[0]
    subsets.stack[waiting] = fresh
    counts.waiting[0] = waiting + 1
    counts.subsets[0] += 1
    counts.elements[0] = high
    return fresh


@inlined_kernel
def branch(
    strings: Strings, subsets: Subsets, made: Made, reached: Reached, total: int, rules: Rules, counts: Counts
) -> bool:
    """Write an arc for each label of the ``total`` arcs reached, to the subset of what it leads to; False: trouble."""
    keys, owed, costs = reached.keys, reached.strings, reached.weights
    states, strings_owed, weights = subsets.states, subsets.strings, subsets.weights
    alone, tails = subsets.alone, strings.tails
    _, ilabels, arc_strings, arc_weights, nextstates, _, _ = made
    order = reached.order
    merge_runs(keys, order, reached.spare, reached.runs, counts.wanted[1])
    arc = counts.arcs[0]
    at = 0
    while at < total:
        label = keys[order[at]] >> 32
        low = int(counts.elements[0])
        top = low
        while at < total and keys[order[at]] >> 32 == label:
            item = order[at]
            state = keys[item] & 0x7FFFFFFF
            if top > low and states[top - 1] == state:
                if strings_owed[top - 1] != owed[item]:
                    failed(counts, NOT_FUNCTIONAL, state, strings_owed[top - 1], owed[item])
                    return False
                weights[top - 1] = sum_of(weights[top - 1], costs[item], rules.use_log)
            else:
                states[top] = state
                strings_owed[top] = owed[item]
                weights[top] = costs[item]
                top += 1
            at += 1
        string = int(strings_owed[low])
        weight = float(weights[low])
        if top - low == 1 and (rules.whole_prefix or tails[string] == EMPTY):  # a state alone, which then owes nothing
            strings_owed[low] = EMPTY
            weights[low] = 0.0
            target = int(alone[states[low]])
        else:
            string = common_string(strings, subsets, low, top, rules)
            if string < 0:
                failed(counts, NO_ROOM, 0, 0, 0)
                return False
            weight = common_weight(subsets, low, top, rules.use_log)
            target = -1
        if target < 0:
            target = numbered(strings, subsets, low, top, rules.delta, counts)
            if top - low == 1 and strings_owed[low] == EMPTY:
                alone[states[low]] = target
        ilabels[arc] = label
        arc_strings[arc] = string
        arc_weights[arc] = weight
        nextstates[arc] = target
        arc += 1
    counts.arcs[0] = arc
    return True


@inlined_kernel
def work_off(
    fst: FstArrays,
    strings: Strings,
    subsets: Subsets,
    subset: int,
    made: Made,
    closure: Closure,
    reached: Reached,
    rules: Rules,
    counts: Counts,
) -> int:
    """Write the arcs and the final weight of ``subset``; return COMPLETE, or what stopped it."""
    at = counts.done[0]
    counts.arcs[0] = made.begin[at]
    counts.wanted[:] = 0
    begin = subsets.begin[subset]
    members = int(subsets.begin[subset + 1] - begin)
    if members > len(closure.states):
        counts.wanted[2] = members
        return NO_ROOM
    closed = True
    for member in range(members):
        element = begin + member
        enter(closure, member, subsets.states[element], subsets.strings[element], subsets.weights[element])
        if rules.follow_epsilons and has_epsilon(fst, subsets.states[element]):
            closed = False
    if not closed:
        members = close(fst, strings, closure, members, rules, counts)
        if members < 0:
            return int(counts.trouble[0])
    for member in range(members):
        waiting = closure.waiting[member]
        if not math.isinf(waiting):
            closure.weights[member] = sum_of(closure.weights[member], waiting, rules.use_log)
    if not finish(fst, closure, members, made, at, rules, counts):
        return int(counts.trouble[0])
    total = gather(fst, strings, closure, members, reached, rules, counts)
    if total < 0:
        return int(counts.trouble[0])
    if (
        counts.arcs[0] + total > len(made.ilabels)
        or counts.subsets[0] + total >= len(made.final_weights)
        or counts.elements[0] + total > len(subsets.states)
    ):
        counts.wanted[0] = total
        return NO_ROOM
    if not branch(strings, subsets, made, reached, total, rules, counts):
        return int(counts.trouble[0])
    return COMPLETE


@kernel
def expand(
    fst: FstArrays,
    strings: Strings,
    subsets: Subsets,
    made: Made,
    closure: Closure,
    reached: Reached,
    rules: Rules,
    counts: Counts,
) -> int:
    """Work off the subsets, the last one made first; return COMPLETE, or what stopped it.

    After NO_ROOM, Python gives more of it and calls again: the subset at hand is then done anew, and what it had
    entered already is found again.
    """
    while counts.waiting[0] > 0:
        if counts.subsets[0] > rules.most_states:
            return TOO_MANY
        if counts.owed[0] > rules.most_labels:
            return TOO_LONG
        counts.waiting[0] -= 1
        subset = int(subsets.stack[counts.waiting[0]])
        status = work_off(fst, strings, subsets, subset, made, closure, reached, rules, counts)
        if status != COMPLETE:
            subsets.stack[counts.waiting[0]] = subset
            counts.waiting[0] += 1
            return status
        done = counts.done[0]
        subsets.rank[subset] = done
        made.begin[done + 1] = counts.arcs[0]
        counts.done[0] = done + 1
    return COMPLETE


@kernel
def refill_subsets(digests: NDArray[np.int32], count: int, slots: NDArray[np.int32]) -> None:
    """Enter ``count`` subsets into ``slots``, which are all free."""
    for subset in range(count):
        slot = digests[subset] & (len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = subset
