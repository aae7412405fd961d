"""Text files for the language models: paragraphs of books and conversations into spoken sentences, one a line."""

import bz2
import os
from collections.abc import Iterator
from pathlib import Path

from ...lm.text.sentences import spoken_sentences


def read_paragraphs(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the lines of a UTF-8 text file, plain or (by its name) ``.bz2``."""
    with (
        bz2.open(path, "rt", encoding="utf8")
        if os.fspath(path).endswith(".bz2")
        else open(path, encoding="utf8") as lines
    ):
        yield from lines


def write_sentences(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> int:
    """Write the spoken sentences of the text file ``source`` to ``target``, aside first; return how many words."""
    words = 0
    aside = Path(f"{os.fspath(target)}.part")
    with open(aside, "w", encoding="ascii", newline="\n") as out:
        for sentence in spoken_sentences(read_paragraphs(source)):
            out.write(f"{sentence}\n")
            words += sentence.count(" ") + 1
    os.replace(aside, target)
    return words
