"""Compiled kernels of determinization: weighted subset construction over flat arrays.

The construction is that of Mohri, "Finite-state transducers in language and speech processing" (1997): a state of the
result is a set of input states, each with the output string and the cost that are still owed there; what all of them
owe alike is paid on the way in. Following input-epsilon arcs within the construction, and comparing owed costs with a
tolerance, are Kaldi's ways (DeterminizeStar).
"""

import math

import numpy as np

from ...jit import inlined_kernel, kernel
from .determinize_arrays import (
    COMPLETE,
    NO_ROOM,
    NOT_FUNCTIONAL,
    TOO_LONG,
    TOO_MANY,
    Closure,
    Counts,
    Made,
    Reached,
    Rules,
    Subsets,
)
from .determinize_closure_kernels import appended, close, enter, failed, has_epsilon, sum_of
from .determinize_sort_kernels import merge_runs
from .determinize_subset_kernels import common_string, common_weight, numbered
from .string_table import EMPTY, Strings
from .transducer import FstArrays


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
