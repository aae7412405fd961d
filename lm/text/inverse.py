"""Spoken words back to written figures: numbers, money, dates, times, percent.

A small grammar (``lm/text/figure_grammar.py``), longest match first, over words as ``normalize`` gives them. What is
said never changes: every line with a new figure is normalised again, and a figure that would be read otherwise becomes
words again.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from .figure_grammar import BEGIN, COUNTED, GRAMMAR, WORTH_A_LOOK
from .normalizer import normalize
from .spoken_amounts import WrittenOptions
from .spoken_numbers import with_ands

_PIECE: Final = 200
"""Words that are looked at together, so that a long line costs no more than its length."""


def to_written(spoken: str, options: WrittenOptions | None = None) -> str:
    """Return ``spoken`` words with numbers, ranks, money, dates, times and percent in figures.

    ``spoken`` is text as ``normalize`` gives it. ``normalize(to_written(text))`` is ``normalize(text)``: where figures
    would be read in another way, the words stay. Case and punctuation are not restored, but months in dates have
    capitals.
    """
    options = options or WrittenOptions()
    words = with_ands(spoken.split()) if options.loose else spoken.split()
    if options.loose:
        spoken = " ".join(words)
    if len(words) <= _PIECE:
        return _piece_written(words, options) or spoken
    pieces = [_piece_written(piece, options) or " ".join(piece) for piece in _pieces(words)]
    whole = " ".join(pieces)
    return whole if normalize(whole) == normalize(spoken) else spoken


def _pieces(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield long lines in pieces, cut outside of numbers where that can be."""
    begin = 0
    while begin < len(words):
        end = begin + _PIECE
        while end - begin > _PIECE // 2 and end < len(words) and not BEGIN.isdisjoint(words[end - 1 : end + 1]):
            end -= 1
        yield words[begin:end]
        begin = end


def _piece_written(words: Sequence[str], options: WrittenOptions) -> str:
    """Return words with figures in them, "" where there is nothing to write in figures."""
    if WORTH_A_LOOK.isdisjoint(words):
        only_words = options.smallest > 1 and COUNTED.isdisjoint(words)
        if "one" not in words or only_words:
            return ""
    found = _figures(words, options)
    return _unchanged_when_read(words, found) if found else ""


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
