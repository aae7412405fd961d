"""What a rule of the normaliser is: a name, a line of documentation, a pattern and how its matches are read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_LAST_WORD: Final = re.compile(r"([\w']+|&)\s+$")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rung of the ladder that reads written English.

    ``name`` is what tests and traces call it, ``doc`` one sentence for the page of rules. Three cheap questions
    keep most rules from most texts: ``needs`` holds characters of which a text must have one, ``after`` those of which
    one must follow a figure (empty: any text), and ``hint`` must be found. Rules without a pattern are carried out by
    the normaliser itself (letters, accents, quotation marks, single words).
    """

    name: str
    doc: str
    needs: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None
    read: Callable[[re.Match[str]], str] | None = None
    after: frozenset[str] = frozenset()
    hint: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that a rule did: which ``rule``, to what was ``written``, and how that is ``spoken``."""

    rule: str
    written: str
    spoken: str


def rule(
    name: str,
    needs: str,
    pattern: str,
    read: Callable[[re.Match[str]], str],
    doc: str,
    after: str = "",
    hint: str = "",
) -> Rule:
    """Return a rule whose ``pattern`` and ``hint`` are compiled, whose ``needs`` and ``after`` are given as strings."""
    found = re.compile(hint) if hint else None
    return Rule(name, doc, frozenset(needs), re.compile(pattern), read, frozenset(after), found)


def any_of(words: dict[str, Any]) -> str:
    """Return an alternation of the keys, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def word_before(match: re.Match[str]) -> str:
    """Return the word that stands before a match, "" where none does."""
    found = _LAST_WORD.search(match.string, max(0, match.start() - 24), match.start())
    return found[1] if found else ""
