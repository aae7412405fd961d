"""Spoken words back to written figures: numbers, money, dates, times, percent.

A small grammar (``lm/text/figure_grammar.py``), longest match first, over words as ``normalize`` gives them. What is
said never changes: every line with a new figure is normalised again, and a figure that would be read otherwise becomes
words again.
"""

from collections.abc import Sequence

from .figure_grammar import BEGIN, COUNTED, GRAMMAR, WORTH_A_LOOK
from .normalizer import normalize
from .spoken_amounts import WrittenOptions


def to_written(spoken: str, options: WrittenOptions | None = None) -> str:
    """Return ``spoken`` words with numbers, ranks, money, dates, times and percent in figures.

    ``spoken`` is text as ``normalize`` gives it. ``normalize(to_written(text))`` is ``normalize(text)``: where figures
    would be read in another way, the words stay. Case and punctuation are not restored, but months in dates have
    capitals.
    """
    words = spoken.split()
    options = options or WrittenOptions()
    if WORTH_A_LOOK.isdisjoint(words):
        only_words = options.smallest > 1 and COUNTED.isdisjoint(words)
        if "one" not in words or only_words:
            return spoken
    found = _figures(words, options)
    if not found:
        return spoken
    return _unchanged_when_read(words, found)


def _figures(words: Sequence[str], options: WrittenOptions) -> list[tuple[int, int, str]]:
    """Return what can be written in figures: from, to, and the figures."""
    found = []
    at = 0
    while at < len(words):
        if words[at] not in BEGIN and not (at + 1 < len(words) and words[at + 1] == "dot") and words[at] != "w":
            at += 1
            continue
        for rule in GRAMMAR:
            written = rule(words, at, options)
            if written:
                found.append((at, written[1], written[0]))
                at = written[1]
                break
        else:
            at += 1
    return found


def _written(words: Sequence[str], found: Sequence[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    at = 0
    for begin, end, figures in found:
        parts += [*words[at:begin], figures]
        at = end
    return " ".join([*parts, *words[at:]])


def _unchanged_when_read(words: Sequence[str], found: list[tuple[int, int, str]]) -> str:
    """Return the words with those figures that are read as the words were."""
    said = normalize(" ".join(words))
    whole = _written(words, found)
    if normalize(whole) == said:
        return whole
    kept: list[tuple[int, int, str]] = []
    for piece in found:
        if normalize(_written(words, [*kept, piece])) == said:
            kept.append(piece)
    return _written(words, kept)
