"""Rules for figures: telephones, money, dates, times, fractions, units, ranges and plain numbers, in this order."""

import re
from typing import Final

from .abbreviations import (
    BEFORE_FIGURES,
    CASED_UNITS,
    CURRENCIES,
    LANDS,
    MAGNITUDES,
    MONTH_NAMES,
    MONTHS,
    PER,
    STATES,
    UNITS,
)  # fmt: skip
from .folding import CENT
from .numbers import cardinal, clock, decimal, digits, fraction, has_fraction_name, ordinal, plural, year
from .rule import Rule, rule
from .word_rules import any_of, word_before

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
_SIGNS: Final = "".join(map(re.escape, CURRENCIES))
_MAGNITUDE: Final = r"hundred|thousand|million|billion|trillion|bn|mn|tn|[kmb]"
_LAND: Final = rf"(?:\b(?P<land>{any_of(LANDS)})\s?)?"
_MONTH: Final = "|".join([*MONTH_NAMES, *MONTHS])
_YEAR_AFTER: Final = r"(?:,?\s+(?P<year>1\d{3}|20\d\d)\b(?!,\d))?"
_DAY: Final = r"[12]\d|3[01]|0?[1-9]"
_HALF: Final = r"(?P<half>[aApP])\.?\s?[mM]\b\.?"
_PHONE: Final = (
    r"(?<![\w$/-])(?<!\d[.,])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]\d{2,5}){1,4}"
    r"|(?:\+?1[ .-])?(?:\(\d{3}\)\s?|\d{3}[ .-])\d{3}[ .-]\d{4}|\d{3}-\d{4}|\d{2} \d{4} \d{4})(?![\d/-]|[.,]\d)"
)

_CALLING: Final = frozenset("call calls called calling dial dials dialed dialled dialing phone phoned".split())  # noqa: SIM905
_BEFORE_POSTAL_CODE: Final = re.compile(rf"(?:\b[A-Z]{{2}},?|\b[Zz]ip(?: code)?|, (?:{'|'.join(STATES.values())}))\s+$")
_MONTH_HINT: Final = r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"


def _digits(match: re.Match[str]) -> str:
    plus = " plus" if match[0].startswith("+") else ""
    return f"{plus} {digits(re.sub('[^0-9]', '', match[0]))} "


def _phone(match: re.Match[str]) -> str:
    if re.fullmatch(r"\d00-\d\d00", match[0]):
        return match[0]  # a range of round numbers
    return _digits(match)


def _before_figures(match: re.Match[str]) -> str:
    word = BEFORE_FIGURES.get(match[1].lower())
    return f" {word} " if word else match[0]


def _emergency(match: re.Match[str]) -> str:
    return _digits(match) if word_before(match).lower() in _CALLING else match[0]


def _postal_code(match: re.Match[str]) -> str:
    return _digits(match) if _BEFORE_POSTAL_CODE.search(match.string, 0, match.start()) else match[0]


def plain(figures: str) -> str:
    """Read figures as they stand: a bare four-figure number that looks like a year is one."""
    if figures.isdecimal() and len(figures) == 4 and (1010 <= int(figures) <= 2099):
        return year(int(figures))
    return decimal(figures.replace(",", ""))


def _era(match: re.Match[str]) -> str:
    return f" {plain(match['when'])} {' '.join(match['era'])} " if match["when"] else " a d "


def _feet(match: re.Match[str]) -> str:
    feet, inches = int(match["feet"]), int(match["inches"])
    return f" {cardinal(feet)} {UNITS['ft'][feet != 1]} {cardinal(inches)} {UNITS['in'][inches != 1]} "


def _angle(match: re.Match[str]) -> str:
    parts = [("degree", match["degrees"]), ("minute", match["minutes"]), ("second", match["seconds"])]
    return " " + " ".join(f"{cardinal(int(n))} {name}{'s' * (n != '1')}" for name, n in parts if n) + " "


def _old_money(match: re.Match[str]) -> str:
    """Read pounds, shillings and pence of the time before 1971."""
    words = []
    if match["pounds"]:
        words.append(f"{plain_cardinal(match['pounds'])} {'pound' if match['pounds'] == '1' else 'pounds'}")
    for figures, one, many in (
        (match["shillings"] or match["first"] or match["alone"], "shilling", "shillings"),
        (match["pence"] or match["last"], "penny", "pence"),
    ):
        if figures:
            words.append(f"{cardinal(int(figures))} {one if figures == '1' else many}")
    joint = ["and"] if match["pence"] or match["last"] else []
    return f" {' '.join([*words[:-1], *joint, words[-1]])} "


def plain_cardinal(figures: str) -> str:
    """Read figures with commas as a number that counts."""
    return cardinal(int(figures.replace(",", "")))


def _money_range(match: re.Match[str]) -> str:
    if match["again"] or "." in match["upto"]:
        return f"{match['sign']}{match['whole']} to {match['sign']}{match['upto']}"
    return f"{match['whole']} to {match['sign']}{match['upto']}"


def _money(match: re.Match[str]) -> str:
    one, many, small_one, small_many = CURRENCIES[match["sign"]]
    whole, magnitude = (match["whole"] or "0").replace(",", ""), (match["magnitude"] or "").lower()
    part = match["part"] or match["part_only"] or ""
    minus = " minus" if match["minus"] else ""
    if word_before(match) in ("a", "A", "an", "An") and not (part and not magnitude):
        many = one  # a twenty dollar bill
    land = f"{LANDS[match['land']]} " if match["land"] else ""
    if magnitude:
        figures = f"{whole}.{part}" if part else whole
        adjective = match["hyphen"] and not re.match(r"\s*-\s*[a-z]", match.string[match.end() :])
        return f"{minus} {decimal(figures)} {MAGNITUDES.get(magnitude, magnitude)} {land}{one if adjective else many} "
    if part and len(part) != 2:
        return f"{minus} {decimal(f'{whole}.{part}')} {land}{many} "
    large = f"{cardinal(int(whole))} {land}{one if int(whole) == 1 else many}"
    if not part or part == "00":
        return f"{minus} {large} "
    small = f"{cardinal(int(part))} {small_one if int(part) == 1 else small_many}"
    return f"{minus} {large} and {small} " if int(whole) else f"{minus} {small} "


def _money_fraction(match: re.Match[str]) -> str:
    magnitude = f" {match['magnitude']}" if match["magnitude"] else ""
    return f"{_fraction(match).rstrip()}{magnitude} {CURRENCIES[match['sign']][1]} "


def _cents(match: re.Match[str]) -> str:
    return f" {decimal(match[1])} {'cent' if match[1] == '1' else 'cents'} "


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


def _pair(match: re.Match[str]) -> str:
    return " " + " ".join(cardinal(int(part)) for part in re.findall(r"\d+", match[0])) + " "


def _fraction(match: re.Match[str]) -> str:
    over, under = int(match["over"]), int(match["under"])
    if not has_fraction_name(under) or (over == under and not match["whole"]):
        words = f"{cardinal(over)} {cardinal(under)}"
        return f" {cardinal(int(match['whole']))} {words} " if match["whole"] else f" {words} "
    if match["whole"]:
        whole = cardinal(int(match["whole"]))
        return f" {whole} and a half " if (over, under) == (1, 2) else f" {whole} and {fraction(over, under)} "
    return f" {fraction(over, under)} "


def _unit(match: re.Match[str]) -> str:
    word = match["unit"] or match["cased"]
    if word.lower() == "in" and not match["stop"] and not _AFTER_FEET.search(match.string, 0, match.start("unit")):
        return match[0]
    if word == "m" and match["stop"] and match.string[match.end() :].lstrip()[:1].islower():
        return match[0]
    one, many = UNITS[word.lower()] if match["unit"] else CASED_UNITS[word]
    name = one if match["one"] or match["hyphen"] == "-" else many
    power = "square " if match["square"] else _POWERS.get((match["power"] or "").strip(), "")
    scale = {"C": " celsius", "F": " fahrenheit"}.get(match["scale"] or "", "")
    per = f" per {PER[match['per']]}" if match["per"] else ""
    return f"{match['one'] or ''} {power}{name}{scale}{per} "


def _per(match: re.Match[str]) -> str:
    return f"{match[1]} per {PER[match[2]]} "


def _plural(match: re.Match[str]) -> str:
    figures = match["figures"].replace(",", "")
    if match["mark"] and len(figures) == 4:
        return f" {plain(figures)}'s "
    return f" {plural(plain(figures))} "


_COMPARED: Final = {"<": "less than", ">": "more than", "~": "about"}
_POWERS: Final = {"2": "square ", "squared": "square ", "3": "cubic ", "cubed": "cubic "}
_AFTER_FEET: Final = re.compile(r"(?:ft|feet|foot)\.?,?\s+\d+(?:\.\d+)?\s?$")
_UNIT: Final = (
    r"(?:(?<![\d.,/:-])(?P<one>1)|(?<=\d))(?P<hyphen> {0,2}|-)(?P<square>sq\.?\s?)?"
    rf"(?:(?P<unit>(?i:{any_of(UNITS)}))|(?P<cased>kV|ms|(?:(?<=\d\d)[VWmg]|(?<=\d[ -])[mg])))"
    r"(?P<power>[23]| squared| cubed)?(?:\s+(?P<scale>[CF])\b)?(?:/(?P<per>" + any_of(PER) + r"))?\b(?P<stop>\.)?"
    r"(?=\s|[-,;:)?!\"'/]|$)"
)
_LONG_PER: Final = "|".join(name for name, meaning in PER.items() if name == meaning)
_PAID: Final = "dollars|cents|pounds|euros|pence|yen|rupees|miles|thousand|million|billion"

FIGURE_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "before figures", ".", r"(?<![A-Za-z])([A-Za-z]{1,4})\.\s*(?=\d)", _before_figures,
        'Words that are shortened before figures are read out: "No. 5", "pp. 7-9", "Apt. 3".',
    ),
    rule(
        "telephone numbers", "-.() +", _PHONE, _phone, "Telephone numbers are read figure by figure.",
        after="-.) ", hint=r"\+\d|\d[ )-]\s?\d\d\d|\d\.\d{3}\.\d{4}",
    ),
    rule(
        "toll-free numbers", "-", r"\b1-8(\d\d)-(?=[A-Z]{2})",
        lambda match: f" one eight {'hundred' if match[1] == '00' else digits(match[1])} ",
        'A toll-free number that goes on in letters begins with "one eight hundred".',
    ),
    rule(
        "emergency numbers", "19", r"\b(?:[1-9]11|999|112)\b", _emergency,
        "The short numbers of emergency services are read figure by figure after call, dial and phone.",
    ),
    rule(
        "postal codes", "", r"(?<![\d,.$-])\d{5}(?:-\d{4})?\b(?![,.]\d)", _postal_code,
        "Five figures after a state's letters or after zip are read figure by figure.", hint=r"\d{5}",
    ),
    rule(
        "eras", "ABCE", r"\b(?P<when>\d[\d,]*)\s?(?P<era>BCE|BC|AD|CE)\b|\bAD(?=\s\d)", _era,
        "BC, AD, BCE and CE after a year are spelled, AD before it too.",
    ),
    rule(
        "angles", "'", r"\b(?P<degrees>\d+)\s*(?:degrees|deg\.?)\s+(?P<minutes>\d\d?)'(?:\s?(?P<seconds>\d\d?)(?:\"|''))?", _angle,
        "Degrees, minutes and seconds of an angle are read out.",
    ),
    rule(
        "feet and inches", "'", r"(?<![\w'])(?P<feet>\d{1,2})'\s?(?P<inches>\d{1,2})(?:\"|'')", _feet,
        "Feet and inches that are written with strokes are read out.",
    ),
    rule(
        "shillings and pence", "sd",
        rf"(?:\x01\s?(?P<pounds>{_NUMBER})(?:,|\s)\s?(?P<shillings>\d\d?)s\b\.?(?:,?\s?(?P<pence>\d\d?)d\b\.?)?"
        r"|(?<![\w\x01])(?P<first>\d\d?)s\.?,?\s(?P<last>\d\d?)d\b\.?"
        r"|(?<![\w\x01'])(?P<alone>1?\d)s\.(?=,|\s+[a-z\d]))", _old_money,
        "Pounds, shillings and pence of old Britain are read out.", after="s",
    ),
    rule(
        "compared", "<>~", r"(?:(?<=\s)|^)([<>~])\s?(?=[$\x01-\x04\d])(?!\d+>)",
        lambda match: f" {_COMPARED[match[1]]} ",
        "Less than, more than and about before figures.",
    ),
    rule(
        "ranges of money", "-",
        rf"(?P<sign>[{_SIGNS}])(?P<whole>{_NUMBER}(?:\.\d+)?)\s?--?\s?(?P<again>[{_SIGNS}])?"
        r"(?P<upto>\d[\d,]*(?:\.\d+)?)(?![\d/-]|\s*\d/\d)",
        _money_range, "A range of money names the currency once, at its end, where it is written once.",
    ),
    rule(
        "money after", "\x01\x02\x03\x04", rf"(?<![\d.,])({_NUMBER}(?:\.\d\d)?)\s?([\x01-\x04])(?!\s?\d)",
        lambda match: f"{match[2]}{match[1]}", "A currency's sign may follow the figures.",
    ),
    rule("rupees", "R", r"\bRs\.?\s?(?=\d)", lambda match: "\x04", '"Rs." before figures means rupees.'),
    rule(
        "money with fractions", "/",
        rf"(?P<sign>[{_SIGNS}])\s?(?:(?P<whole>{_NUMBER})[ -]+)?(?P<over>\d\d?)/(?P<under>\d\d?)(?!\d)"
        r"(?:\s{0,2}(?P<magnitude>hundred|thousand|million|billion|trillion)\b)?", _money_fraction,
        "An amount with a fraction is read as a number before its currency.",
    ),
    rule(
        "money", "".join(CURRENCIES),
        rf"{_LAND}(?P<minus>(?<![\w-])-)?(?P<sign>[{_SIGNS}])\s*(?:(?P<whole>{_NUMBER})(?:\.(?P<part>\d+))?|\.(?P<part_only>\d\d)\b)"
        rf"(?:(?P<hyphen>\s?-\s?(?=[a-z]{{5}}))?\s?(?P<magnitude>(?i:{_MAGNITUDE}))\b)?",
        _money, "Dollars, pounds, euros, yen and rupees come after the number, cents and pence after an \"and\".",
    ),
    rule("cents", CENT, rf"(?<![\d.,/])({_NUMBER}|\.\d+)\s?{CENT}", _cents, "A number with the sign of cents."),
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
        rf"(?i)\b(?P<month>{_MONTH})\b\.?\s+(?P<day>{_DAY})(?:st|nd|rd|th)?"
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
        r"(?:(?<=\d[aApP][mM])|(?<=\d\s[aApP][mM])|(?<=\d\s[aApP]\.[mM]\.)|(?<=:\d\d))\s?--?\s?(?=\d)",
        lambda match: " to ", "A hyphen between two times of day is \"to\".",
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
    rule(
        "pairs", "/k(K", r"\b24/7\b|\b9/11\b|\b20/20\b", _pair,
        "24/7, 9/11 and 20/20 are said as two numbers.",
    ),
    rule(
        "pensions", "kK", r"\b401\s?(?:[kK]\b|\([kK]\))", lambda match: " four oh one k ",
        "A 401(k) has its own reading.",
    ),
    rule(
        "fractions", "/",
        r"(?:(?<![\d.,])(?P<whole>\d+)[ -]+)?(?<![\d.,/])(?P<over>\d{1,3})\s?/\s?"
        r"(?P<under>\d{1,4})(?:ths?|rds?|nds?)?(?![\d/])",
        _fraction,
        "Fractions have names (half, third, quarter, tenth) where speech has one; otherwise two numbers are read.",
    ),
    rule(
        "ranks", "sndrhtSNDRHT", r"\b(\d{1,3}(?:,\d{3})+|\d+)(?:(?i:st|nd|rd|th)|d(?<=[23]d))\b",
        lambda match: f" {ordinal(int(match[1].replace(',', '')))} ", "Ordinals: 1st, 22nd, 3d, 1,000th.",
        after="sndrhtSNDRHT",
    ),
    rule("units", "", _UNIT, _unit, "Units after figures are read out, in the singular after 1 and after a hyphen.",
        after=" -\x06abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",),
    rule(
        "per", "/", rf"(\d[\d,.]*(?:\s[a-z]+)?|\b(?:{_PAID}))\s*/\s*({_LONG_PER})\b", _per,
        'A stroke before a measure of time or a person is "per".',
    ),
    rule(
        "grouped figures", ". ", r"(?<![\d.,])(\d{1,3}(?:\.\d{3}){2,}|[1-9]\d{0,2}(?: \d{3})* 000)(?![\d.,]*\d)",
        lambda match: f" {cardinal(int(re.sub('[. ]', '', match[0])))} ",
        "Thousands may be parted by full stops (two or more of them) or, before 000, by spaces.",
        after=". ", hint=r"\.\d{3}\.\d|\d 000",
    ),
    rule(
        "ranges", "-", r"(?<=\d)(?:\s?-\s?|--)(?=[$]?\d)", lambda match: " to ", 'A hyphen between figures is "to".',
        after=" -",
    ),
    rule(
        "minus", "-", r"(?:(?<=[\s(\[=<>/*+^])|^)-(?=\.?\d)(?!\d{4}\b)", lambda match: " minus ",
        "A single hyphen before a figure, after a space, is minus, but not before a year.",
    ),
    rule("number sign", "#", r"#\s?(?=[A-Z]?\d)", lambda match: " number ", 'A hash before figures is "number".'),
    rule(
        "multiplied", "*xX", r"(?<=\d)\s?[*xX]\s?(?=\d)", lambda match: " times ",
        'A cross or a star between figures is "times".',
    ),
    rule("powers", "^", r"(?<=\w)\^(?=[\s\w-])", lambda match: " to the power of ", "A caret is a power."),
    rule(
        "magnitudes", "bmt", r"(?<=\d)\s?(bn|mn|tn)\b", lambda match: f" {MAGNITUDES[match[1]]} ",
        "Short forms of million, billion and trillion after figures.", after=" bmt",
    ),
    rule(
        "plural figures", "s", rf"(?<![\w.,'])(?P<figures>{_NUMBER})(?P<mark>')?s\b", _plural,
        "Figures with an s are plurals; a year with 's owns something.", after="'s",
    ),
    rule(
        "numbers", "", rf"{_NUMBER}(?:\.\d+)?|(?<![A-Za-z.,;:?!'\")\]])\.\d+", lambda match: f" {plain(match[0])} ",
        "Other figures are numbers with \"and\" after the hundreds; four that look like a year are one; leading zeros "
        "and decimals are read figure by figure.",
    ),
)  # fmt: skip
