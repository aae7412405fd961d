"""Rules for measures, fractions, ranks, ranges and, last, plain numbers."""

import re
from typing import Final

from .abbreviations import CASED_UNITS, MAGNITUDES, PER, UNITS
from .numbers import NUMBER, cardinal, counted, fraction, has_fraction_name, ordinal, plain, plural
from .rule import Rule, any_of, rule

_COMPARED: Final = {"<": "less than", ">": "more than", "~": "about"}
_POWERS: Final = {"2": "square ", "squared": "square ", "3": "cubic ", "cubed": "cubic "}
_AFTER_FEET: Final = re.compile(r"(?:ft|feet|foot)\.?,?\s+\d+(?:\.\d+)?\s?$")
_AFTER_FRACTIONS: Final = {unit: names for unit, names in UNITS.items() if unit not in ("in", "degrees")}
_UNIT: Final = (
    r"(?:(?<![\d.,/:-])(?P<one>1)|(?<=\d)|(?<=illion(?= [a-z]))|(?<=thousand(?= [a-z])))(?P<hyphen> {0,2}|-)"
    r"(?P<square>sq\.?\s?)?"
    rf"(?:(?P<unit>(?i:{any_of(UNITS)}))|(?P<cased>kV|ms|(?:(?<=\d\d)[VWmg]|(?<=\d[ -])[mg])))"
    r"(?P<power>[23]| squared| cubed)?(?:\s+(?P<scale>[CF])\b)?(?:/(?P<per>" + any_of(PER) + r"))?\b(?P<stop>\.)?"
    r"(?=\s|[-,;:)?!\"'/]|$)"
)
_LONG_PER: Final = "|".join(name for name, meaning in PER.items() if name == meaning)
_PAID: Final = "dollars?|cents?|pounds?|euros?|pence|yen|rupees|miles|thousand|million|billion"


def _feet(match: re.Match[str]) -> str:
    feet, inches = int(match["feet"]), int(match["inches"])
    return f" {cardinal(feet)} {UNITS['ft'][feet != 1]} {cardinal(inches)} {UNITS['in'][inches != 1]} "


def _angle(match: re.Match[str]) -> str:
    parts = [("degree", match["degrees"]), ("minute", match["minutes"]), ("second", match["seconds"])]
    return " " + " ".join(f"{cardinal(int(n))} {name}{'s' * (n != '1')}" for name, n in parts if n) + " "


def _pair(match: re.Match[str]) -> str:
    return " " + " ".join(cardinal(int(part)) for part in re.findall(r"\d+", match[0])) + " "


def read_fraction(match: re.Match[str]) -> str:
    """Read a match with the groups ``whole`` (or None), ``over`` and ``under``."""
    over, under = int(match["over"]), int(match["under"])
    if not has_fraction_name(under) or (over == under and not match["whole"]):
        words = f"{cardinal(over)} {cardinal(under)}"
        return f" {counted(match['whole'])} {words} " if match["whole"] else f" {words} "
    if match["whole"]:
        whole = counted(match["whole"])
        return f" {whole} and a half " if (over, under) == (1, 2) else f" {whole} and {fraction(over, under)} "
    return f" {fraction(over, under)} "


def _fraction(match: re.Match[str]) -> str:
    if not match["unit"]:
        return read_fraction(match)
    several = match["whole"] or int(match["over"]) > int(match["under"])
    return f"{read_fraction(match)}{UNITS[match['unit']][bool(several)]} "


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
    return f"{match[1] or match[3]} per {PER[match[2] or match[4]]} "


def _plural(match: re.Match[str]) -> str:
    figures = match["figures"].replace(",", "")
    if match["mark"] and len(figures) == 4:
        return f" {plain(figures)}'s "
    return f" {plural(plain(figures))} "


MEASURE_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "angles", "'",
        r"\b(?P<degrees>\d+)\s*(?:degrees|deg\.?)\s+(?P<minutes>\d\d?)'(?:\s?(?P<seconds>\d\d?)(?:\"|''))?",
        _angle,
        "Degrees, minutes and seconds of an angle are read out.",
    ),
    rule(
        "feet and inches", "'", r"(?<![\w'])(?P<feet>\d{1,2})'\s?(?P<inches>\d{1,2})(?:\"|'')", _feet,
        "Feet and inches that are written with strokes are read out.",
    ),
    rule(
        "compared", "<>~", r"(?:(?<=\s)|^)([<>~])\s?(?=[$\x01-\x04\d])(?!\d+>)",
        lambda match: f" {_COMPARED[match[1]]} ",
        "Less than, more than and about before figures.",
    ),
)  # fmt: skip

NUMBER_RULES: Final[tuple[Rule, ...]] = (
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
        r"(?P<under>\d{1,4})(?:(?i:ths?|rds?|nds?)\b)?(?![\d/])"
        rf"(?:\s{{0,2}}(?P<unit>{any_of(_AFTER_FRACTIONS)})\b(?![/'])\.?)?",
        _fraction,
        "Fractions have names (half, third, quarter, tenth) where speech has one; otherwise two numbers are read.",
    ),
    rule(
        "ranks", "sndrhtSNDRHT", r"\b(\d{1,3}(?:,\d{3})+|\d+)(?:(?i:st|nd|rd|th)|d(?<=[23]d))\b",
        lambda match: f" {ordinal(int(match[1].replace(',', '')))} ", "Ordinals: 1st, 22nd, 3d, 1,000th.",
        after="sndrhtSNDRHT",
    ),
    rule(
        "units", "", _UNIT, _unit, "Units after figures are read out, in the singular after 1 and after a hyphen.",
        after=" -\x06abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ),
    rule(
        "per", "/", rf"(\d[\d,.]*(?:\s[a-z]+)?)\s*/\s*({_LONG_PER})\b|\b({_PAID})\s*/\s*({any_of(PER)})\b", _per,
        'A stroke before a measure of time or a person is "per".',
    ),
    rule(
        "grouped figures", ". ", r"(?<![\d.,])(\d{1,3}(?:\.\d{3}){2,9}|[1-9]\d{0,2}(?: \d{3}){0,9} 000)(?![\d.,]*\d)",
        lambda match: f" {cardinal(int(re.sub('[. ]', '', match[0])))} ",
        "Thousands may be parted by full stops (two or more of them) or, before 000, by spaces.",
        after=". ", hint=r"\.\d{3}\.\d|\d 000",
    ),
    rule(
        "differences", "-=", r"(?<=\d)\s?-\s?(?=\d+(?:\.\d+)?\s?=)", lambda match: " minus ",
        "A hyphen between figures is minus where an equals sign follows.", hint=r"\d\s?=",
    ),
    rule(
        "chains", "-", r"(?<![\w.,-])\d{1,5}(?:-\d{1,5}){2,}(?![\w-])", lambda match: match[0].replace("-", " "),
        "Three and more figures with hyphens are no range: 5-10-15.", after="-", hint=r"-\d{1,5}-",
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
        "plural figures", "s", rf"(?<![\w.,'])(?P<figures>{NUMBER})(?P<mark>')?s\b", _plural,
        "Figures with an s are plurals; a year with 's owns something.", after="'s",
    ),
    rule(
        "numbers", "", rf"{NUMBER}(?:\.\d+)?|(?<![A-Za-z.,;:?!'\")\]])\.\d+", lambda match: f" {plain(match[0])} ",
        "Other figures are numbers with \"and\" after the hundreds; four that look like a year are one; leading zeros "
        "and decimals are read figure by figure.",
    ),
)  # fmt: skip
