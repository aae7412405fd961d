"""How often a pronunciation model is right: words and phones wrong, against a lexicon that it was not trained on.

rest, tenth = hold_out(lexicon, 10)
model = G2p.train((entry.word, entry.phones) for entry in rest)
evaluate(model, tenth).word_error_rate
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import ModelError, OptionsError
from .g2p import G2p
from .lexicon import Lexicon

Phones = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PronunciationErrors:
    """Errors of the best guesses, and how often a listed way is among the first n.

    ``words`` judged, of which for ``wrong_words`` the best guess is none of the listed ways. ``phone_errors``:
    substitutions, deletions and insertions against the listed way that is nearest, ``phones`` how many those have.
    ``right_within``: {n: words with a listed way among the n best guesses}. ``unsaid``: words without any guess.
    """

    words: int
    wrong_words: int
    phones: int
    phone_errors: int
    right_within: dict[int, int]
    unsaid: tuple[str, ...] = ()

    @property
    def word_error_rate(self) -> float:
        """The share of words whose best guess is wrong."""
        return self.wrong_words / self.words

    @property
    def phone_error_rate(self) -> float:
        """Phone errors a phone."""
        return self.phone_errors / self.phones


def hold_out(lexicon: Lexicon, parts: int, part: int = 0) -> tuple[Lexicon, Lexicon]:
    """Return the lexicon without one of so many parts, and that part, all ways to say a word together.

    Which part a word is in depends on its letters alone, so that it stays there when a lexicon grows. Raises
    OptionsError for fewer than 2 or more than 256 parts.
    """
    if not 2 <= parts <= 256 or not 0 <= part < parts:
        raise OptionsError(f"Part {part} of {parts} cannot be held out; take one of 2 to 256 parts, counted from 0.")
    held = {word for word in lexicon.words if hashlib.sha256(word.encode()).digest()[0] % parts == part}
    rest = tuple(entry for entry in lexicon if entry.word not in held)
    return Lexicon(rest), Lexicon(tuple(entry for entry in lexicon if entry.word in held))


def evaluate(model: G2p, listed: Lexicon, within: Sequence[int] = (1, 2, 3, 5)) -> PronunciationErrors:
    """Judge a model by a lexicon; words that it cannot pronounce (letters it never saw) are wrong and ``unsaid``."""
    guesses = {}
    for word in listed.words:
        try:
            guesses[word] = [phones for phones, _ in model.pronounce(word, max(within, default=1))]
        except ModelError:
            guesses[word] = []
    return judge(guesses, listed, within)


def judge(guesses: Mapping[str, Sequence[Phones]], listed: Lexicon, within: Sequence[int] = ()) -> PronunciationErrors:
    """Compare guessed pronunciations, the best first, with the ways that a lexicon lists for the same words.

    A word without a guess is wrong, all its phones missing. Raises OptionsError where there is no word to judge.
    """
    if not listed.words:
        raise OptionsError("There is no word to judge the model by; give a lexicon with words.")
    wrong = errors = phones = 0
    right_within = dict.fromkeys(within, 0)
    unsaid = []
    for word in listed.words:
        ways = [entry.phones for entry in listed[word]]
        said = [tuple(guess) for guess in guesses.get(word, ())]
        if not said:
            unsaid.append(word)
        best = said[0] if said else ()
        wrong += best not in ways
        distance, length = min((edit_distance(way, best), len(way)) for way in ways)
        errors += distance
        phones += length
        for n in right_within:
            right_within[n] += any(way in ways for way in said[:n])
    return PronunciationErrors(len(listed.words), wrong, phones, errors, right_within, tuple(unsaid))


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the least number of substitutions, deletions and insertions that turn one sequence into the other."""
    row = list(range(len(other) + 1))
    for place, left in enumerate(one, 1):
        corner, row[0] = row[0], place
        for column, right in enumerate(other, 1):
            above = row[column]
            row[column] = min(above + 1, row[column - 1] + 1, corner + (left != right))
            corner = above
    return row[-1]
