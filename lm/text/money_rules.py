"""Rules for money, of today and of old Britain."""

import re
from typing import Final

from .abbreviations import CURRENCIES, LANDS, MAGNITUDES
from .folding import CENT
from .number_rules import read_fraction
from .numbers import NUMBER, cardinal, counted, decimal
from .rule import Rule, any_of, rule, word_before

_SIGNS: Final = "".join(map(re.escape, CURRENCIES))
_SIGNS_AFTER: Final = "".join(sign for sign in CURRENCIES if sign != "$")
_MAGNITUDE: Final = r"hundred|thousand|million|billion|trillion|bn|mn|tn|[kmb]"
_LAND: Final = rf"(?:\b(?P<land>{any_of(LANDS)})\s?)?"


def _old_money(match: re.Match[str]) -> str:
    """Read pounds, shillings and pence of the time before 1971."""
    words = []
    if match["pounds"]:
        words.append(f"{counted(match['pounds'])} {'pound' if match['pounds'] == '1' else 'pounds'}")
    for figures, one, many in (
        (match["shillings"] or match["first"] or match["alone"], "shilling", "shillings"),
        (match["pence"] or match["last"], "penny", "pence"),
    ):
        if figures:
            words.append(f"{cardinal(int(figures))} {one if figures == '1' else many}")
    joint = ["and"] if match["pence"] or match["last"] else []
    return f" {' '.join([*words[:-1], *joint, words[-1]])} "


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
    if match["part_only"] and len(part) != 2:
        return f"{minus} {decimal(f'.{part}')} {land}{many} "
    if part and len(part) != 2:
        return f"{minus} {decimal(f'{whole}.{part}')} {land}{many} "
    large = f"{cardinal(int(whole))} {land}{one if int(whole) == 1 else many}"
    if not part or part == "00":
        return f"{minus} {large} "
    small = f"{cardinal(int(part))} {small_one if int(part) == 1 else small_many}"
    return f"{minus} {large} and {small} " if int(whole) else f"{minus} {small} "


def _money_fraction(match: re.Match[str]) -> str:
    magnitude = f" {match['magnitude']}" if match["magnitude"] else ""
    return f"{read_fraction(match).rstrip()}{magnitude} {CURRENCIES[match['sign']][1]} "


def _cents(match: re.Match[str]) -> str:
    return f" {decimal(match[1])} {'cent' if match[1] == '1' else 'cents'} "


MONEY_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "shillings and pence", "sd",
        rf"(?:\x01\s?(?P<pounds>{NUMBER})(?:,|\s)\s?(?P<shillings>\d\d?)s\b\.?(?:,?\s?(?P<pence>\d\d?)d\b\.?)?"
        r"|(?<![\w\x01])(?P<first>\d\d?)s\.?,?\s(?P<last>\d\d?)d\b\.?"
        r"|(?<![\w\x01'])(?P<alone>1?\d|1\d\d)s\.(?!\w))", _old_money,
        "Pounds, shillings and pence of old Britain are read out.", after="s",
    ),
    rule(
        "ranges of money", "-",
        rf"(?P<sign>[{_SIGNS}])(?P<whole>{NUMBER}(?:\.\d+)?)\s?--?\s?(?P<again>[{_SIGNS}])?"
        r"(?P<upto>\d[\d,]*(?:\.\d+)?)(?![\d/-]|\s*\d/\d)",
        _money_range, "A range of money names the currency once, at its end, where it is written once.",
    ),
    rule(
        "money after", _SIGNS_AFTER, rf"(?<![\d.,])({NUMBER}(?:\.\d\d)?)\s?([{_SIGNS_AFTER}])(?!\s?\d)",
        lambda match: f"{match[2]}{match[1]}", "A currency's sign may follow the figures.",
    ),
    rule("rupees", "R", r"\bRs\.?\s?(?=\d)", lambda match: "\x04", '"Rs." before figures means rupees.'),
    rule(
        "money with fractions", "/",
        rf"(?P<sign>[{_SIGNS}])\s?(?:(?P<whole>{NUMBER})[ -]+)?(?P<over>\d\d?)/(?P<under>\d\d?)(?!\d)"
        r"(?:\s{0,2}(?P<magnitude>hundred|thousand|million|billion|trillion)s?\b)?", _money_fraction,
        "An amount with a fraction is read as a number before its currency.",
    ),
    rule(
        "money", "".join(CURRENCIES),
        rf"{_LAND}(?P<minus>(?<![\w-])-)?(?P<sign>[{_SIGNS}])\s*(?:(?P<whole>{NUMBER})(?:\.(?P<part>\d+))?|\.(?P<part_only>\d+)\b)"
        rf"(?:(?P<hyphen>\s?-\s?(?=[a-z]{{5}}))?\s?(?P<magnitude>(?i:{_MAGNITUDE}))\b)?",
        _money, "Dollars, pounds, euros, yen and rupees come after the number, cents and pence after an \"and\".",
    ),
    rule("cents", CENT, rf"(?<![\d.,/])({NUMBER}|\.\d+)\s?{CENT}", _cents, "A number with the sign of cents."),
)  # fmt: skip
