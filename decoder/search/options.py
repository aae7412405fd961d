"""What a beam search can be told."""

import math
from dataclasses import dataclass

from ...errors import OptionsError

_MOST = 2**62
"""What kernels count to."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The widths of a beam search, with the names and defaults of Kaldi's LatticeFasterDecoderConfig.

    Costs are -ln of a probability. beam: how much worse than the best a partial path may be. max_active and min_active:
    about so many states of a frame are followed at most and at least. beam_delta: what is added to a beam that
    max_active or min_active set. lattice_beam: how much worse than the best an alternative may be; 0 keeps the best
    path alone, which is faster. acoustic_scale: what scores are multiplied with. prune_interval: frames between two
    prunings of the kept links. keep_frames, which Kaldi does not have: alternatives are kept for at least half as many
    of the latest frames; what is older is committed to the best path's words and freed (None: nothing ever is).
    """

    beam: float = 16.0
    max_active: int = 2147483647
    min_active: int = 200
    beam_delta: float = 0.5
    lattice_beam: float = 10.0
    acoustic_scale: float = 1.0
    prune_interval: int = 25
    keep_frames: int | None = 2000

    def __post_init__(self) -> None:
        for name, least in (("beam", 0.0), ("beam_delta", 0.0), ("acoustic_scale", 0.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > least):
                raise OptionsError(f"search: {name} is {value}; give a finite number above {least:g}.")
        if not (math.isfinite(self.lattice_beam) and self.lattice_beam >= 0):
            raise OptionsError(f"search: lattice_beam is {self.lattice_beam}; give a finite number from 0.")
        for name in ("max_active", "min_active", "prune_interval", "keep_frames"):
            if (getattr(self, name) or 0) > _MOST:
                raise OptionsError(f"search: {name} is {getattr(self, name)}; give a number up to 2^62.")
        if self.max_active < 1 or not 0 <= self.min_active <= self.max_active:
            raise OptionsError(
                f"search: min_active {self.min_active} and max_active {self.max_active} contradict each other; "
                "give 0 <= min_active <= max_active and max_active >= 1."
            )
        if self.prune_interval < 1:
            raise OptionsError(f"search: prune_interval is {self.prune_interval}; give at least one frame.")
        if self.keep_frames is not None and self.keep_frames < 1:
            raise OptionsError(f"search: keep_frames is {self.keep_frames}; give at least one frame, or None.")
