"""From an n-best list to alternatives with confidences.

A hypothesis's confidence is its posterior among those kept: exp(-total cost), normalised. A word's is the sum of the
posteriors of all hypotheses that have the same word at an overlapping time (Wessel et al., "Confidence measures for
large vocabulary continuous speech recognition", 2001, section III, over an n-best list instead of a lattice).
"""

import math
from collections.abc import Sequence

from ..decoder.search.hypothesis import Hypothesis
from .nbest import Candidates
from .result import Alternative, Segment, Word


def posteriors(hypotheses: Sequence[Hypothesis]) -> list[float]:
    """Return each hypothesis's share of the probability of all; they add up to 1."""
    if not hypotheses:
        return []
    least = min(hypothesis.total_cost for hypothesis in hypotheses)
    weights = [math.exp(least - hypothesis.total_cost) for hypothesis in hypotheses]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def word_confidences(chosen: Hypothesis, hypotheses: Sequence[Hypothesis], shares: Sequence[float]) -> list[float]:
    """Return, for each word of ``chosen``, the probability that it was said then, in [0, 1]."""
    places = [_places(hypothesis) for hypothesis in hypotheses]
    confidences = []
    for word, (begin, end) in zip(chosen.words, chosen.times, strict=True):
        agreeing = (
            share
            for place, share in zip(places, shares, strict=True)
            if any(begin < other_end and other_begin < end for other_begin, other_end in place.get(word, ()))
        )
        confidences.append(min(1.0, math.fsum(agreeing)))
    return confidences


def to_segment(candidates: Candidates, alternatives: int) -> Segment | None:
    """Return the segment with its ``alternatives`` best readings, or None where the best one has no words."""
    hypotheses = candidates.hypotheses
    if not hypotheses or not hypotheses[0].words:
        return None
    shares = posteriors(hypotheses)
    frame = candidates.frame_seconds
    readings = []
    for hypothesis, share in zip(hypotheses[:alternatives], shares, strict=False):
        confidences = word_confidences(hypothesis, hypotheses, shares)
        words = tuple(
            Word(word, begin * frame, end * frame, confidence)
            for word, (begin, end), confidence in zip(hypothesis.words, hypothesis.times, confidences, strict=True)
        )
        readings.append(Alternative(" ".join(hypothesis.words), share, words))
    spoken = [word for reading in readings for word in reading.words]
    start, end = min(word.start for word in spoken), max(word.end for word in spoken)
    return Segment(candidates.channel, start, end, tuple(readings))


def _places(hypothesis: Hypothesis) -> dict[str, list[tuple[int, int]]]:
    places: dict[str, list[tuple[int, int]]] = {}
    for word, frames in zip(hypothesis.words, hypothesis.times, strict=True):
        places.setdefault(word, []).append(frames)
    return places
