"""Amounts among spoken words: figures with decimals and magnitudes, and whether they stand alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import OptionsError
from .spoken_numbers import (
    DIGITS,
    FRACTION_WORDS,
    JOINERS,
    MAGNITUDES,
    NUMBER_WORDS,
    ORDINAL_WORDS,
    parse_cardinal,
    parse_digits,
)


@dataclass(frozen=True, slots=True)
class WrittenOptions:
    """How to write: plain numbers and ranks under ``smallest`` stay words (in money, dates, times they are figures).

    ``loose`` takes "one hundred twenty" too, which ``normalize`` gives back with the "and" that it lacked.
    """

    smallest: int = 10
    loose: bool = False

    def __post_init__(self) -> None:
        if self.smallest < 0:
            raise OptionsError(f"WrittenOptions.smallest is {self.smallest}; give 0 or more.")


Found = tuple[str, int] | None
"""What is written for the words from a place on, and the place after them."""


def amount(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return the figures of a number with an optional decimal part, and the place after it."""
    value, end = parse_cardinal(words, at)
    if end == at:
        return "", at
    figures = f"{value:,}"
    if end + 1 < len(words) and words[end] == "point":
        part, after = parse_digits(words, end + 1)
        follows = words[after] if after < len(words) else ""
        if part and follows not in JOINERS and follows not in NUMBER_WORDS - MAGNITUDES - {"thousand"}:
            return f"{figures}.{part}", after
    return figures, end


def with_magnitude(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return "2.5 million", "40 million" or plain figures, and the place after them."""
    figures, end = amount(words, at)
    if "." in figures and end < len(words) and words[end] in MAGNITUDES:
        return f"{figures} {words[end]}", end + 1
    if end > at + 1 and words[end - 1] in MAGNITUDES:
        value, before = parse_cardinal(words[: end - 1], at)
        if before == end - 1 and value < 1000:
            return f"{value} {words[end - 1]}", end
    return figures, end


def stands_alone(words: Sequence[str], begin: int, end: int) -> bool:
    """Say whether the words from ``begin`` to ``end`` are a number of their own: no number word touches them."""
    before = words[begin - 1] if begin else ""
    after = words[end].removesuffix("'s") if end < len(words) else ""
    if not NUMBER_WORDS.isdisjoint((before, after)) or not JOINERS.isdisjoint((before, after)):
        return False
    if after in FRACTION_WORDS or (after in ORDINAL_WORDS and (after != "second" or words[end - 1].endswith("ty"))):
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
