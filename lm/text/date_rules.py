"""Rules for dates, eras, decades and times of day."""

import re
from typing import Final

from .abbreviations import MONTH_NAMES, MONTHS
from .numbers import cardinal, clock, ordinal, plain, plural, year
from .rule import Rule, any_of, rule

_MONTH: Final = "|".join([*MONTH_NAMES, *MONTHS])
_YEAR_AFTER: Final = r"(?:(?:,?\s+|-)(?P<year>1\d{3}|20\d\d)\b(?!,\d))?"
_DAY: Final = r"[12]\d|3[01]|0?[1-9]"
_HALF: Final = r"(?P<half>[aApP])\.?\s?[mM]\b\.?"
_MONTH_HINT: Final = r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"


def _era(match: re.Match[str]) -> str:
    return f" {plain(match['when'])} {' '.join(match['era'])} " if match["when"] else " a d "


def month_name(short: str) -> str:
    """Return the month that ``short`` stands for, in lower case."""
    return MONTHS.get(short.lower(), short.lower())


def _month_day(match: re.Match[str]) -> str:
    if match["month"] in ("may", "march", "mar") and not match["year"]:
        return match[0]  # the verbs
    words = f" {month_name(match['month'])} {ordinal(int(match['day']))} "
    if match["until"]:
        words += f"to {ordinal(int(match['until']))} "
    return words + (f"{year(int(match['year']))} " if match["year"] else "")


def _day_month(match: re.Match[str]) -> str:
    the = match["the"] or " the "
    words = f" {the}{ordinal(int(match['day']))} of {month_name(match['month'])} "
    return words + (f"{year(int(match['year']))} " if match["year"] else "")


def _numeric_date(match: re.Match[str]) -> str:
    if match["iso"]:
        when, month, day = int(match["iso"]), int(match["m"]), int(match["d"])
    elif match["dotted"]:
        day, month, when = (int(part) for part in match["dotted"].split("."))
    else:
        month, day, when = int(match["first"]), int(match["second"]), int(match["last"])
        if month > 12:
            month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return " ".join(plain(part) for part in re.split(r"\D", match[0]))
    return f" {MONTH_NAMES[month - 1]} {ordinal(day)} {year(when)} "


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = (match["half"] or "").lower()
    if hour > 24 or minute > 59:
        return f" {cardinal(hour)} {cardinal(minute)} {half and half + ' m'} "
    if half:
        spoken = cardinal(hour) if minute == 0 else clock(hour, minute)
        return f" {spoken} {half} m "
    return f" {clock(hour, minute)} "


def _hour(match: re.Match[str]) -> str:
    return f" {cardinal(int(match['hour']))} {match['half'].lower()} m "


def _decade(match: re.Match[str]) -> str:
    figures = match["figures"]
    return f" {plural(year(int(figures)) if len(figures) == 4 else cardinal(int(figures)))} "


DATE_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "eras", "ABCE", r"\b(?P<when>\d[\d,]*)\s?(?P<era>BCE|BC|AD|CE)\b|\bAD(?=\s\d)", _era,
        "BC, AD, BCE and CE after a year are spelled, AD before it too.",
    ),
    rule(
        "dates in figures", "-/.",
        r"(?<![\d/.-])(?:(?P<iso>[12]\d{3})(?P<mark>[-/.])(?P<m>\d\d?)(?P=mark)(?P<d>\d\d?)"
        r"|(?P<dotted>\d\d?\.\d\d?\.[12]\d{3})"
        r"|(?P<first>\d\d?)(?P<stroke>[-/])(?P<second>\d\d?)(?P=stroke)(?P<last>[12]\d{3}))(?![\d/-]|\.\d)",
        _numeric_date,
        "Dates in figures: year-month-day, month/day/year (day first where the first is over 12), day.month.year.",
        after="-/.",
    ),
    rule(
        "month and day", "",
        rf"(?i)\b(?P<month>{_MONTH})\b(?:\.?\s+|-(?=\d\d?(?:-\d{{4}})?\b))(?P<day>{_DAY})(?:st|nd|rd|th)?"
        rf"(?:\s?--?\s?(?P<until>{_DAY})(?:st|nd|rd|th)?(?![\d:]))?(?![\d:.,/%]*\d)\b{_YEAR_AFTER}",
        _month_day, "A day after a month is a rank, a year after it is read as a year.", hint=_MONTH_HINT,
    ),
    rule(
        "day and month", "",
        rf"(?i)(?P<the>\bthe\s+)?\b(?<![\d.,:/-])(?P<day>[12]\d|3[01]|[1-9])(?:st|nd|rd|th)?\s+(?:of\s+)?"
        rf"(?P<month>{_MONTH})\b\.?{_YEAR_AFTER}",
        _day_month, 'A day before a month is read "the ... of ...".', hint=_MONTH_HINT,
    ),
    rule(
        "months", "", rf"(?i)\b({any_of(MONTHS)})\.?\s+(?=\d)", lambda match: f" {MONTHS[match[1].lower()]} ",
        "Months that are short for their name are read out before a year.", hint=_MONTH_HINT,
    ),
    rule(
        "ranges of times", "-",
        r"(?:(?<=\d0s)|(?<=\d0's)|(?<=\d[aApP][mM])|(?<=\d\s[aApP][mM])|(?<=\d\s[aApP]\.[mM]\.)|(?<=:\d\d))\s?--?\s?(?='?\d)",
        lambda match: " to ", "A hyphen between two times of day or two decades is \"to\".",
    ),
    rule(
        "times of day", ":",
        rf"(?<![\d:.,])(?P<hour>\d\d?):(?P<minute>\d\d)(?![\d:])(?:\s*(?:{_HALF}|(?i:o'clock)))?", _time,
        'Hours and minutes: "six oh five", "six o\'clock" on the hour, "eighteen hundred" after noon.', after=":",
    ),
    rule(
        "times with a full stop", ".", rf"(?<![\d.,])(?P<hour>\d\d?)\.(?P<minute>\d\d)\s?{_HALF}", _time,
        "A full stop between hours and minutes counts as a colon where a.m. or p.m. follows.", after=".",
    ),
    rule(
        "hours", "mM", rf"(?<![\d.,])(?P<hour>\d\d?)\s*{_HALF}", _hour, "An hour before a.m. or p.m. is a number.",
        after=" apAP",
    ),
    rule("decades", "s", r"'?\b(?P<figures>1\d\d0|20\d0|[2-9]0)'?s\b", _decade, "Decades are plurals.", after="'s"),
)  # fmt: skip
