"""Alignments in the forms that other tools read: NIST's CTM and Praat's TextGrid."""

import math
from collections.abc import Sequence

from ...errors import OptionsError
from .alignment import AlignedPhone, AlignedWord, Alignment

Span = AlignedPhone | AlignedWord


def to_ctm(alignment: Alignment, recording: str, frame_seconds: float, channel: str = "1", level: str = "words") -> str:
    """Return the words, or the ``phones``, as CTM: recording, channel, start, duration, text, confidence a line.

    Times are seconds; the confidence is the geometric mean of the frames' probabilities, at most 1. Raises
    OptionsError where ``recording`` or ``channel`` is empty or holds white space.
    """
    for name in (recording, channel):
        if not name or name != "".join(name.split()):
            raise OptionsError(f"CTM: {name!r} cannot name a recording or a channel; use a name without spaces.")
    return "".join(
        f"{recording} {channel} {span.start * frame_seconds:.3f} {(span.end - span.start) * frame_seconds:.3f} "
        f"{span.text} {confidence(span):.3f}\n"
        for span in _level(alignment, level)
    )


def to_textgrid(alignment: Alignment, frame_seconds: float, duration: float | None = None) -> str:
    """Return the alignment as a TextGrid (long form) with a tier of words and one of phones.

    What lies between words or phones is an interval without text. ``duration`` is the recording's, in seconds; without
    it, that of the aligned frames.
    """
    end = max(alignment.frames * frame_seconds, duration or 0.0)
    tiers: list[tuple[str, Sequence[Span]]] = [("words", alignment.words), ("phones", _level(alignment, "phones"))]
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += ["xmin = 0", f"xmax = {_number(end)}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for index, (name, spans) in enumerate(tiers, 1):
        intervals = _intervals(spans, frame_seconds, end)
        lines += [f"    item [{index}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += ["        xmin = 0", f"        xmax = {_number(end)}", f"        intervals: size = {len(intervals)}"]
        for number, (start, stop, text) in enumerate(intervals, 1):
            quoted = text.replace('"', '""')
            lines += [f"        intervals [{number}]:", f"            xmin = {_number(start)}"]
            lines += [f"            xmax = {_number(stop)}", f'            text = "{quoted}"']
    return "\n".join(lines) + "\n"


def confidence(span: Span) -> float:
    """Return the geometric mean of a span's frame probabilities, in [0, 1]."""
    return math.exp(min(span.score, 0.0))


def _level(alignment: Alignment, level: str) -> Sequence[Span]:
    if level not in ("words", "phones"):
        raise OptionsError(f"level is {level!r}; choose words or phones.")
    if level == "words":
        return alignment.words
    return sorted((*alignment.phones, *alignment.silences), key=lambda span: span.start)


def _intervals(spans: Sequence[Span], frame_seconds: float, end: float) -> list[tuple[float, float, str]]:
    """Return touching intervals from 0 to ``end``, those without text included."""
    found, now = [], 0.0
    for span in spans:
        start, stop = span.start * frame_seconds, span.end * frame_seconds
        if start > now:
            found.append((now, start, ""))
        found.append((start, stop, span.text))
        now = stop
    if end > now or not found:
        found.append((now, end, ""))
    return found


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
