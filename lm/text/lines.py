"""Raw text to lines of spoken words, with an account of the letters that the English reading drops.

The normaliser drops characters of other scripts without a word. Over a whole text that must be noticed: a Russian book
would otherwise become an empty model, and a mixed one a strange one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from ...errors import FormatError
from .folding import to_ascii
from .normalizer import normalize
from .sentences import spoken_sentences

_PERHAPS_DROPPED: Final = re.compile(r"[^\W\d_\0-\u017f]")
"""Letters beyond Latin-1 and Latin Extended-A; those fold to a-z."""
_CALLED: Final = {"Cjk": "Chinese", "Hangul": "Korean", "Hiragana": "Japanese", "Katakana": "Japanese"}


@dataclass(slots=True)
class TextReport:
    """What went in and what came out; the counts grow while the lines are read.

    ``lines`` went in, ``sentences`` and ``words`` came out; ``dropped`` counts the letters that have no English
    reading, by script; ``emptied`` counts the lines that held such letters and of which no word was left.
    """

    lines: int = 0
    sentences: int = 0
    words: int = 0
    emptied: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Say what was dropped, "" where nothing was."""
        if not self.dropped:
            return ""
        scripts = ", ".join(f"{count:,} {script}" for script, count in self.dropped.most_common())
        return f"{scripts} letters were dropped; {self.emptied:,} of {self.lines:,} lines lost all their words"


@cache
def dropped_script(letter: str) -> str:
    """Return the script of a letter that ``normalize`` drops ("Cyrillic"), "" for one that it keeps or folds to a-z."""
    if not letter.isalpha() or any(map(str.isalpha, to_ascii(letter))):
        return ""
    script = re.split("[ -]", unicodedata.name(letter, "unknown"))[0].capitalize()
    return _CALLED.get(script, script)


class NormalizedLines:
    """The spoken lines of a text, iterated once; ``report`` tells, during and after, what was dropped.

    The end of the iteration raises FormatError where not one word came out, naming the script that the letters were of.
    """

    def __init__(self, lines: Iterable[str], name: str = "the text", *, sentences: bool = False) -> None:
        self.report = TextReport()
        self._lines = lines
        self._name = name
        self._sentences = sentences

    def __iter__(self) -> Iterator[str]:
        report = self.report
        for line in self._lines:
            report.lines += 1
            before = report.words
            for spoken in spoken_sentences([line]) if self._sentences else filter(None, [normalize(line)]):
                report.sentences += 1
                report.words += spoken.count(" ") + 1
                yield spoken
            if not line.isascii():
                lost = [script for script in map(dropped_script, _PERHAPS_DROPPED.findall(line)) if script]
                report.dropped.update(lost)
                report.emptied += bool(lost) and report.words == before
        if not report.words:
            raise FormatError(f"{self._name}: {_nothing_left(report)}")


def normalize_lines(lines: Iterable[str], name: str = "the text", *, sentences: bool = False) -> NormalizedLines:
    """Return an iterator over the spoken forms of ``lines``, those without a word left out, and its ``report``.

    ``sentences`` splits every line (a paragraph) into sentences first; ``name`` is what errors call the text. Raises
    FormatError at the end of the iteration where no word is left, naming the script of what was dropped.
    """
    return NormalizedLines(lines, name, sentences=sentences)


def _nothing_left(report: TextReport) -> str:
    if not report.dropped:
        return f"no words in {report.lines:,} lines; give a text of English sentences."
    (script, count), *others = report.dropped.most_common()
    also = f" ({', '.join(f'{more:,} {other}' for other, more in others)} too)" if others else ""
    return (
        f"nothing is left of it, for its {count:,} letters are {script}{also} and the normaliser reads English; "
        "normalise the text yourself and give it as words between spaces."
    )
