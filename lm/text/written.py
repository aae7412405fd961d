"""The parts of written English that are not read letter for letter: figures, symbols, abbreviations.

A ladder of regular expressions, the special before the general (a date before a fraction before a number). What comes
out is ASCII text for the translation table of ``lm/text/normalizer.py``, without figures or symbols.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final

from .numbers import cardinal, clock, decimal, digits, fraction, ordinal, plural, roman, year

_FOLDED: Final = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d",
        "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h", "ŋ": "ng", "ə": "e", "ʼ": "'",
        "\u2018": "`", "\u201b": "`", "\u2019": "'", "\u2032": "'", "´": "'", "\u02bb": "'", "\u201a": "'", "\u2033": '"',  # noqa: E501
        "«": '"', "»": '"', "\u201c": '"',
        "\u201d": '"', "\u201e": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
        "\u2015": "-", "\u2212": "-", "\u2044": "/", "\u00ad": "", "\u200b": "", "\ufeff": "", "™": " ", "®": " ",
        "©": " copyright ", "°": " degrees ", "§": " section ", "£": " \x01 ", "€": " \x02 ", "¥": " \x03 ",
        "¢": " cents ", "×": " times ", "÷": " divided by ", "±": " plus or minus ", "µ": "u", "²": " squared ",
        "³": " cubed ", "º": "", "ª": "", "·": " ", "•": " ", "…": " ",
    }
)  # fmt: skip
_FOREIGN: Final = re.compile("[^\0-\x7f]+")
_VULGAR: Final = re.compile("[\u00bc-\u00be\u2150-\u215e]")

TITLES: Final = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "messrs": "messieurs", "mme": "madame", "mlle": "mademoiselle",
    "jr": "junior", "sr": "senior", "ltd": "limited", "inc": "incorporated", "bros": "brothers", "vs": "versus",
    "etc": "et cetera", "esq": "esquire", "viz": "namely", "approx": "approximately", "dept": "department",
    "blvd": "boulevard", "govt": "government",
}  # fmt: skip
"""Read out wherever they stand as words, with or without a full stop."""
_DOTTED: Final = {
    "co": "company", "corp": "corporation", "ave": "avenue", "rd": "road", "vol": "volume", "hon": "honorable",
    "prof": "professor", "capt": "captain", "col": "colonel", "gen": "general", "lt": "lieutenant", "sgt": "sergeant",
    "maj": "major", "rev": "reverend", "gov": "governor", "sen": "senator", "rep": "representative",
    "pres": "president", "ft": "fort", "mt": "mount", "lieut": "lieutenant", "cpt": "captain", "cmdr": "commander",
    "adm": "admiral", "supt": "superintendent", "wm": "william", "chas": "charles", "geo": "george", "thos": "thomas",
    "jas": "james", "benj": "benjamin",
}  # fmt: skip
"""Read out only with a full stop and a capital letter at both sides of it: "Gen. Grant", not "the gen. He ..."."""
_MONTHS: Final = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
}  # fmt: skip
_MONTH_NAMES: Final = "january february march april may june july august september october november december".split()  # noqa: SIM905
_BEFORE_FIGURES: Final = {
    "no": "number", "nos": "numbers", "p": "page", "pp": "pages", "fig": "figure", "figs": "figures",
    "ch": "chapter", "chap": "chapter", "vol": "volume", "vols": "volumes", "sec": "section", "art": "article",
}  # fmt: skip
_AFTER_FIGURES: Final = {
    "ft": "feet", "in": "inches", "lb": "pounds", "lbs": "pounds", "oz": "ounces", "km": "kilometers",
    "kg": "kilograms", "cm": "centimeters", "mm": "millimeters", "mph": "miles per hour", "hr": "hours",
    "hrs": "hours", "min": "minutes", "mins": "minutes", "sec": "seconds", "secs": "seconds", "mi": "miles",
    "yd": "yards", "yds": "yards", "cwt": "hundredweight", "kmh": "kilometers per hour", "ghz": "gigahertz",
    "mhz": "megahertz", "khz": "kilohertz", "hz": "hertz", "kw": "kilowatts", "gb": "gigabytes", "mb": "megabytes",
}  # fmt: skip
_KINGS: Final = (
    "alexander alfonso alphonse charles christian edward elizabeth ferdinand francis frederick george gustavus henry "
    "innocent james john leo louis mary napoleon nicholas otto paul peter philip pius richard urban victor william "
    "clement gregory benedict boniface catherine ramses ptolemy"
)
_PARTS: Final = "act book canto chapter part scene section volume"
_CURRENCIES: Final = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "\x01": ("pound", "pounds", "penny", "pence"),
    "\x02": ("euro", "euros", "cent", "cents"),
    "\x03": ("yen", "yen", "sen", "sen"),
}
_SYMBOLS: Final = {
    "&": "and", "%": "percent", "+": "plus", "=": "equals", "@": "at", "$": "dollars", "\x01": "pounds",
    "\x02": "euros", "\x03": "yen",
}  # fmt: skip
_ROMANS: Final = "ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv xxv"
ABBREVIATIONS: Final = frozenset({*_DOTTED, "st", "com", "org", "edu", "www", "chapter", *_ROMANS.split()})
"""Words (lower case, without full stops) that make a line worth a closer look."""

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
_MONTH_CHOICE: Final = "|".join([*_MONTH_NAMES, *_MONTHS])
_MAGNITUDES: Final = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion", "b": "billion"}


@cache
def _fold(letter: str) -> str:
    if _VULGAR.match(letter):
        return f" {unicodedata.normalize('NFKD', letter).translate(_FOLDED)} "
    plain = unicodedata.normalize("NFKD", letter.translate(_FOLDED)).translate(_FOLDED)
    return "".join("" if unicodedata.combining(part) else part if part.isascii() else " " for part in plain)


def to_ascii(text: str) -> str:
    """Fold typography and accents (NFKD) to ASCII; characters of other scripts become spaces."""
    return _FOREIGN.sub(lambda match: "".join(map(_fold, match[0])), text)


def _plain(figures: str) -> str:
    """Read figures as they stand: a bare four-figure number that looks like a year is one."""
    if figures.isdecimal() and len(figures) == 4 and (1010 <= int(figures) <= 2099):
        return year(int(figures))
    return decimal(figures.replace(",", ""))


def _money(match: re.Match[str]) -> str:
    one, many, small_one, small_many = _CURRENCIES[match["sign"]]
    whole, magnitude = match["whole"].replace(",", ""), (match["magnitude"] or "").lower()
    part = match["part"] or ""
    if magnitude:
        figures = f"{whole}.{part}" if part else whole
        return f" {decimal(figures)} {_MAGNITUDES.get(magnitude, magnitude)} {many} "
    if part and len(part) != 2:
        return f" {decimal(f'{whole}.{part}')} {many} "
    large = f"{cardinal(int(whole))} {one if int(whole) == 1 else many}"
    if not part or part == "00":
        return f" {large} "
    small = f"{cardinal(int(part))} {small_one if int(part) == 1 else small_many}"
    return f" {large} and {small} " if int(whole) else f" {small} "


def _month_day(match: re.Match[str]) -> str:
    if match["month"] in ("may", "march", "mar") and not match["year"]:
        return match[0]  # the verbs
    month = _MONTHS.get(match["month"].lower(), match["month"])
    words = f" {month} {ordinal(int(match['day']))} "
    return words + (f"{year(int(match['year']))} " if match["year"] else "")


def _day_month(match: re.Match[str]) -> str:
    month = _MONTHS.get(match["month"].lower(), match["month"])
    the = "" if match["the"] else "the "
    words = f" {match['the'] or ''} {the}{ordinal(int(match['day']))} of {month} "
    return words + (f"{year(int(match['year']))} " if match["year"] else "")


def _numeric_date(match: re.Match[str]) -> str:
    if match["iso"]:
        when, month, day = int(match["iso"]), int(match["m"]), int(match["d"])
    else:
        month, day, when = int(match["first"]), int(match["second"]), int(match["last"])
        if month > 12:
            month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return " ".join(_plain(part) for part in re.split(r"\D", match[0]))
    return f" {_MONTH_NAMES[month - 1]} {ordinal(day)} {year(when)} "


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = (match["half"] or "").lower()
    if hour > 24 or minute > 59:
        return f" {cardinal(hour)} {cardinal(minute)} {half}"
    if half:
        spoken = cardinal(hour) if minute == 0 else clock(hour, minute)
        return f" {spoken} {half[0]} m "
    return f" {clock(hour, minute)} "


def _decade(match: re.Match[str]) -> str:
    figures = match["figures"]
    return f" {plural(year(int(figures)) if len(figures) == 4 else cardinal(int(figures)))} "


def _fraction(match: re.Match[str]) -> str:
    over, under = int(match["over"]), int(match["under"])
    if match["whole"]:
        whole = cardinal(int(match["whole"]))
        return f" {whole} and a half " if (over, under) == (1, 2) else f" {whole} and {fraction(over, under)} "
    return f" {fraction(over, under)} "


def _numeral(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    if not value:
        return match[0]
    king = match["name"].lower() in _KINGS.split()
    return f"{match['name']} {'the ' + ordinal(value) if king else cardinal(value)} "


def _any_of(words: dict[str, str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_YEAR_AFTER: Final = r"(?:,?\s+(?P<year>1\d{3}|20\d\d)\b)?"
_Rule = tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]
"""Characters of which a text must hold one ("" for any text), the pattern, and how its matches are read."""
_FOR_WORDS: Final[tuple[_Rule, ...]] = tuple(
    (needs, re.compile(pattern), reading)
    for needs, pattern, reading in (
        ("&", r"(?i)&c\b\.?", lambda match: " et cetera "),
        (".", rf"\b((?i:{_any_of(_DOTTED)}))\.(?=\s+[A-Z])", lambda match: f" {_dotted(match[1])} "),
        ("tT", r"\b[Ss](?:t\.|t(?=\s+[A-Z][a-z])|T\.)(?=\s*-?[A-Z])", lambda match: " saint "),
        ("tT", r"(?<=[a-z] )[Ss]t\.", lambda match: " street "),
        (
            "IVX",
            rf"\b(?P<name>(?i:{'|'.join(_KINGS.split())}|{'|'.join(_PARTS.split())}))\s+"
            r"(?P<numeral>[VX]|[IVX]{2,}|(?<=(?i:chapter)\s)I(?=[.:]|$))(?![\w'])\.?",
            _numeral,
        ),
        (
            ".",
            r"(?i)\b(?:https?://)?(?=[\w.-]*\.(?:com|org|net|edu|gov|co\.uk)\b)(?:[\w-]+\.)+\w+",
            lambda match: re.sub(r"(?i)^https?://", "", match[0]).replace(".", " dot "),
        ),
    )
)
_FOR_FIGURES: Final[tuple[_Rule, ...]] = tuple(
    (needs, re.compile(pattern), reading)
    for needs, pattern, reading in (
        (
            ".",
            rf"(?i)\b({_any_of(_BEFORE_FIGURES)})\.\s*(?=\d)",
            lambda match: f" {_BEFORE_FIGURES[match[1].lower()]} ",
        ),
        (
            "$\x01\x02\x03",
            rf"(?P<sign>[$\x01-\x03])\s*(?P<whole>{_NUMBER})(?:\.(?P<part>\d+))?"
            r"(?:\s?(?P<magnitude>(?i:hundred|thousand|million|billion|trillion|bn|mn|[kmb]))\b)?",
            _money,
        ),
        (
            "-/",
            r"\b(?P<iso>[12]\d{3})-(?P<m>\d\d)-(?P<d>\d\d)\b|\b(?P<first>\d\d?)/(?P<second>\d\d?)/(?P<last>[12]\d{3})\b",
            _numeric_date,
        ),
        (
            "",
            rf"(?i)\b(?P<month>{_MONTH_CHOICE})\b\.?\s+(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\d:.,/%]*\d)\b"
            + _YEAR_AFTER.replace(r"\d\d)", r"\d\d)(?!,\d)"),
            _month_day,
        ),
        (
            "",
            rf"(?i)(?P<the>\bthe\s+)?\b(?<![\d.,:/-])(?P<day>[12]\d|3[01]|[1-9])(?:st|nd|rd|th)?\s+(?:of\s+)?"
            rf"(?P<month>{_MONTH_CHOICE})\b\.?{_YEAR_AFTER}",
            _day_month,
        ),
        ("", rf"(?i)\b({_any_of(_MONTHS)})\.?\s+(?=\d)", lambda match: f" {_MONTHS[match[1].lower()]} "),
        (
            ":",
            r"(?<![\d:])(?P<hour>\d\d?):(?P<minute>\d\d)(?![\d:])(?:\s*(?:(?P<half>(?i:[ap]\.?\s?m\b\.?))|(?i:o'clock)))?",
            _time,
        ),
        (
            "mM",
            r"(?<![\d.,])(\d\d?)\s*([aApP])\.?\s?[mM]\b\.?",
            lambda match: f" {cardinal(int(match[1]))} {match[2]} m ",
        ),
        ("s", r"'?\b(?P<figures>1\d\d0|20\d0|[2-9]0)'?s\b", _decade),
        (
            "sndrhtSNDRHT",
            r"(?i)\b(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th|d(?<=[23]d))\b",
            lambda match: f" {ordinal(int(match[1].replace(',', '')))} ",
        ),
        ("/", r"\b24/7\b", lambda match: " twenty four seven "),
        (
            "/",
            r"(?:(?<![\d.,])(?P<whole>\d+)[ -]+)?(?<![\d.,/])(?P<over>\d{1,3})\s?/\s?(?P<under>\d{1,4})(?![\d/])",
            _fraction,
        ),
        ("", rf"(?i)(?<=\d)\s?({_any_of(_AFTER_FIGURES)})\b\.?(?=\s|[,;:)?!]|$)", lambda match: _unit(match)),
        ("-.", r"\b(\d{3})[-.](?:(\d{3})[-.])?(\d{4})\b", lambda match: f" {digits(re.sub(r'[^0-9]', '', match[0]))} "),
        ("-", r"(?<=\d)\s?-\s?(?=[$]?\d)", lambda match: " to "),
        ("-", r"(?<![\w.)])-(?=\d|\.\d)", lambda match: " minus "),
        ("#", r"#\s?(?=\d)", lambda match: " number "),
        ("*xX", r"(?<=\d)\s?[*xX]\s?(?=\d)", lambda match: " times "),
        ("", rf"{_NUMBER}(?:\.\d+)?|\.\d+", lambda match: f" {_plain(match[0])} "),
    )
)
_SYMBOL: Final = re.compile(r"[&%+=@$\x01-\x03]")
_FIGURE: Final = re.compile(r"\d")


def _dotted(word: str) -> str:
    return _DOTTED[word.lower()] if word[0].isupper() else word


def _unit(match: re.Match[str]) -> str:
    word = match[1].lower()
    if word == "in" and not match[0].endswith("."):
        return match[0]
    return f" {_AFTER_FIGURES[word]} "


def read_out(text: str) -> str:
    """Return ASCII ``text`` with figures, symbols and abbreviations replaced by the words that are said for them."""
    rules = _FOR_WORDS + _FOR_FIGURES if _FIGURE.search(text) else _FOR_WORDS
    for needs, pattern, reading in rules:
        if not needs or any(character in text for character in needs):
            text = pattern.sub(reading, text)
    return _SYMBOL.sub(lambda match: f" {_SYMBOLS[match[0]]} ", text)
