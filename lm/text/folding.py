"""Typography and accents folded to ASCII, before any rule looks at a text.

A few symbols that rules ask for become control characters (SIGNS), which no text holds any more when it comes here.
"""

import re
import unicodedata
from functools import cache
from typing import Final

POUND, EURO, YEN, RUPEE, CENT, MICRO, WON, RUBLE = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07", "\x08"
SIGNS: Final = str.maketrans({POUND: "£", EURO: "€", YEN: "¥", RUPEE: "₹", CENT: "¢", MICRO: "µ", WON: "₩", RUBLE: "₽"})
"""Turns the control characters into what they stand for."""

_FOLDED: Final = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d",
        "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h", "ŋ": "ng", "ə": "e", "ʼ": "'",
        "\u2018": "`", "\u201b": "`", "\u2019": "'", "\u2032": "'", "´": "'", "\u02bb": "'", "\u201a": "'", "\u2033": '"',  # noqa: E501
        "«": '"', "»": '"', "\u201c": '"',
        "\u201d": '"', "\u201e": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "--",
        "\u2015": "--", "\u2212": "-", "\u2044": "/", "\u00ad": "", "\u200b": "", "\ufeff": "", "\u2060": "",
        "™": " ", "®": " ",
        "©": " copyright ", "°": " degrees ", "§": " section ", "£": POUND, "€": EURO, "¥": YEN, "₹": RUPEE, "₩": WON,
        "₽": RUBLE, "¢": CENT,
        "×": " times ", "÷": " divided by ", "±": " plus or minus ", "µ": MICRO, "²": " squared ",
        "³": " cubed ", "º": "", "ª": "", "·": " ", "•": " ", "…": " ", "‰": " per thousand ", "≠": " not equal to ",
        "≤": " less than or equal to ", "≥": " greater than or equal to ", "≈": "~", "∞": " infinity ", "№": " number ",
        "♯": "#", "♭": " flat ",
    }
)  # fmt: skip
_FOREIGN: Final = re.compile("[^\0-\x7f]+")
_VULGAR: Final = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_RAISED: Final = "\u2070\u00b9\u00b2\u00b3\u2074-\u2079"
_FOOTNOTE: Final = re.compile(
    rf"(?<=[.,;:?!\"'\u2019\u201d)])[{_RAISED}]+|(?<=[a-z]{{4}})[{_RAISED}]+|(?<=[a-z])\u00b9+"
)
_POWER: Final = re.compile(rf"(?<=\d)(?![\u00b2\u00b3](?![{_RAISED}]))[{_RAISED}]+")


@cache
def _fold(letter: str) -> str:
    if _VULGAR.match(letter):
        return f" {unicodedata.normalize('NFKD', letter).translate(_FOLDED)} "
    plain = unicodedata.normalize("NFKD", letter.translate(_FOLDED)).translate(_FOLDED)
    return "".join("" if unicodedata.combining(part) else part if part.isascii() else " " for part in plain)


def to_ascii(text: str) -> str:
    """Fold typography and accents (NFKD) to ASCII; characters of other scripts become spaces.

    Raised figures are powers after a figure and footnote marks, which are dropped, after a word.
    """
    if not _FOOTNOTE_CHARACTERS.isdisjoint(text):
        text = _FOOTNOTE.sub("", text)
        text = _POWER.sub(lambda match: f" to the power of {unicodedata.normalize('NFKD', match[0])} ", text)
    return _FOREIGN.sub(lambda match: "".join(map(_fold, match[0])), text)


_FOOTNOTE_CHARACTERS: Final = frozenset("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
