"""The text that a model is customised with: sentences of spoken words, and what could not be read of it."""

import bz2
import gzip
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...errors import FormatError
from ...lm.pronunciation.added_words import AddedWords
from ...lm.text import normalize_lines, split_sentences

_PUNCTUATION = ".,;:!?"
_LONGEST_SENTENCE = 120  # words; a longer "sentence" is a table or a list, cut where it stands


@dataclass(frozen=True, slots=True)
class DomainText:
    """Sentences, words between spaces.

    ``dropped`` says what is odd, "" where nothing is: letters without an English reading, punctuation at words' ends.
    """

    sentences: tuple[str, ...]
    counts: Counter[str]
    dropped: str = ""

    @property
    def words(self) -> int:
        """How many words the sentences hold."""
        return self.counts.total()


def read_domain_text(paths: Sequence[str | os.PathLike[str]], added: AddedWords, normalize: bool = True) -> DomainText:
    """Read text files (UTF-8; .gz and .bz2 too) and put the tokens of ``added`` where the text means them.

    ``normalize``: the lines are written English, which is split into sentences and read out; else a line is a sentence
    of words between spaces. Raises FormatError where a file cannot be read, or not a word is left of the text.
    """
    lines = [line for path in paths for line in _lines(path, not normalize)]
    if not normalize:
        sentences = tuple(filter(None, (added.apply(line) for line in lines)))
        if not sentences:
            raise FormatError(f"{_names(paths)}: no words in {len(lines):,} lines; give a text of sentences.")
        return _with_notice(_counted(sentences))
    sentences = tuple(_spoken(lines, added))
    if not sentences:
        for _ in normalize_lines(lines, _names(paths)):
            pass  # it raises an error that says why nothing is left
    strange = normalize_lines(["a", *(line for line in lines if not line.isascii())])
    for _ in strange:
        pass
    dropped = ", ".join(f"{count:,} {script}" for script, count in strange.report.dropped.most_common())
    return _counted(sentences, dropped and f"{dropped} letters have no English reading and were dropped")


def _counted(sentences: tuple[str, ...], dropped: str = "") -> DomainText:
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(sentence.split())
    return DomainText(sentences, counts, dropped)


def _with_notice(text: DomainText) -> DomainText:
    """Return a text that was taken as it stands, with a notice where it looks written."""
    ended = sum(count for word, count in text.counts.items() if word[-1] in _PUNCTUATION)
    if 50 * ended < text.words:
        return text
    notice = f"{ended:,} of its {text.words:,} words end with punctuation; it looks written, so normalise it"
    return replace(text, dropped=notice)


def _spoken(lines: Sequence[str], added: AddedWords) -> Iterator[str]:
    for line in lines:
        for sentence in split_sentences(line):
            words = added.read(sentence).split()
            for begin in range(0, len(words), _LONGEST_SENTENCE):
                yield " ".join(words[begin : begin + _LONGEST_SENTENCE])


def _lines(path: str | os.PathLike[str], plain: bool) -> list[str]:
    """Return the lines of a file; where they have to be ``plain``, ``<s>`` and ``</s>`` are refused."""
    name = os.fspath(path)
    opening = gzip.open if name.endswith(".gz") else bz2.open if name.endswith(".bz2") else open
    try:
        with opening(name, "rt", encoding="utf-8-sig") as file:
            lines = list(file)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise FormatError(f"{name}: cannot be read as a text in UTF-8 ({reason}).") from None
    for number, line in enumerate(lines, 1):
        if plain and "s>" in line and not {"<s>", "</s>"}.isdisjoint(line.split()):
            raise FormatError(f"{name}, line {number}, holds <s> or </s>: take them out of the text.")
    return lines


def _names(paths: Sequence[str | os.PathLike[str]]) -> str:
    return ", ".join(os.fspath(path) for path in paths)
