"""Single-precision numbers as text: the shortest decimal that reads back as the same number, exactly, in integers.

The decimal is found as in Raffaello Giulietti, "The Schubfach way to render doubles" (2020), for 24 bits: of the
decimals that round to the number, those with the fewest digits, and among them the nearest. A decimal of k places lies
in the interval that rounds to the number or it does not, which 96 bits of the interval's ends, scaled by a power of
ten, decide.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel

LONGEST_NUMBER = 16
"""Bytes that a written number takes at most: -1.2345678e-38."""

_LOWEST_POWER, _HIGHEST_POWER = -31, 45


def _power_of_ten(exponent: int) -> int:
    """Return 10**exponent scaled by a power of two to 64 bits, rounded up."""
    if exponent >= 0:
        value, shift = 10**exponent, (10**exponent).bit_length() - 64
        return value << -shift if shift <= 0 else -(-value >> shift)
    below = 10**-exponent
    return -(-(1 << (63 + below.bit_length())) // below)


_POWERS = np.array([_power_of_ten(power) for power in range(_LOWEST_POWER, _HIGHEST_POWER + 1)], np.uint64)

_PAIRS = np.frombuffer("".join(f"{pair:02}" for pair in range(100)).encode(), np.uint8)
_TENS = 10 ** np.arange(10)


@inner_kernel
def _floor_log2_of_power(exponent: int) -> int:
    """Return the floor of log2(10**exponent)."""
    return (exponent * 1741647) >> 19


@inner_kernel
def _scaled(power: np.uint64, ends: np.uint64) -> np.int64:
    """Return ``power`` times ``ends`` without its lower 64 bits, the last bit set where those held anything."""
    low = (power & np.uint64(0xFFFFFFFF)) * ends
    high = (power >> np.uint64(32)) * ends + (low >> np.uint64(32))
    rest = (high & np.uint64(0xFFFFFFFF)) > np.uint64(1)
    return np.int64(high >> np.uint64(32)) | np.int64(rest)


@inner_kernel
def shortest_decimal(bits: int) -> tuple[int, int]:
    """Return digits d and exponent k of the shortest decimal d * 10**k that rounds to the float32 with these ``bits``.

    ``bits`` are those of a finite number above 0.
    """
    fraction, biased = bits & 0x7FFFFF, bits >> 23
    significand = fraction | 0x800000 if biased else fraction
    exponent = (biased if biased else 1) - 150
    lower_is_closer = fraction == 0 and biased > 1
    odd = significand & 1
    # The floor of log10 of the distance to the next number; three quarters of it below a power of two.
    places = (exponent * 1262611 - (524031 if lower_is_closer else 0)) >> 22
    shift = np.uint64(exponent + _floor_log2_of_power(-places) + 1)
    power = _POWERS[-places - _LOWEST_POWER]
    middle = np.uint64(4 * significand)
    lower = _scaled(power, (middle - np.uint64(1 if lower_is_closer else 2)) << shift) + odd
    value = _scaled(power, middle << shift)
    upper = _scaled(power, (middle + np.uint64(2)) << shift) - odd
    digits = value >> 2
    if digits >= 10:
        shorter = digits // 10
        below, above = lower <= 40 * shorter, 40 * shorter + 40 <= upper
        if below != above:
            return shorter + above, places + 1
    below, above = lower <= 4 * digits, 4 * digits + 4 <= upper
    if below != above:
        return digits + above, places
    half = 4 * digits + 2
    return digits + (value > half or (value == half and digits & 1 == 1)), places


@inner_kernel
def write_number(bits: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the float32 with these ``bits`` into ``out`` from ``at`` on; return where it ends.

    Whole numbers have no point, zero no sign; below 0.0001 and from 1e10 on there is an exponent.
    """
    if bits & 0x7FFFFFFF == 0:
        out[at] = 48
        return at + 1
    if bits >> 31 & 1:
        out[at] = 45
        at += 1
    digits, places = shortest_decimal(bits & 0x7FFFFFFF)
    while digits % 10 == 0:
        digits //= 10
        places += 1
    length = 9
    while length > 1 and digits < _TENS[length - 1]:
        length -= 1
    point = length + places  # digits before the point
    if point < -3 or point > 10:
        return _write_exponent(_write_fixed(digits, length, 1, out, at), point - 1, out)
    if point > 0:
        return _write_fixed(digits, length, point, out, at)
    out[at], out[at + 1] = 48, 46
    at += 2
    for _ in range(-point):
        out[at] = 48
        at += 1
    _write_digits(digits, length, out, at)
    return at + length


@inner_kernel
def _write_fixed(digits: int, length: int, point: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the ``length`` ``digits`` with a point after the first ``point``, or zeros up to there."""
    if point >= length:
        _write_digits(digits, length, out, at)
        for place in range(at + length, at + point):
            out[place] = 48
        return at + point
    _write_digits(digits, length, out, at + 1)
    for place in range(at, at + point):
        out[place] = out[place + 1]
    out[at + point] = 46
    return at + length + 1


@inner_kernel
def _write_digits(digits: int, length: int, out: NDArray[np.uint8], at: int) -> None:
    """Write ``digits``, of which there are ``length``."""
    place = at + length
    while digits >= 100:
        rest = digits // 100
        pair = 2 * (digits - 100 * rest)
        place -= 2
        out[place], out[place + 1] = _PAIRS[pair], _PAIRS[pair + 1]
        digits = rest
    if digits >= 10:
        out[place - 2], out[place - 1] = _PAIRS[2 * digits], _PAIRS[2 * digits + 1]
    else:
        out[place - 1] = 48 + digits


@inner_kernel
def _write_exponent(at: int, exponent: int, out: NDArray[np.uint8]) -> int:
    out[at] = 101
    at += 1
    if exponent < 0:
        out[at] = 45
        at += 1
        exponent = -exponent
    if exponent >= 10:
        out[at] = 48 + exponent // 10
        at += 1
    out[at] = 48 + exponent % 10
    return at + 1
