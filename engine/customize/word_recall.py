"""How well chosen words are recognised: how many of them at all, and how often where they were said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...lm.text import normalize
from ..evaluate import Scored


@dataclass(frozen=True, slots=True)
class WordRecall:
    """``words`` of the chosen ones were said, ``words_found`` of them recognised at least once where they were said.

    ``said`` counts what the references hold of them, ``found`` what was recognised of that, ``false`` what was
    recognised besides.
    """

    words: int
    words_found: int
    said: int
    found: int
    false: int

    @property
    def recall(self) -> float:
        """The part of what was said that was recognised, 0 to 1."""
        return self.found / max(1, self.said)

    @property
    def precision(self) -> float:
        """The part of what was recognised that was said, 0 to 1."""
        return self.found / max(1, self.found + self.false)


def word_recall(scored: Iterable[Scored], words: Iterable[str]) -> WordRecall:
    """Compare how often each clip's reference and hypothesis hold each of ``words``, as they are written."""
    texts = [(clip.reference.split(), clip.hypothesis.split()) for clip in scored]
    counts = []
    for word in dict.fromkeys(normalize(word) for word in words):
        pairs = [tuple(_count(text, word.split()) for text in pair) for pair in texts]
        said, heard = (sum(pair[side] for pair in pairs) for side in (0, 1))
        counts.append((said, sum(min(pair) for pair in pairs), heard))
    said, found, heard = (sum(row[column] for row in counts) for column in (0, 1, 2))
    return WordRecall(sum(row[0] > 0 for row in counts), sum(row[1] > 0 for row in counts), said, found, heard - found)


def _count(text: Sequence[str], words: Sequence[str]) -> int:
    length = len(words)
    return sum(text[place : place + length] == words for place in range(len(text) - length + 1)) if words else 0
