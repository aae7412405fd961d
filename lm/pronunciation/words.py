"""Words that a user adds, as files name them: a word list, and a list of display forms with how they are said.

A word list holds a line a word, ``word`` or ``word<TAB>phones``; a word may stand on several lines, a way to say it on
each. A display-form file, as cloud services take it, holds ``display<TAB>spoken form`` lines: ``3CPO<TAB>three c p o``,
``IEEE<TAB>i triple e``; the spoken form is made of words, not of phones. Nothing in a line tells the two apart, so each
has its own reader. What comes of them is one list, which ``pronounce_words`` (added_words.py) makes ready for use:

wanted = (*read_words("words.txt"), *read_display_forms("forms.txt"))
added = pronounce_words(wanted, lexicon, g2p)
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import FormatError


@dataclass(frozen=True, slots=True)
class WantedWord:
    """A word that somebody wants recognised, as it is written: capitals, figures and spaces allowed.

    ``phones``: how it is said, empty where that is to be found out. ``spoken``: the words that are said for it, where
    ``written`` is a display form. ``source``: the file and line it comes from, for messages.
    """

    written: str
    phones: tuple[str, ...] = ()
    spoken: str = ""
    source: str = "the word list"


def read_words(path: str | os.PathLike[str]) -> tuple[WantedWord, ...]:
    """Read a word list: ``word`` or ``word<TAB>phones`` a line, in UTF-8; empty lines are skipped.

    Raises FormatError, naming the line, for one with more than one tab, without a word, or with nothing after the tab.
    """
    return tuple(
        WantedWord(fields[0], tuple(fields[1].split()) if len(fields) > 1 else (), source=source)
        for fields, source in _lines(path, "word, or word<TAB>phones")
    )


def read_display_forms(path: str | os.PathLike[str]) -> tuple[WantedWord, ...]:
    """Read a display-form file: ``display<TAB>spoken form`` a line, in UTF-8; empty lines are skipped.

    Raises FormatError, naming the line, for one that is not made of two filled fields.
    """
    wanted = []
    for fields, source in _lines(path, "display<TAB>spoken form"):
        if len(fields) != 2:
            raise FormatError(f"{source}: has no tab; write display<TAB>spoken form, as in IEEE<TAB>i triple e.")
        wanted.append(WantedWord(fields[0], spoken=fields[1], source=source))
    return tuple(wanted)


def _lines(path: str | os.PathLike[str], form: str) -> Iterator[tuple[list[str], str]]:
    """Give the fields of every filled line, stripped, and where it stands."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read as a UTF-8 list of words ({problem}).") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            fields = [" ".join(field.split()) for field in line.split("\t")]
            source = f"{path}, line {number}"
            if len(fields) > 2 or not all(fields):
                raise FormatError(f"{source}: has {len(fields)} fields or an empty one; write {form}.")
            yield fields, source
