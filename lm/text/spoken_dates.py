"""Dates, years, decades and times of day among spoken words, and how they are written."""

from collections.abc import Sequence
from typing import Final

from .abbreviations import MONTH_NAMES
from .numbers import plural, year
from .spoken_amounts import Found, WrittenOptions, stands_alone
from .spoken_numbers import DIGITS, FRACTION_WORDS, JOINERS, NUMBER_WORDS, parse_cardinal, parse_ordinal, parse_year

MONTHS: Final = frozenset(MONTH_NAMES)
_DECADES: Final = {
    tuple(plural(year(number)).split()): f"{number}s" for number in (*range(1010, 2100, 10), 1900, 1800, 1700)
}
_BEFORE_YEARS: Final = (
    frozenset(
        (  # noqa: SIM905
            "in since of by year until till from during after before summer winter spring autumn fall "
            "early late mid circa between christmas through"
        ).split()
    )
    | MONTHS
)
_BEFORE_MONTH_VERBS: Final = frozenset(
    "on of by until since before after from to through for is was this next last".split()  # noqa: SIM905
)
_TIME_HALVES: Final = {"a": "a.m.", "p": "p.m."}


def _year_after(words: Sequence[str], at: int) -> tuple[int, int]:
    number, end = parse_year(words, at)
    if not number:
        number, end = parse_cardinal(words, at)
        if not (2000 <= number <= 2009 or number == 1000):
            return 0, at
    if end < len(words) and (words[end] in NUMBER_WORDS or words[end] in FRACTION_WORDS):
        return 0, at
    return number, end


def month_day(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "may fifth nineteen eighty four" as "May 5, 1984", and ranges of days."""
    if words[at] not in MONTHS or at + 1 == len(words):
        return None
    day, end = parse_ordinal(words, at + 1)
    month = words[at].capitalize()
    if not 1 <= day <= 31:
        return None
    if end < len(words) and words[end] == "to":
        until, after = parse_ordinal(words, end + 1)
        if day < until <= 31:
            number, last = _year_after(words, after)
            return (f"{month} {day}-{until}, {number}", last) if number else (f"{month} {day}-{until}", after)
    number, after = _year_after(words, end)
    if number:
        return f"{month} {day}, {number}", after
    if words[at] in ("may", "march") and at and words[at - 1] not in _BEFORE_MONTH_VERBS:
        return None
    return f"{month} {day}", end


def day_month(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "the fifth of may" as "5 May"."""
    if words[at] != "the":
        return None
    day, end = parse_ordinal(words, at + 1)
    if not 1 <= day <= 31 or end + 1 >= len(words) or words[end] != "of" or words[end + 1] not in MONTHS:
        return None
    month, end = words[end + 1].capitalize(), end + 2
    number, after = _year_after(words, end)
    return (f"{day} {month} {number}", after) if number else (f"{day} {month}", end)


def month_year(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "january nineteen oh five" as "January 1905"."""
    if words[at] not in MONTHS:
        return None
    number, end = _year_after(words, at + 1)
    return (f"{words[at].capitalize()} {number}", end) if number else None


def decade(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "nineteen sixties" as "1960s"."""
    figures = _DECADES.get(tuple(words[at : at + 2]))
    return (figures, at + 2) if figures and not (at and words[at - 1] in NUMBER_WORDS) else None


def lone_year(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write a year without a month, where the words around it or its form make it safe."""
    number, end = _year_after(words, at)
    if not number or not stands_alone(words, at, end):
        return None
    before = words[at - 1] if at else ""
    century, rest = divmod(number, 100)
    plain = (17 <= century <= 19 and (rest >= 20 or rest < 10)) or (century == 20 and 10 <= rest < 40 and rest != 20)
    return (str(number), end) if before in _BEFORE_YEARS or (plain and words[end - 1] != "and") else None


def hundreds(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "fifteen hundred" as "1500"."""
    number, end = parse_year(words, at)
    return (str(number), end) if number and number % 100 == 0 and stands_alone(words, at, end) else None


def time_of_day(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "six oh five p m" as "6:05 p.m."; without a.m. or p.m. a time stays in words."""
    hour, end = parse_cardinal(words, at)
    if end != at + 1 or not 1 <= hour <= 12 or (at and (words[at - 1] in NUMBER_WORDS or words[at - 1] in JOINERS)):
        return None
    minute = -1
    if end + 1 < len(words) and words[end] == "oh" and words[end + 1] in DIGITS:
        minute, end = int(DIGITS[words[end + 1]]), end + 2
    elif end < len(words) and words[end] in NUMBER_WORDS:
        minute, end = parse_cardinal(words, end)
        if not 10 <= minute < 60:
            return None
    if end + 1 < len(words) and words[end] in _TIME_HALVES and words[end + 1] == "m":
        clock = f"{hour}:{minute:02d}" if minute >= 0 else f"{hour}"
        return f"{clock} {_TIME_HALVES[words[end]]}", end + 2
    return None
