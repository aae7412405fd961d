"""A bundle's words that are shown otherwise than they are spelt, and what texts mean by them: ``display.txt``.

A line a word, tab-separated: the token that lexicon and language models know it by, what is shown for it, and, a field
each, the words in a row that stand for it in spoken text.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import FormatError
from ..lm.pronunciation.added_words import AddedWord
from ..tensorfile import write_aside

DISPLAY_FILE = "display.txt"


def read_display(path: str | os.PathLike[str]) -> tuple[AddedWord, ...]:
    """Read the words, without pronunciations; raises FormatError naming a line with less than two filled fields."""
    try:
        lines = Path(path).read_text(encoding="utf8").split("\n")
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be read ({problem}); copy the whole folder again.") from None
    words = []
    for number, line in enumerate(lines, 1):
        token, *fields = line.split("\t")
        if not line:
            continue
        if not token or not fields or not all(fields):
            raise FormatError(f"{path}, line {number}: lacks the word or what is shown; copy the whole folder again.")
        words.append(AddedWord(token, fields[0], (), tuple(tuple(said.split()) for said in fields[1:])))
    return tuple(words)


def write_display(path: str | os.PathLike[str], words: Iterable[AddedWord]) -> None:
    """Write the words of which there is something to tell; no file where there are none."""
    lines = [
        "\t".join([word.word, word.display, *(" ".join(said) for said in word.texts)])
        for word in words
        if not word.listed and (word.texts or word.display != word.word)
    ]
    if not lines:
        return
    write_aside(path, "".join(f"{line}\n" for line in lines).encode())
