"""Printing a transducer as text, compiled: numbers, names and costs into a buffer of bytes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, inner_kernel, kernel
from .transducer import FstArrays

ZERO, TAB, NEWLINE, POINT, MINUS = 48, 9, 10, 46, 45
DIGITS = 9
POWERS_OF_TEN = 10.0 ** np.arange(13)
INFINITY = np.frombuffer(b"Infinity", dtype=np.uint8)


class Names(NamedTuple):
    """How the labels of a column are written: as ``text[begin[i]:begin[i + 1]]``, or as the number where none is."""

    ids: NDArray[np.int64]
    begin: NDArray[np.int64]
    text: NDArray[np.uint8]


@inner_kernel
def put_number(out: NDArray[np.uint8], at: int, number: int) -> int:
    """Write a number from 0 to 2^32 - 1 and return where it ends."""
    rest = np.uint32(number)  # unsigned: the divisions become multiplications
    end = at + 1
    limit = 10
    while number >= limit:
        end += 1
        limit *= 10
    for place in range(end - 1, at - 1, -1):
        tenth = rest // np.uint32(10)
        out[place] = ZERO + (rest - tenth * np.uint32(10))
        rest = tenth
    return end


@inlined_kernel
def put_name(out: NDArray[np.uint8], at: int, number: int, begin: NDArray[np.int64], text: NDArray[np.uint8]) -> int:
    """Write a label and return where it ends."""
    if len(begin) == 0:
        return put_number(out, at, number)
    for place in range(begin[number], begin[number + 1]):
        out[at] = text[place]
        at += 1
    return at


@inlined_kernel
def put_decimal(out: NDArray[np.uint8], at: int, size: float) -> int:
    """Write a number of float32 from 1e-4 up to below 1e9 with nine digits, zeros at the end left out (C's %.9g).

    Its 24 bits times a power of ten up to 10^12, which has 28 beside its twos, are exact in float64, so the one
    rounding is that to the digits, which goes to the even one from half way.
    """
    whole = 0  # digits before the point; at least -3
    while size >= POWERS_OF_TEN[whole] and whole < DIGITS:
        whole += 1
    if whole == 0:
        while whole > -3 and size * POWERS_OF_TEN[1 - whole] < 1.0:
            whole -= 1
    digits = np.int64(np.rint(size * POWERS_OF_TEN[DIGITS - whole]))
    if digits == 10**DIGITS:
        digits = 10 ** (DIGITS - 1)
        whole += 1
    if whole <= 0:
        for place in range(2 - whole):
            out[at + place] = POINT if place == 1 else ZERO
        at += 2 - whole
        end = put_number(out, at, digits)
    else:
        end = put_number(out, at, digits) + 1
        for place in range(end - 1, at + whole, -1):
            out[place] = out[place - 1]
        out[at + whole] = POINT
    while out[end - 1] == ZERO:
        end -= 1
    return end - 1 if out[end - 1] == POINT else end


@inlined_kernel
def put_cost(
    out: NDArray[np.uint8],
    at: int,
    cost: np.float32,
    always: bool,
    odd: NDArray[np.float32],
    begin: NDArray[np.int64],
    text: NDArray[np.uint8],
) -> int:
    """Write a tab and a cost, nothing for 0 unless ``always``; ``odd`` are those that have a text, rising."""
    if cost == 0 and not always:
        return at
    out[at] = TAB
    at += 1
    if cost == np.inf:
        for letter in INFINITY:
            out[at] = letter
            at += 1
        return at
    size = np.float64(abs(cost))
    if size != 0 and (size < 1e-4 or size >= 1e9):
        low, high = 0, len(odd)
        while high - low > 1:
            middle = (low + high) // 2
            if odd[middle] <= cost:
                low = middle
            else:
                high = middle
        return put_name(out, at, low, begin, text)
    if np.signbit(cost):
        out[at] = MINUS
        at += 1
    if size == 0:
        return put_number(out, at, 0)
    return put_decimal(out, at, size)


@kernel
def print_rows(
    fst: FstArrays,
    start: int,
    states: Names,
    inputs: Names,
    outputs: Names,
    acceptor: bool,
    odd: tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint8], bool],
    out: NDArray[np.uint8],
) -> int:
    """Write the lines of every state, the start's first, and return their bytes; ``odd`` is for ``put_cost``."""
    arc_begin, nextstates, weights, final_weights = fst.arc_begin, fst.nextstates, fst.weights, fst.final_weights
    state_ids, state_begin, state_text = states
    input_ids, input_begin, input_text = inputs
    output_ids, output_begin, output_text = outputs
    odd_costs, odd_begin, odd_text, always = odd
    at = 0
    for turn in range(len(final_weights)):
        state = start if turn == 0 else turn - 1 if turn <= start else turn
        end = arc_begin[state + 1]
        for arc in range(arc_begin[state], end + 1):  # the last is the line of a final state
            cost = final_weights[state] if arc == end else weights[arc]
            if arc == end and cost == np.inf and arc > arc_begin[state]:
                continue
            at = put_name(out, at, state_ids[state], state_begin, state_text)
            if arc < end:
                out[at] = TAB
                at = put_name(out, at + 1, state_ids[nextstates[arc]], state_begin, state_text)
                out[at] = TAB
                at = put_name(out, at + 1, input_ids[arc], input_begin, input_text)
                if not acceptor:
                    out[at] = TAB
                    at = put_name(out, at + 1, output_ids[arc], output_begin, output_text)
            at = put_cost(out, at, cost, always, odd_costs, odd_begin, odd_text)
            out[at] = NEWLINE
            at += 1
    return at
