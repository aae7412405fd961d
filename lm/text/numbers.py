"""Figures read out in English: cardinals, ordinals, years, decimals, fractions, times and money.

Everything comes out as lower-case words without hyphens, with "and" after the hundreds, as books print it.
"""

import re
from typing import Final

_SMALL: Final = (  # noqa: SIM905
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS: Final = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_SCALES: Final = (  # noqa: SIM905
    "thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion decillion"
).split()
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_LETTER_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN: Final = re.compile("M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
"""A pattern of figures, with or without commas between thousands."""
LARGEST: Final = 10 ** (3 * len(_SCALES) + 3) - 1
"""The largest number that has a name here; longer figures are read digit by digit."""


def digits(figures: str) -> str:
    """Read figures one by one: "007" is "zero zero seven"."""
    return " ".join(_SMALL[int(figure)] for figure in figures)


def _below_thousand(number: int) -> list[str]:
    words = []
    if number >= 100:
        words += [_SMALL[number // 100], "hundred"]
        number %= 100
        if number:
            words.append("and")
    if number >= 20:
        words.append(_TENS[number // 10])
        number %= 10
    if number or not words:
        words.append(_SMALL[number])
    if words[-1] == "zero" and len(words) > 1:
        words.pop()
    return words


def cardinal(number: int) -> str:
    """Read a whole number: 1205 is "one thousand two hundred and five"; past LARGEST it is read digit by digit."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number > LARGEST:
        return digits(str(number))
    if number == 0:
        return "zero"
    groups = []
    rest = number
    while rest:
        rest, group = divmod(rest, 1000)
        groups.append(group)
    words: list[str] = []
    for power in range(len(groups) - 1, -1, -1):
        if not groups[power]:
            continue
        if power == 0 and words and groups[0] < 100:
            words.append("and")
        words += _below_thousand(groups[power])
        if power:
            words.append(_SCALES[power - 1])
    return " ".join(words)


def ordinal(number: int) -> str:
    """Read a rank: 21 is "twenty first"."""
    head, _, last = cardinal(number).rpartition(" ")
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = f"{last[:-1]}ieth"
    else:
        last = f"{last}th"
    return f"{head} {last}".strip()


def year(number: int) -> str:
    """Read a year of 1000 to 2999 as dates are read: 1905 is "nineteen oh five", 2004 "two thousand and four"."""
    century, rest = divmod(number, 100)
    if number % 1000 < 10 or not 1000 <= number <= 2999:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} oh {_SMALL[rest]}" if rest < 10 else f"{cardinal(century)} {cardinal(rest)}"


def plural(words: str) -> str:
    """Return the plural of a number's last word: "eighteen sixty" becomes "eighteen sixties"."""
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith(("x", "s")) else f"{words}s"


def decimal(figures: str) -> str:
    """Read figures with an optional decimal point: "3.05" is "three point zero five"; leading zeros are kept."""
    whole, point, part = figures.partition(".")
    if not whole:
        words = ""
    elif len(whole) > 1 and whole[0] == "0":
        words = digits(whole)
    else:
        words = cardinal(int(whole))
    return f"{words} point {digits(part)}".strip() if point and part else words


def plain(figures: str) -> str:
    """Read figures as they stand: a bare four-figure number that looks like a year is one."""
    if figures.isdecimal() and len(figures) == 4 and (1010 <= int(figures) <= 2099):
        return year(int(figures))
    return decimal(figures.replace(",", ""))


def counted(figures: str) -> str:
    """Read figures with commas as a number that counts."""
    return cardinal(int(figures.replace(",", "")))


def has_fraction_name(under: int) -> bool:
    """Say whether speech has a name for fractions over ``under``: halves to twentieths, tens, 32nds, 64ths, 1000ths."""
    return 2 <= under <= 20 or under in (32, 64, 100, 1000) or (under < 100 and under % 10 == 0 and under > 0)


def fraction(over: int, under: int) -> str:
    """Read a fraction: 3 and 4 are "three quarters", 7 and 100 "seven hundredths"."""
    if under == 0 or under == 1:
        return f"{cardinal(over)} over {cardinal(under)}"
    name = {2: "half", 4: "quarter"}.get(under) or ordinal(under).removeprefix("one ")
    if over != 1:
        name = "halves" if under == 2 else f"{name}s"
    return f"{cardinal(over)} {name}"


def clock(hour: int, minute: int) -> str:
    """Read a time of day: 6:05 is "six oh five", 6:00 "six o'clock", 18:00 "eighteen hundred"."""
    if minute == 0:
        return f"{cardinal(hour)} o'clock" if 1 <= hour <= 12 else f"{cardinal(hour)} hundred"
    return f"{cardinal(hour)} oh {_SMALL[minute]}" if minute < 10 else f"{cardinal(hour)} {cardinal(minute)}"


def roman(numeral: str) -> int:
    """Return the value of an upper-case roman numeral, 0 where it is not a well-formed one up to 3999."""
    if not _ROMAN.fullmatch(numeral):
        return 0
    values = [_LETTER_VALUES[letter] for letter in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
