"""Paragraphs into sentences, and sentences into their spoken form."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .normalizer import normalize

_END: Final = re.compile(r"""[.?!]+["'”’)\]]*\s+(?=["'“‘(\[]*[A-Z0-9])""")
_ABBREVIATION: Final = re.compile(
    r"""(?:^|[\s("'“‘])(?:[A-Za-z]|(?:[A-Z]\.)+[A-Z]|Mr|Mrs|Ms|Dr|St|Messrs|Mme|Mlle|Prof|Rev|Hon|Capt|Col|Gen|Lt|Lieut|Sgt|Maj|Gov|Sen"""
    r"""|Jr|Sr|No|Nos|Vol|vol|Fig|fig|pp|vs|etc|viz|cf|e\.g|i\.e|Esq|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)\.\s*$"""
)
_LONGEST_ABBREVIATION: Final = 20
"""Characters before a possible end of a sentence that are looked at."""
_LONGEST_SENTENCE: Final = 120  # words; a longer "sentence" is a table or a list, cut where it stands


def split_sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences of ``paragraph``: cut after . ? ! before a capital or a figure, but not after "Mr." """
    begin = 0
    for match in _END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph, max(0, begin - 1, match.end() - _LONGEST_ABBREVIATION), match.end()):
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
