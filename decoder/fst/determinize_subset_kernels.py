"""Compiled kernels of determinization that make subsets canonical and number them."""

import math

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .determinize_arrays import Counts, Rules, Subsets
from .determinize_closure_kernels import sum_of
from .string_table import EMPTY, Strings
from .strings_kernels import common_length, joined, mixed, string_length, without_prefix


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


@kernel
def refill_subsets(digests: NDArray[np.int32], count: int, slots: NDArray[np.int32]) -> None:
    """Enter ``count`` subsets into ``slots``, which are all free."""
    for subset in range(count):
        slot = digests[subset] & (len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = subset
