"""What the search hands to rescoring: the n-best list of each segment, in memory and as text.

The text form has a JSON object a line, a segment each, so that `harken decode` and `harken rescore` can stand apart.
"""

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..decoder.search.hypothesis import Hypothesis
from ..errors import FormatError

if TYPE_CHECKING:
    from ..decoder.lattice.lattice import Lattice


@dataclass(frozen=True, slots=True)
class Candidates:
    """A segment's hypotheses, best first; ``channel`` is as in results.

    Frames are ``frame_seconds`` long and counted from the start of the recording, as the hypotheses' times are; the
    segment runs from ``first_frame`` to before ``end_frame``. ``utterance`` is the key under which an archive holds the
    scores, None where they stood alone. ``lattice`` is the search's own where all of it is to be rescored; text does
    without.
    """

    channel: int | None
    first_frame: int
    end_frame: int
    frame_seconds: float
    hypotheses: tuple[Hypothesis, ...]
    utterance: str | None = None
    lattice: "Lattice | None" = field(default=None, compare=False, repr=False)


def candidates_text(segments: Iterable[Candidates]) -> str:
    """Return segments as text, a JSON object a line."""
    return "".join(json.dumps(_as_dict(segment), ensure_ascii=False) + "\n" for segment in segments)


def read_candidates(path: str | os.PathLike[str]) -> list[Candidates]:
    """Read a file of ``candidates_text``; raises FormatError naming the line that makes no sense."""
    try:
        lines = Path(path).read_text(encoding="utf8").split("\n")
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be read ({getattr(problem, 'strerror', problem)}).") from None
    segments = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            segments.append(_from_dict(json.loads(line)))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as problem:
            raise FormatError(
                f"{path}: line {number} is no n-best list ({problem}); run harken decode again."
            ) from None
    return segments


_COSTS = ("graph_cost", "acoustic_cost", "total_cost")


def _as_dict(segment: Candidates) -> dict[str, Any]:
    named = {} if segment.utterance is None else {"utterance": segment.utterance}
    return named | {
        "channel": segment.channel,
        "first_frame": segment.first_frame,
        "end_frame": segment.end_frame,
        "frame_seconds": segment.frame_seconds,
        "hypotheses": [
            {
                "words": list(hypothesis.words),
                "times": [list(times) for times in hypothesis.times],
                "graph_cost": hypothesis.graph_cost,
                "acoustic_cost": hypothesis.acoustic_cost,
                "total_cost": hypothesis.total_cost,
                "lm_cost": hypothesis.lm_cost,
                "phrase_cost": hypothesis.phrase_cost,
            }
            for hypothesis in segment.hypotheses
        ],
    }


def _from_dict(value: dict[str, Any]) -> Candidates:
    hypotheses = []
    for entry in value["hypotheses"]:
        words = tuple(str(word) for word in entry["words"])
        times = tuple((int(begin), int(end)) for begin, end in entry["times"])
        if len(words) != len(times):
            raise ValueError(f"{len(words)} words have {len(times)} times")
        costs = {name: float(entry[name]) for name in _COSTS}
        costs |= {name: float(entry.get(name, 0.0)) for name in ("lm_cost", "phrase_cost")}
        if not all(map(math.isfinite, costs.values())):
            raise ValueError("a cost is not finite")
        hypotheses.append(Hypothesis(words, times, **costs))
    channel = None if value["channel"] is None else int(value["channel"])
    first, end = int(value["first_frame"]), int(value["end_frame"])
    seconds = float(value["frame_seconds"])
    if not 0 < seconds < math.inf or not 0 <= first <= end:
        raise ValueError(f"frames {first} to {end} of {seconds} s are no segment")
    utterance = str(value["utterance"]) if "utterance" in value else None
    return Candidates(channel, first, end, seconds, tuple(hypotheses), utterance)
