"""Words and how they are said: the pronunciation lexicon and its file.

A file holds one pronunciation a line, tab-separated: ``word<TAB>phones`` or ``word<TAB>probability<TAB>phones``, the
phones separated by spaces.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import FormatError, OptionsError
from ...tensorfile import write_aside


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """One way to say one word; ``probability`` in (0, 1] is its share among the word's ways, or 1.0 where unknown."""

    word: str
    phones: tuple[str, ...]
    probability: float = 1.0


@dataclass(frozen=True)
class Lexicon:
    """Pronunciations in a fixed order, with a look-up by word.

    Raises OptionsError for an entry without a word or phones, with white space inside, with a probability outside
    (0, 1], or listed twice.
    """

    entries: tuple[Pronunciation, ...]
    _by_word: dict[str, tuple[Pronunciation, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_word: dict[str, tuple[Pronunciation, ...]] = {}
        for entry in self.entries:
            problem = _problem(entry)
            same = by_word.get(entry.word, ())
            if same and not problem and any(other.phones == entry.phones for other in same):
                problem = f'"{" ".join(entry.phones)}" is listed twice; keep one'
            if problem:
                raise OptionsError(f"Lexicon entry {entry.word!r}: {problem}.")
            by_word[entry.word] = (*same, entry)
        object.__setattr__(self, "_by_word", by_word)

    @property
    def words(self) -> tuple[str, ...]:
        """The distinct words in the order of their first entry."""
        return tuple(self._by_word)

    @property
    def phones(self) -> tuple[str, ...]:
        """The distinct phones, sorted."""
        return tuple(sorted({phone for entry in self.entries for phone in entry.phones}))

    def __contains__(self, word: object) -> bool:
        return word in self._by_word

    def __getitem__(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of ``word``, in file order; KeyError where it has none."""
        return self._by_word[word]

    def get(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of ``word``, none where it is unknown."""
        return self._by_word.get(word, ())

    def __iter__(self) -> Iterator[Pronunciation]:
        return iter(self.entries)

    def __len__(self) -> int:
        """Return the number of pronunciations."""
        return len(self.entries)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Lexicon":
        """Read a lexicon file in UTF-8; empty lines are skipped, a malformed line raises FormatError."""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise FormatError(f"{path}: cannot be read as a UTF-8 lexicon ({problem}).") from None
        lines = [line.rstrip("\r") for line in text.split("\n")]
        try:
            return cls(tuple(_entry(line) for line in lines if line))
        except ValueError:
            _find_problem(lines, str(path))
            raise

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the lexicon; the probability column is left out for entries whose probability is 1."""
        lines = []
        for entry in self.entries:
            share = "" if entry.probability == 1.0 else f"{entry.probability!r}\t"
            lines.append(f"{entry.word}\t{share}{' '.join(entry.phones)}\n")
        write_aside(path, "".join(lines).encode())

    def normalized(self, how: str = "max") -> "Lexicon":
        """Return the lexicon with each word's probabilities divided by their largest ("max") or their sum ("sum").

        With "sum" a word with many ways is dearer in a search than one with one; "max" costs the best way nothing.
        """
        if how not in ("max", "sum"):
            raise OptionsError(f"Probabilities are normalised by max or by sum, not by {how!r}.")
        combine = max if how == "max" else math.fsum
        totals = {word: combine(entry.probability for entry in same) for word, same in self._by_word.items()}
        shares = ((entry, min(1.0, max(1e-300, entry.probability / totals[entry.word]))) for entry in self)
        return Lexicon(tuple(Pronunciation(entry.word, entry.phones, share) for entry, share in shares))

    def merged(self, other: "Lexicon", keep: str = "both") -> "Lexicon":
        """Return one lexicon of the two, ``other``'s words last.

        A word in both has, with keep "first", this lexicon's ways, with "last", the other's, and with "both", all of
        them, a way that both list with the larger probability.
        """
        if keep not in ("both", "first", "last"):
            raise OptionsError(f"Merging keeps both, first or last, not {keep!r}.")
        mine = [entry for entry in self if keep != "last" or entry.word not in other]
        theirs = [entry for entry in other if keep != "first" or entry.word not in self]
        found: dict[tuple[str, tuple[str, ...]], float] = {}
        for entry in (*mine, *theirs):
            key = entry.word, entry.phones
            found[key] = max(found.get(key, 0.0), entry.probability)
        return Lexicon(tuple(Pronunciation(word, phones, share) for (word, phones), share in found.items()))


def _problem(entry: Pronunciation) -> str:
    """Return what is wrong with an entry, "" where nothing is."""
    if entry.word.split() != [entry.word]:
        return "the word is empty or holds white space; name one word"
    if not entry.phones or tuple(" ".join(entry.phones).split()) != entry.phones:
        return "a pronunciation needs one phone or more, none empty or with white space"
    if not (math.isfinite(entry.probability) and 0.0 < entry.probability <= 1.0):
        return f"probability {entry.probability} does not lie in (0, 1]; give a share of the word's pronunciations"
    return ""


def _entry(line: str) -> Pronunciation:
    """Return what a line says, unchecked; raises ValueError where it has not the fields of one."""
    fields = line.split("\t")
    if len(fields) == 2:
        return Pronunciation(fields[0], tuple(fields[1].split(" ")))
    word, probability, phones = fields
    return Pronunciation(word, tuple(phones.split(" ")), float(probability))


def _find_problem(lines: list[str], path: str) -> None:
    """Raise FormatError for the first malformed or repeated line."""
    seen: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, line in enumerate(lines, 1):
        if line:
            entry = parse_line(line, f"{path}, line {number}")
            before = seen.setdefault((entry.word, entry.phones), number)
            if before != number:
                raise FormatError(
                    f"{path}, line {number}: repeats the pronunciation of line {before}; drop one of them."
                )


def parse_line(line: str, where: str) -> Pronunciation:
    """Return what one line says; raises FormatError, which begins with ``where``, for a malformed one."""
    fields = line.split("\t")
    if len(fields) not in (2, 3):
        raise FormatError(f"{where}: has {len(fields)} tab-separated fields; write word, optional probability, phones.")
    try:
        entry = _entry(line)
    except ValueError:
        raise FormatError(f"{where}: probability {fields[1]!r} is no number; write one in (0, 1].") from None
    problem = _problem(entry)
    if problem:
        raise FormatError(f"{where}: {problem}.")
    return entry
