"""How a written word may be said where nobody says how: read, looked up word by word or guessed, strung together."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import OptionsError
from ..text import normalize as normalize_english
from .g2p import G2p
from .lexicon import Lexicon

_CAPITALS = re.compile("[A-Z]{2,}(?![A-Za-z])")
_VOWEL = re.compile("[AEIOUY]")
_SPELLED_LETTERS = 4
"""Capitals that could be a word are spelled, too, up to so many: NASA is, COVID is not."""
Ways = dict[tuple[str, ...], float]
"""Pronunciations and how likely each is, the likeliest 1."""


@dataclass(frozen=True, slots=True)
class GuessOptions:
    """How many ways to say a word are found out where none is given.

    ``most``: ways of a word, at most. ``share``: a guess has at least this probability as a share of the best one's.
    ``spelled_share``: how likely, beside its reading as a word, the spelled reading of capitals (NASA) is taken to be.
    """

    most: int = 4
    share: float = 0.1
    spelled_share: float = 0.5

    def __post_init__(self) -> None:
        if self.most < 1 or not 0.0 < self.share <= 1.0 or not 0.0 < self.spelled_share <= 1.0:
            raise OptionsError(
                f"GuessOptions got most={self.most}, share={self.share}, spelled_share={self.spelled_share}; "
                "give 1 or more ways and shares in (0, 1]."
            )


class WaysFinder:
    """Finds ways to say words and phrases: what ``lexicon`` lists, or what ``g2p`` guesses where there is one."""

    def __init__(
        self, lexicon: Lexicon, g2p: G2p | None, options: GuessOptions, normalize: Callable[[str], str]
    ) -> None:
        self.lexicon, self.g2p, self.options, self.normalize = lexicon, g2p, options, normalize

    def written(self, written: str) -> Ways:
        """Return the ways to say a written word that nobody gave pronunciations for."""
        ways: Ways = {}
        for reading, share in self._readings(written):
            put_ways(ways, {phones: share * value for phones, value in self.spoken(reading).items()})
        return self.best(ways)

    def _readings(self, written: str) -> list[tuple[tuple[str, ...], float]]:
        """Return how a written word may be read, in words: as the normaliser does, and with its capitals spelled."""
        read = tuple(self.normalize(written).split())
        if not read:
            raise OptionsError(
                f"{written!r} holds nothing that can be read as words; spell it in English letters, or list it "
                "with its phones or a spoken form."
            )
        runs = _CAPITALS.findall(written)
        if not runs:
            return [(read, 1.0)]
        spelled = tuple(self.normalize(_CAPITALS.sub(lambda run: f" {' '.join(run[0])} ", written)).split())
        if not all(_VOWEL.search(run) for run in runs):
            return [(spelled, 1.0)]
        if max(map(len, runs)) > _SPELLED_LETTERS:
            return [(read, 1.0)]
        return [(read, 1.0), (spelled, self.options.spelled_share)]

    def spoken(self, words: tuple[str, ...]) -> Ways:
        """String the ways to say ``words`` together, the likeliest combinations first."""
        ways: Ways = {(): 1.0}
        for word in words:
            said = self._ways(word)
            longer: Ways = {}
            for before, value in ways.items():
                put_ways(longer, {before + phones: value * share for phones, share in said.items()})
            ways = self.best(longer)
        return ways

    def _ways(self, word: str) -> Ways:
        listed = self.lexicon.get(word)
        if listed:
            best = max(entry.probability for entry in listed)
            return {entry.phones: entry.probability / best for entry in listed}
        if self.g2p is None:
            raise OptionsError(f"{word!r} is not in the lexicon, and there is no model to guess with; give its phones.")
        guesses = self.g2p.pronounce(word, self.options.most)
        best = guesses[0][1]
        return {phones: value / best for phones, value in guesses if value >= self.options.share * best}

    def best(self, ways: Ways) -> Ways:
        """Return the likeliest ways, the best one brought to 1."""
        ranked = sorted(ways.items(), key=lambda way: (-way[1], way[0]))[: self.options.most]
        highest = ranked[0][1]
        return {phones: value / highest for phones, value in ranked if value >= self.options.share * highest}


def put_ways(ways: Ways, more: Ways) -> None:
    """Add ways; one that is there already keeps the larger value."""
    for phones, value in more.items():
        ways[phones] = max(ways.get(phones, 0.0), value)


def say(
    written: str,
    lexicon: Lexicon,
    g2p: G2p | None,
    options: GuessOptions | None = None,
    *,
    normalize: Callable[[str], str] = normalize_english,
) -> list[tuple[tuple[str, ...], float]]:
    """Return how a written word or phrase may be said, the likeliest way first, with 1.

    It is read as ``pronounce_words`` reads words without given phones; raises ModelError or OptionsError where that
    cannot be.
    """
    return list(WaysFinder(lexicon, g2p, options or GuessOptions(), normalize).written(written).items())
