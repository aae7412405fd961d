"""Rules for figures that name something and are read one by one: telephones, postal codes, numbered parts."""

import re
from typing import Final

from .abbreviations import BEFORE_FIGURES, STATES
from .numbers import digits
from .rule import Rule, rule, word_before

_PHONE: Final = (
    r"(?<![\w$/-])(?<!\d[.,])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]\d{2,5}){1,4}"
    r"|(?:\+?1[ .-])?(?:\(\d{3}\)[ -]?|\d{3}[ .-])\d{3}[ .-]\d{4}"
    r"|\d{3}-\d{4}|\d{3}-\d\d-\d{4}|\d{2} \d{4} \d{4})(?![\d/-]|[.,]\d)"
)
_CALLING: Final = frozenset("call calls called calling dial dials dialed dialled dialing phone phoned".split())  # noqa: SIM905
_BEFORE_POSTAL_CODE: Final = re.compile(
    rf"(?:\b[A-Z]{{2}},?|\b[Zz]ip(?: code)?|, (?:{'|'.join(STATES.values())}) ?,?)\s+$"
)
_BEFORE_CODE: Final = re.compile(
    r"(?i)\b(?:ending in|ends in|pin(?: number| code)?(?: is)?|otp is"
    r"|(?:pass|access |security |confirmation |verification )code(?: is)?|last four(?: digits)?(?: are)?)[ :]\s*$"
)


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


def _long_figures(match: re.Match[str]) -> str:
    return f" {digits(match[0].replace(',', ''))} "


def _network_address(match: re.Match[str]) -> str:
    return " " + " dot ".join(digits(part) for part in match[0].split(".")) + " "


def _code(match: re.Match[str]) -> str:
    return _digits(match) if _BEFORE_CODE.search(match.string, max(0, match.start() - 40), match.start()) else match[0]


def _postal_code(match: re.Match[str]) -> str:
    return _digits(match) if _BEFORE_POSTAL_CODE.search(match.string, 0, match.start()) else match[0]


TELEPHONE_RULES: Final[tuple[Rule, ...]] = (
    rule(
        "long figures", "", r"\d{37,}|\d{1,3}(?:,\d{3}){12,}(?!\d)", _long_figures,
        "Figures beyond the decillions have no name and are read one by one.", hint=r"\d{37}|(?:,\d{3}){12}",
    ),
    rule(
        "before figures", ".", r"(?<![A-Za-z])([A-Za-z]{1,4})\.\s*(?=\d)", _before_figures,
        'Words that are shortened before figures are read out: "No. 5", "pp. 7-9", "Apt. 3".',
    ),
    rule(
        "telephone numbers", "-.() +", _PHONE, _phone, "Telephone numbers are read figure by figure.",
        after="-.) ", hint=r"\+\d|\d[ )-][ -]?\d\d\d|\d-\d\d-\d|\d\.\d{3}\.\d{4}",
    ),
    rule(
        "toll-free numbers", "-", r"\b1-8(\d\d)-(?=[A-Z]{2})",
        lambda match: f" one eight {'hundred' if match[1] == '00' else digits(match[1])} ",
        'A toll-free number that goes on in letters begins with "one eight hundred".',
    ),
    rule(
        "network addresses", ".", r"(?<![\w.])(?=[\d.]*\d\d)\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)", _network_address,
        "The four numbers of a network address are read figure by figure, with dots.",
        after=".", hint=r"\d\.\d{1,3}\.\d{1,3}\.",
    ),
    rule(
        "codes", "", r"(?<![\w.,-])\d{3,8}\b(?![.,-]?\d)", _code,
        "Figures after ending in, PIN, passcode and the like are read one by one.",
        hint=r"(?i)(?:in|pin|er|code|is|are|four|digits)[ :]\s*\d{3}",
    ),
    rule(
        "emergency numbers", "19", r"\b(?:[1-9]11|999|112)\b", _emergency,
        "The short numbers of emergency services are read figure by figure after call, dial and phone.",
    ),
    rule(
        "postal codes", "", r"(?<![\d,.$-])\d{5}(?:-\d{4})?\b(?![,.]\d)", _postal_code,
        "Five figures after a state's letters or after zip are read figure by figure.", hint=r"\d{5}",
    ),
)  # fmt: skip
