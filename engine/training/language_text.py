"""Running text for the language models: paragraphs of books and conversations into spoken sentences, one a line."""

import bz2
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ...lm.text.normalizer import normalize

_END: Final = re.compile(r"""[.?!]+["'”’)\]]*\s+(?=["'“‘(\[]*[A-Z0-9])""")
_ABBREVIATION: Final = re.compile(
    r"""(?:^|[\s("'“‘])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St|Messrs|Mme|Mlle|Prof|Rev|Hon|Capt|Col|Gen|Lt|Lieut|Sgt|Maj|Gov|Sen"""
    r"""|Jr|Sr|No|Nos|Vol|vol|Fig|fig|pp|vs|etc|viz|cf|e\.g|i\.e|Esq|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)\.\s*$"""
)
_LONGEST_SENTENCE: Final = 120  # words; a longer "sentence" is a table or a list, cut where it stands


def split_sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences of ``paragraph``: cut after . ? ! before a capital or a figure, but not after "Mr." """
    begin = 0
    for match in _END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph, begin, match.end()):
            yield paragraph[begin : match.end()]
            begin = match.end()
    yield paragraph[begin:]


def spoken_sentences(paragraphs: Iterable[str]) -> Iterator[str]:
    """Yield the spoken form of every sentence in ``paragraphs``; sentences without a word are left out."""
    for paragraph in paragraphs:
        for sentence in split_sentences(paragraph):
            words = normalize(sentence).split()
            for begin in range(0, len(words), _LONGEST_SENTENCE):
                yield " ".join(words[begin : begin + _LONGEST_SENTENCE])


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
