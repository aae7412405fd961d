"""Patterns of spoken figures: at a place in a line of words, what can be written there, and how far it reaches.

What could mean several things ("six thirty", "ten fifteen", "five pounds") is not taken.
"""

from collections.abc import Callable, Sequence
from typing import Final

from .abbreviations import DOMAINS
from .spoken_amounts import Found, WrittenOptions, amount, stands_alone, with_magnitude
from .spoken_dates import MONTHS, day_month, decade, hundreds, lone_year, month_day, month_year, time_of_day
from .spoken_numbers import (
    FRACTION_WORDS,
    JOINERS,
    MAGNITUDES,
    NUMBER_WORDS,
    ORDINAL_WORDS,
    parse_cardinal,
    parse_digits,
    parse_ordinal,
)

SIGNS: Final = {"dollar": "$", "dollars": "$", "euro": "€", "euros": "€", "rupees": "₹", "yen": "¥"}
_SMALL_MONEY: Final = {
    "dollar": ("cent", "cents"),
    "dollars": ("cent", "cents"),
    "euro": ("cent", "cents"),
    "euros": ("cent", "cents"),
    "pound": ("penny", "pence"),
    "pounds": ("penny", "pence"),
}
BEGIN: Final = frozenset({*NUMBER_WORDS, *ORDINAL_WORDS, *MONTHS, "the"}) - {"hundred"}
WORTH_A_LOOK: Final = (BEGIN | {"dot"}) - {"the", "may", "march", "one"}
COUNTED: Final = frozenset({*SIGNS, *MAGNITUDES, "percent", "m", "hundred"})
"""Words that make figures of a "one" before them."""
_BEFORE_RANKS: Final = frozenset("the on his her its their our my your this every".split()) | MONTHS  # noqa: SIM905
_HOSTS: Final = frozenset(DOMAINS.split())


def _money(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    figures, end = with_magnitude(words, at)
    if not figures or end == len(words) or not (words[end] in SIGNS or words[end] in _SMALL_MONEY):
        return None
    before = words[at - 1] if at else ""
    joined = before == "and" and at > 1 and words[at - 2] in NUMBER_WORDS
    if joined or before in NUMBER_WORDS or before in JOINERS:
        return None
    unit, end = words[end], end + 1
    if unit in _SMALL_MONEY and end < len(words) and words[end] == "and" and figures.replace(",", "").isdecimal():
        cents, after = parse_cardinal(words, end + 1)
        if end + 1 < after < len(words) and cents < 100 and words[after] == _SMALL_MONEY[unit][cents != 1]:
            return f"{SIGNS.get(unit, '£')}{figures}.{cents:02d}", after + 1
    return (f"{SIGNS[unit]}{figures}", end) if unit in SIGNS else None


def _range(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    """Write "five to ten dollars" and "five to ten percent", where the first number lacks what the second has."""
    first, end = amount(words, at)
    if not first or end + 1 >= len(words) or words[end] != "to" or not stands_alone(words, at, end):
        return None
    for rule in (_money, _percent, time_of_day):
        found = rule(words, end + 1, options)
        if found and rule is _money and found[0][1:].replace(" ", "").isalnum():
            return f"{found[0][0]}{first}-{found[0][1:]}", found[1]
        if found and rule is _percent:
            return f"{first}-{found[0]}", found[1]
        if found and rule is time_of_day and end == at + 1 and int(first.replace(",", "")) <= 12:
            return f"{first} to {found[0]}", found[1]
    return None


def _percent(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    figures, end = amount(words, at)
    if figures and end < len(words) and words[end] == "percent" and stands_alone(words, at, end):
        return f"{figures}%", end + 1
    return None


def _telephone(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    figures, end = parse_digits(words, at)
    if len(figures) not in (7, 10) or not stands_alone(words, at, end) or figures in "01234567890123456789":
        return None
    area = f"{figures[:3]}-" if len(figures) == 10 else ""
    return f"{area}{figures[-7:-4]}-{figures[-4:]}", end


def _zeros(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    figures, end = parse_digits(words, at)
    return (figures, end) if figures[:1] == "0" and len(figures) > 1 and stands_alone(words, at, end) else None


def _rank(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    value, end = parse_ordinal(words, at)
    if value < max(options.smallest, 1) or (
        at and (words[at - 1] in NUMBER_WORDS or words[at - 1] in JOINERS or words[at - 1] == "and")
    ):
        return None
    if end < len(words) and (words[end] in NUMBER_WORDS or words[end] in FRACTION_WORDS):
        return None
    if words[end - 1] == "second" and not (at and words[at - 1] in _BEFORE_RANKS):
        return None  # a thirty second break
    suffix = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:,}{suffix}", end


def _number(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    figures, end = with_magnitude(words, at)
    if not figures or not stands_alone(words, at, end):
        return None
    if figures.isdecimal() and int(figures) < options.smallest:
        return None
    if (
        (end < len(words) and words[end] == "o'clock")
        or (at and words[at - 1] == "past")
        or tuple(words[max(0, at - 2) : at]) == ("quarter", "to")
    ):
        return None
    return figures, end


def _host(words: Sequence[str], at: int, options: WrittenOptions) -> Found:
    end = at + 2 if tuple(words[at : at + 3]) == ("w", "w", "w") else at
    begin = end
    while end + 2 < len(words) and words[end + 1] == "dot" and words[end].isalpha():
        end += 2
    if end > begin and words[end] in _HOSTS and not (at and words[at - 1] in ("dot", "w")):
        host = words[begin : end + 1 : 2]
        return ".".join(["www", *host[1:]] if begin > at else host), end + 1
    return None


GRAMMAR: Final[tuple[Callable[[Sequence[str], int, WrittenOptions], Found], ...]] = (
    month_day, day_month, month_year, decade, _range, time_of_day, _money, _percent, _telephone, _zeros, lone_year,
    hundreds, _rank, _number, _host,
)  # fmt: skip
