"""What a CTC prefix beam search can be told."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import OptionsError


@dataclass(frozen=True, slots=True)
class PrefixOptions:
    """The widths of a search, under pyctcdecode's names.

    beam_width: how many beams (a text, and the label or the blank that its alignments end in) survive a frame.
    beam_prune_logp: how far a beam's score may lie below the best. token_min_logp: labels less likely in a frame are
    not followed there, but for the likeliest. prune_history: of beams that end in the same words, as many as the
    language model sees, and the same label only the best survives. wide: a beam is a text, whatever its alignments end
    in; so more of them are followed at the same width.
    """

    beam_width: int = 100
    beam_prune_logp: float = -10.0
    token_min_logp: float = -5.0
    prune_history: bool = False
    wide: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.beam_width, bool) or self.beam_width != int(self.beam_width) or self.beam_width < 1:
            raise OptionsError(f"beam_width: {self.beam_width!r} is no whole number from 1.")
        for name in ("beam_prune_logp", "token_min_logp"):
            value = getattr(self, name)
            if math.isnan(value) or value > 0:
                raise OptionsError(f"{name}: {value} is a log-probability; give a number that is not above 0.")


@dataclass(frozen=True, slots=True)
class HotWords:
    """Words whose score is raised by ``weight`` each time they occur; a beginning of one gets its share of that."""

    words: frozenset[str]
    weight: float

    @classmethod
    def from_phrases(cls, phrases: Sequence[str], weight: float) -> "HotWords":
        """Take the words of all ``phrases``; raises OptionsError where the weight is not finite."""
        if isinstance(phrases, str):
            raise OptionsError("hotwords: a single string is given; give a list of strings.")
        if not math.isfinite(weight):
            raise OptionsError(f"hotword_weight: {weight} is not a finite number.")
        return cls(frozenset(word for phrase in phrases for word in phrase.split()), float(weight))
