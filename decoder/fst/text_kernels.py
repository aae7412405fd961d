"""Parsing the lines of a transducer's text, compiled: numbers and costs from bytes, names through a hash table."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel

NEWLINE, RETURN, SPACE, TAB = 10, 13, 32, 9
MOST_FIELDS = 5
NAME_BITS = 20
"""A name is kept as the place of its first byte, shifted by so many bits, plus its length."""
POWERS_OF_TEN = 10.0 ** np.arange(23)
"""Those that float64 holds exactly."""


class Rows(NamedTuple):
    """What the lines say, a row each: source, target (-1 in a final state's), input, output; the costs."""

    numbers: NDArray[np.int64]
    costs: NDArray[np.float64]
    odd: NDArray[np.int64]
    """Row after row, begin and end of the costs that were left NaN for somebody else to read."""


@inlined_kernel
def split(data: NDArray[np.uint8], at: int, end: int, spans: NDArray[np.int64]) -> int:
    """Write begin and end of each field of a line into ``spans`` and return their number, at most one too many."""
    while end > at and data[end - 1] == RETURN:
        end -= 1
    fields = 0
    while True:
        while at < end and (data[at] == SPACE or data[at] == TAB):
            at += 1
        if at == end or fields > MOST_FIELDS:
            return fields
        begin = at
        while at < end and data[at] != SPACE and data[at] != TAB:
            at += 1
        spans[2 * fields] = begin
        spans[2 * fields + 1] = at
        fields += 1


@inlined_kernel
def parse_number(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the number from 0 to 2^31 - 1 that a field holds, or -1."""
    if end - at > 10:
        return -1
    value = 0
    for place in range(at, end):
        digit = np.int64(data[place]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value if value < 2**31 else -1


@inlined_kernel
def parse_cost(data: NDArray[np.uint8], at: int, end: int) -> float:
    """Return a number that float32 rounds as it does the number in the field; NaN where that takes more than this.

    Eighteen digits and a power of ten make a float64 that is off by less than two units in its last place; where
    float32 rounds both ends of that range alike, it is near enough.
    """
    negative = data[at] == 45
    if negative:
        at += 1
    digits = 0
    mantissa = 0
    scale = 0
    point = False
    while at < end:
        digit = np.int64(data[at]) - 48
        if digit >= 0 and digit <= 9:
            digits += 1
            if mantissa < 10**17:
                mantissa = mantissa * 10 + digit
                scale -= point
            else:
                scale += not point
        elif digit == -2 and not point:
            point = True
        else:
            break
        at += 1
    if digits == 0:
        return np.nan
    if at < end and (data[at] == 101 or data[at] == 69):
        at += 1
        down = at < end and data[at] == 45
        if down or (at < end and data[at] == 43):
            at += 1
        exponent = parse_number(data, at, end)
        if at == end or exponent < 0:
            return np.nan
        scale += -exponent if down else exponent
    elif at < end:
        return np.nan
    if scale < -22 or scale > 19:  # beyond, 10^18 times the power could be too great for float32
        return np.nan
    value = mantissa / POWERS_OF_TEN[-scale] if scale < 0 else mantissa * POWERS_OF_TEN[scale]
    if np.float32(value * (1 - 2**-50)) != np.float32(value * (1 + 2**-50)):
        return np.nan
    return -value if negative else value


@kernel
def parse_rows(data: NDArray[np.uint8], named: NDArray[np.uint8], labels: int, rows: Rows) -> tuple[int, int]:
    """Read the lines into ``rows`` and return how many rows and odd costs they give, (-1, line) where one is wrong.

    ``named``, (4,), says which of source, target, input and output are names, kept as their places; ``labels`` is 2,
    or 1 for acceptors.
    """
    numbers = rows.numbers
    spans = np.empty(2 * (MOST_FIELDS + 1), dtype=np.int64)
    row = 0
    odd = 0
    at = 0
    while at < len(data):
        end = at
        while end < len(data) and data[end] != NEWLINE:
            end += 1
        fields = split(data, at, end, spans)
        at = end + 1
        if fields == 0:
            continue
        if fields > 2 and (fields < 2 + labels or fields > 3 + labels):
            return -1, row
        for column in range(2 + labels if fields > 2 else 1):
            begin, end = spans[2 * column], spans[2 * column + 1]
            if not named[column]:
                numbers[row, column] = parse_number(data, begin, end)
            else:
                numbers[row, column] = begin << NAME_BITS | (end - begin) if end - begin < 1 << NAME_BITS else -1
            if numbers[row, column] < 0:
                return -1, row
        if fields <= 2:
            numbers[row, 1] = -1
        rows.costs[row] = 0.0
        if fields == 2 or fields == 3 + labels:
            begin, end = spans[2 * fields - 2], spans[2 * fields - 1]
            rows.costs[row] = parse_cost(data, begin, end)
            if np.isnan(rows.costs[row]):
                rows.odd[2 * odd] = begin
                rows.odd[2 * odd + 1] = end
                odd += 1
        row += 1
    return row, odd


@inlined_kernel
def hash_of(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return the hash of some bytes, 32 bits (FNV-1a)."""
    value = 2166136261
    for place in range(begin, end):
        value = ((value ^ np.int64(data[place])) * 16777619) & 0xFFFFFFFF
    return value


@kernel
def hash_names(names: NDArray[np.uint8], ends: NDArray[np.int64], slots: NDArray[np.int32]) -> None:
    """Enter ``names``, parted by a byte each and ending at ``ends``, into ``slots``, a power of two that are -1."""
    begin = 0
    for name in range(len(ends)):
        slot = hash_of(names, begin, ends[name]) & (len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = name
        begin = ends[name] + 1


@kernel
def find_names(
    data: NDArray[np.uint8],
    numbers: NDArray[np.int64],
    column: int,
    names: NDArray[np.uint8],
    ends: NDArray[np.int64],
    labels: NDArray[np.int64],
    slots: NDArray[np.int32],
) -> bool:
    """Replace the places in a column by the labels of the names that stand there; False where one is not known."""
    for row in range(len(numbers)):
        if numbers[row, 1] < 0 and column > 0:
            continue  # a final state has no more than itself
        begin = numbers[row, column] >> NAME_BITS
        end = begin + (numbers[row, column] & ((1 << NAME_BITS) - 1))
        slot = hash_of(data, begin, end) & (len(slots) - 1)
        while True:
            name = slots[slot]
            if name < 0:
                return False
            first = 0 if name == 0 else ends[name - 1] + 1
            same = ends[name] - first == end - begin
            for place in range(end - begin):
                same = same and data[begin + place] == names[first + place]
            if same:
                break
            slot = (slot + 1) & (len(slots) - 1)
        numbers[row, column] = labels[name]
    return True


@kernel
def number_states(numbers: NDArray[np.int64], new: NDArray[np.int64]) -> int:
    """Renumber sources and targets as they appear; ``new``, by the old number, is -1 before. Return how many."""
    states = 0
    for row in range(len(numbers)):
        for column in range(2):
            old = numbers[row, column]
            if old < 0:
                continue
            if new[old] < 0:
                new[old] = states
                states += 1
            numbers[row, column] = new[old]
    return states
