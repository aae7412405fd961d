"""What a transcription gives: frozen records, best alternative first, and their form in JSON.

Times are seconds from the start of the recording, counted in the acoustic model's frames. Timings of the machine are
another record, so that two runs over the same recording give equal results.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_DECIMALS = 6  # of seconds and confidences in JSON: finer than any frame, coarser than float noise


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was heard from ``start`` to ``end`` seconds, with a confidence in [0, 1]."""

    text: str
    start: float
    end: float
    confidence: float

    def as_dict(self) -> dict[str, Any]:
        """Return the word as JSON has it."""
        return {
            "text": self.text,
            "start": round(self.start, _DECIMALS),
            "end": round(self.end, _DECIMALS),
            "confidence": round(self.confidence, _DECIMALS),
        }


@dataclass(frozen=True, slots=True)
class Alternative:
    """One reading of a segment; ``confidence`` is its share of the probability of all readings that were kept."""

    text: str
    confidence: float
    words: tuple[Word, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the reading as JSON has it."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, _DECIMALS),
            "words": [word.as_dict() for word in self.words],
        }


@dataclass(frozen=True, slots=True)
class Segment:
    """Speech between pauses; ``channel`` counts from 0, None is a mix of several; alternatives best first."""

    channel: int | None
    start: float
    end: float
    alternatives: tuple[Alternative, ...]

    @property
    def text(self) -> str:
        """The best alternative's words."""
        return self.alternatives[0].text if self.alternatives else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the segment as JSON has it."""
        return {
            "channel": self.channel,
            "start": round(self.start, _DECIMALS),
            "end": round(self.end, _DECIMALS),
            "alternatives": [alternative.as_dict() for alternative in self.alternatives],
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A transcribed recording: ``duration`` in seconds, segments by start time, warnings about the recording."""

    duration: float
    segments: tuple[Segment, ...]
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The best alternative of every segment, joined by spaces; channels one after the other."""
        channels = sorted(
            {segment.channel for segment in self.segments}, key=lambda channel: (channel is not None, channel)
        )
        spoken = (segment.text for channel in channels for segment in self.segments if segment.channel == channel)
        return " ".join(text for text in spoken if text)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON has it: duration, text, segments, and warnings where there are any."""
        value: dict[str, Any] = {
            "duration": round(self.duration, _DECIMALS),
            "text": self.text,
            "segments": [segment.as_dict() for segment in self.segments],
        }
        if self.warnings:
            value["warnings"] = list(self.warnings)
        return value


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of a transcription went.

    audio_seconds: length of the recording. seconds: the whole, from opening the recording to the result. stages: its
    parts ("audio", "features", "acoustic", "search", "rescoring"). Add two to join them.
    """

    audio_seconds: float = 0.0
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for a second of audio; 0 for no audio."""
        return self.seconds / self.audio_seconds if self.audio_seconds else 0.0

    def __add__(self, other: "Timings") -> "Timings":
        names = dict.fromkeys([*self.stages, *other.stages])
        stages = {name: self.stages.get(name, 0.0) + other.stages.get(name, 0.0) for name in names}
        return Timings(self.audio_seconds + other.audio_seconds, self.seconds + other.seconds, stages)

    def as_dict(self) -> dict[str, Any]:
        """Return the timings as JSON has them, in seconds."""
        stages = {name: round(seconds, _DECIMALS) for name, seconds in self.stages.items()}
        return {"seconds": round(self.seconds, _DECIMALS), "stages": stages}
