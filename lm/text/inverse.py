"""Spoken words back to written figures: numbers, money, dates, times, percent.

A small grammar, longest match first, over words as ``normalize`` gives them. What is said never changes: every text
with a new figure is normalised again, and a figure that would be read otherwise becomes words again. What could mean
several things ("six thirty", "ten fifteen", "five pounds") stays in words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ...errors import OptionsError
from .abbreviations import DOMAINS, MONTH_NAMES
from .normalizer import normalize
from .numbers import plural, year
from .spoken_numbers import (
    DIGITS,
    FRACTION_WORDS,
    MAGNITUDES,
    NUMBER_WORDS,
    ORDINAL_WORDS,
    parse_cardinal,
    parse_digits,
    parse_ordinal,
    parse_year,
)  # fmt: skip

_MONTHS: Final = frozenset(MONTH_NAMES)
_DECADES: Final = {
    tuple(plural(year(number)).split()): f"{number}s" for number in (*range(1010, 2100, 10), 1900, 1800, 1700)
}
_SIGNS: Final = {"dollar": "$", "dollars": "$", "euro": "€", "euros": "€", "rupees": "₹", "yen": "¥"}
_SMALL_MONEY: Final = {
    "dollar": ("cent", "cents"),
    "dollars": ("cent", "cents"),
    "euro": ("cent", "cents"),
    "euros": ("cent", "cents"),
    "pound": ("penny", "pence"),
    "pounds": ("penny", "pence"),
}
_BEFORE_YEARS: Final = (
    frozenset(
        (  # noqa: SIM905
            "in since of by year until till from during after before around about summer winter spring autumn fall "
            "early late mid circa between christmas through"
        ).split()
    )
    | _MONTHS
)
_BEFORE_MONTH_VERBS: Final = frozenset(
    "on of by until since before after from to through for is was this next last".split()  # noqa: SIM905
)
_BEGIN: Final = frozenset({*NUMBER_WORDS, *ORDINAL_WORDS, *_MONTHS, "the"}) - {"hundred"}
_WORTH_A_LOOK: Final = (_BEGIN | {"dot"}) - {"the", "may", "march", "one"}
_COUNTED: Final = frozenset({*_SIGNS, *MAGNITUDES, "percent", "m", "hundred"})
"""Words that make figures of a "one" before them."""
_BEFORE_RANKS: Final = frozenset("the on his her its their our my your this every".split()) | _MONTHS  # noqa: SIM905
_TIME_HALVES: Final = {"a": "a.m.", "p": "p.m."}
_HOSTS: Final = frozenset(DOMAINS.split())


@dataclass(frozen=True, slots=True)
class WrittenOptions:
    """How to write: plain numbers and ranks under ``smallest`` stay words (in money, dates, times they are figures)."""

    smallest: int = 10

    def __post_init__(self) -> None:
        if self.smallest < 0:
            raise OptionsError(f"WrittenOptions.smallest is {self.smallest}; give 0 or more.")


_Found = tuple[str, int] | None
"""What is written for the words from a place on, and the place after them."""


def _amount(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return the figures of a number with an optional decimal part, and the place after it."""
    value, end = parse_cardinal(words, at)
    if end == at:
        return "", at
    figures = f"{value:,}"
    if end + 1 < len(words) and words[end] == "point":
        part, after = parse_digits(words, end + 1)
        if part and not (after < len(words) and words[after] in NUMBER_WORDS - MAGNITUDES - {"thousand"}):
            return f"{figures}.{part}", after
    return figures, end


def _with_magnitude(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return "2.5 million", "40 million" or plain figures, and the place after them."""
    figures, end = _amount(words, at)
    if "." in figures and end < len(words) and words[end] in MAGNITUDES:
        return f"{figures} {words[end]}", end + 1
    if end > at + 1 and words[end - 1] in MAGNITUDES:
        value, before = parse_cardinal(words[: end - 1], at)
        if before == end - 1 and value < 1000:
            return f"{value} {words[end - 1]}", end
    return figures, end


def _free(words: Sequence[str], begin: int, end: int) -> bool:
    """Say whether the words from ``begin`` to ``end`` are a number of their own: no number word touches them."""
    before = words[begin - 1] if begin else ""
    after = words[end] if end < len(words) else ""
    if before in NUMBER_WORDS or before in ("oh", "point") or after in NUMBER_WORDS or after in ("oh", "point"):
        return False
    if after in FRACTION_WORDS or (after in ORDINAL_WORDS and after != "second"):
        return False
    if before == "and" and begin > 1 and words[begin - 2] in ("hundred", "thousand", *MAGNITUDES):
        return False
    following = words[end + 1] if end + 1 < len(words) else ""
    if (
        before == "and"
        and begin > 1
        and words[begin - 2] in DIGITS
        and end == begin + 1
        and words[begin].endswith("ty")
    ):
        return False  # five and twenty
    large = words[end - 1] in ("hundred", "thousand") or words[end - 1] in MAGNITUDES
    if after == "and" and large and (following in NUMBER_WORDS or following in ORDINAL_WORDS):
        return False
    return not (after == "and" and following in ("a", *FRACTION_WORDS, "one") and _ends_in_fraction(words, end + 1))


def _ends_in_fraction(words: Sequence[str], at: int) -> bool:
    return any(word in FRACTION_WORDS or word == "quarter" for word in words[at : at + 3])


def _money(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    figures, end = _with_magnitude(words, at)
    if not figures or end == len(words) or not (words[end] in _SIGNS or words[end] in _SMALL_MONEY):
        return None
    joined = at > 1 and words[at - 1] in ("point", "and") and words[at - 2] in NUMBER_WORDS
    if joined or (at and words[at - 1] in NUMBER_WORDS):
        return None
    unit, end = words[end], end + 1
    if unit in _SMALL_MONEY and end < len(words) and words[end] == "and" and figures.replace(",", "").isdecimal():
        cents, after = parse_cardinal(words, end + 1)
        if end + 1 < after < len(words) and cents < 100 and words[after] == _SMALL_MONEY[unit][cents != 1]:
            return f"{_SIGNS.get(unit, '£')}{figures}.{cents:02d}", after + 1
    return (f"{_SIGNS[unit]}{figures}", end) if unit in _SIGNS else None


def _percent(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    figures, end = _amount(words, at)
    if figures and end < len(words) and words[end] == "percent" and _free(words, at, end):
        return f"{figures}%", end + 1
    return None


def _time(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    hour, end = parse_cardinal(words, at)
    if end != at + 1 or not 1 <= hour <= 12 or (at and words[at - 1] in NUMBER_WORDS):
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


def _year_after(words: Sequence[str], at: int) -> tuple[int, int]:
    number, end = parse_year(words, at)
    if not number:
        number, end = parse_cardinal(words, at)
        if not (2000 <= number <= 2009 or number == 1000):
            return 0, at
    if end < len(words) and (words[end] in NUMBER_WORDS or words[end] in FRACTION_WORDS):
        return 0, at
    return number, end


def _month_day(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    if words[at] not in _MONTHS or at + 1 == len(words):
        return None
    day, end = parse_ordinal(words, at + 1)
    month = words[at].capitalize()
    if not 1 <= day <= 31:
        return None
    number, after = _year_after(words, end)
    if number:
        return f"{month} {day}, {number}", after
    if words[at] in ("may", "march") and at and words[at - 1] not in _BEFORE_MONTH_VERBS:
        return None
    return f"{month} {day}", end


def _day_month(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    if words[at] != "the":
        return None
    day, end = parse_ordinal(words, at + 1)
    if not 1 <= day <= 31 or end + 1 >= len(words) or words[end] != "of" or words[end + 1] not in _MONTHS:
        return None
    month, end = words[end + 1].capitalize(), end + 2
    number, after = _year_after(words, end)
    return (f"{day} {month} {number}", after) if number else (f"{day} {month}", end)


def _decade(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    figures = _DECADES.get(tuple(words[at : at + 2]))
    return (figures, at + 2) if figures and not (at and words[at - 1] in NUMBER_WORDS) else None


def _year(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    number, end = _year_after(words, at)
    if not number or not _free(words, at, end):
        return None
    before = words[at - 1] if at else ""
    century, rest = divmod(number, 100)
    plain = (17 <= century <= 19 and (rest >= 20 or rest < 10)) or (century == 20 and 10 <= rest < 40 and rest != 20)
    return (str(number), end) if before in _BEFORE_YEARS or (plain and words[end - 1] != "and") else None


def _telephone(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    figures, end = parse_digits(words, at)
    if len(figures) not in (7, 10) or not _free(words, at, end) or figures in "01234567890123456789":
        return None
    area = f"{figures[:3]}-" if len(figures) == 10 else ""
    return f"{area}{figures[-7:-4]}-{figures[-4:]}", end


def _zeros(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    figures, end = parse_digits(words, at)
    return (figures, end) if figures[:1] == "0" and len(figures) > 1 and _free(words, at, end) else None


def _rank(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    value, end = parse_ordinal(words, at)
    if value < max(options.smallest, 1) or (
        at and (words[at - 1] in NUMBER_WORDS or words[at - 1] in ("and", "point", "oh"))
    ):
        return None
    if end < len(words) and (words[end] in NUMBER_WORDS or words[end] in FRACTION_WORDS):
        return None
    if words[end - 1] == "second" and not (at and words[at - 1] in _BEFORE_RANKS):
        return None  # a thirty second break
    suffix = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:,}{suffix}", end


def _number(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    figures, end = _with_magnitude(words, at)
    if not figures or not _free(words, at, end):
        return None
    if figures.isdecimal() and int(figures) < options.smallest:
        return None
    if (end < len(words) and words[end] == "o'clock") or (at and words[at - 1] == "past"):
        return None
    return figures, end


def _hundreds(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    number, end = parse_year(words, at)
    return (str(number), end) if number and number % 100 == 0 and _free(words, at, end) else None


def _host(words: Sequence[str], at: int, options: WrittenOptions) -> _Found:
    end = at
    while end + 2 < len(words) and words[end + 1] == "dot" and words[end].isalpha():
        end += 2
    if end > at and words[end] in _HOSTS and words[at] != "w" and not (at and words[at - 1] == "dot"):
        return ".".join(words[at : end + 1 : 2]), end + 1
    return None


_GRAMMAR: Final[tuple[Callable[[Sequence[str], int, WrittenOptions], _Found], ...]] = (
    _month_day, _day_month, _decade, _time, _money, _percent, _telephone, _zeros, _year, _hundreds, _rank, _number,
    _host,
)  # fmt: skip


def to_written(spoken: str, options: WrittenOptions | None = None) -> str:
    """Return ``spoken`` words with numbers, ranks, money, dates, times and percent in figures.

    ``spoken`` is text as ``normalize`` gives it. ``normalize(to_written(text))`` is ``normalize(text)``: where figures
    would be read in another way, the words stay. Case and punctuation are not restored, but months in dates have
    capitals.
    """
    words = spoken.split()
    if _WORTH_A_LOOK.isdisjoint(words) and not ("one" in words and not _COUNTED.isdisjoint(words)):
        return spoken
    found = _figures(words, options or WrittenOptions())
    if not found:
        return spoken
    return _unchanged_when_read(words, found)


def _figures(words: Sequence[str], options: WrittenOptions) -> list[tuple[int, int, str]]:
    """Return what can be written in figures: from, to, and the figures."""
    found = []
    at = 0
    while at < len(words):
        if words[at] not in _BEGIN and not (at + 1 < len(words) and words[at + 1] == "dot"):
            at += 1
            continue
        for rule in _GRAMMAR:
            written = rule(words, at, options)
            if written:
                found.append((at, written[1], written[0]))
                at = written[1]
                break
        else:
            at += 1
    return found


def _written(words: Sequence[str], found: Sequence[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    at = 0
    for begin, end, figures in found:
        parts += [*words[at:begin], figures]
        at = end
    return " ".join([*parts, *words[at:]])


def _unchanged_when_read(words: Sequence[str], found: list[tuple[int, int, str]]) -> str:
    """Return the words with those figures that are read as the words were."""
    said = normalize(" ".join(words))
    whole = _written(words, found)
    if normalize(whole) == said:
        return whole
    kept: list[tuple[int, int, str]] = []
    for piece in found:
        if normalize(_written(words, [*kept, piece])) == said:
            kept.append(piece)
    return _written(words, kept)
