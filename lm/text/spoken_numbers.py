"""Number words read back: the inverse of ``lm/text/numbers.py``, strict, so that only its own forms are taken.

Each parser takes words and says how many of them, from a place on, make a number, and which.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

from .numbers import cardinal, ordinal, plural, year

_UNITS: Final = {cardinal(number): number for number in range(20)}
_TENS: Final = {cardinal(number): number for number in range(20, 100, 10)}
_SCALES: Final = {cardinal(10**power).removeprefix("one "): 10**power for power in range(3, 34, 3)}
DIGITS: Final = {cardinal(number): str(number) for number in range(10)}
NUMBER_WORDS: Final = frozenset({*_UNITS, *_TENS, *_SCALES, "hundred"})
"""Words that a cardinal is made of, without "and"."""
JOINERS: Final = frozenset({"oh", "o", "point", "double", "triple"})
"""Words that make one number with the number words beside them."""
MAGNITUDES: Final = frozenset(name for name, value in _SCALES.items() if value >= 10**6)
_LAST_ORDINALS: Final = {
    ordinal(number).split()[-1]: cardinal(number).split()[-1] for number in (*range(20), *_TENS.values())
}
_LAST_ORDINALS_LARGE: Final = {f"{name}th": name for name in ("hundred", *_SCALES)}
ORDINAL_WORDS: Final = _LAST_ORDINALS | _LAST_ORDINALS_LARGE
"""The last word of a rank and the number word that it is made of."""
FRACTION_WORDS: Final = (
    frozenset({plural(word) for word in (*NUMBER_WORDS, *ORDINAL_WORDS)}) | {"half", "halves", "quarters"}
) - {"seconds"}
"""Words after which a number is part of something else: twenties, tenths, hundreds."""


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int]:
    """Return the value of one or two words at ``at`` and the place after them; the same place where there is none."""
    if at < len(words):
        if words[at] in _TENS:
            value = _TENS[words[at]]
            if at + 1 < len(words) and 0 < _UNITS.get(words[at + 1], 0) < 10:
                return value + _UNITS[words[at + 1]], at + 2
            return value, at + 1
        if words[at] in _UNITS:
            return _UNITS[words[at]], at + 1
    return 0, at


def _below_thousand(words: Sequence[str], at: int, loose: bool) -> tuple[int, int]:
    value, end = _below_hundred(words, at)
    if end == at + 1 and 0 < value < 10 and end < len(words) and words[end] == "hundred":
        value, end = value * 100, end + 1
        begin = end + (end < len(words) and words[end] == "and")
        if begin > end or loose:
            rest, after = _below_hundred(words, begin)
            if after > begin and rest:
                return value + rest, after
    return value, end


def parse_cardinal(words: Sequence[str], at: int, loose: bool = False) -> tuple[int, int]:
    """Return the number that begins at ``at`` and the place after it, which is ``at`` where none begins.

    The longest form that ``cardinal`` gives is taken: "one thousand two hundred and five", scales falling, "and" after
    hundreds and before a last group under a hundred; with ``loose`` these may lack.
    """
    total, end, last = 0, at, 10**36
    while True:
        begin = end
        joined = end > at and end + 1 < len(words) and words[end] == "and"
        value, after = _below_hundred(words, end + 1) if joined else _below_thousand(words, end, loose)
        if after == (end + 1 if joined else end):
            return total, begin
        scale = _SCALES.get(words[after], 0) if after < len(words) and not joined else 0
        if scale and scale < last and value > 0:
            total, last, end = total + value * scale, scale, after + 1
            continue
        small = end > at and value < 100 and not joined and not loose
        if (end > at and value == 0) or small:
            return total, begin
        return total + value, after


LONGEST: Final = 40
"""Words that a number may have; what is longer stays in words."""


def parse_digits(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return the figures of the single digits that begin at ``at``, and the place after them."""
    end = at
    while end < len(words) and words[end] in DIGITS:
        end += 1
        if end - at > LONGEST:
            return "", at
    return "".join(DIGITS[word] for word in words[at:end]), end


@cache
def _years() -> dict[tuple[str, ...], int]:
    return {tuple(year(number).split()): number for number in range(1010, 2100) if number % 1000 >= 10}


def parse_year(words: Sequence[str], at: int) -> tuple[int, int]:
    """Return a year that is said in two halves ("nineteen oh five"), and the place after it; else 0 and ``at``."""
    for length in (3, 2):
        number = _years().get(tuple(words[at : at + length]))
        if number and at + length <= len(words):
            return number, at + length
    return 0, at


def parse_ordinal(words: Sequence[str], at: int) -> tuple[int, int]:
    """Return a rank that begins at ``at`` and the place after it, else 0 and ``at``."""
    end = at
    while end < len(words) and (words[end] in NUMBER_WORDS or words[end] == "and") and end - at < LONGEST:
        end += 1
    if end == len(words) or words[end] not in ORDINAL_WORDS:
        return 0, at
    plain = [*words[at:end], ORDINAL_WORDS[words[end]]]
    value, after = parse_cardinal(plain, 0)
    return (value, end + 1) if after == len(plain) and ordinal(value).split() == list(words[at : end + 1]) else (0, at)


def with_ands(words: Sequence[str]) -> list[str]:
    """Return ``words`` with the "and" in numbers that ``cardinal`` gives and many speakers leave out."""
    said: list[str] = []
    at = 0
    while at < len(words):
        value, end = parse_cardinal(words, at, loose=True)
        if end > at + 1:
            said += cardinal(value).split()
            if end < len(words) and words[end - 1] == "hundred" and words[end] in ORDINAL_WORDS:
                said.append("and")
        else:
            end = at + 1
            said.append(words[at])
        at = end
    return said
