"""Cuts a stream of scores at pauses, so that each stretch of speech is searched on its own.

A pause is a run of frames in which the network is sure of the blank: it is sure of it between the phones of a word,
too, but for a few frames only. The longer a stretch grows, the shorter a pause suffices, down to none at the maximum,
so that memory and the length of n-best lists stay bounded. Silence before a stretch is dropped but for some padding.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError


@dataclass(frozen=True, slots=True)
class SegmentationOptions:
    """When a stretch ends, in seconds.

    pause: the silence that ends a stretch of up to ``soft_length``; from there the silence that suffices shrinks to
    nothing at ``max_length``. padding: silence kept before the first speech frame. blank: the probability of the blank
    from which a frame counts as silent.
    """

    pause: float = 0.8
    soft_length: float = 20.0
    max_length: float = 40.0
    padding: float = 0.3
    blank: float = 0.9

    def __post_init__(self) -> None:
        if not (self.pause > 0 and 0 < self.soft_length < self.max_length < math.inf and self.padding >= 0):
            raise OptionsError(
                "segmentation needs pause > 0, padding >= 0 and 0 < soft_length < max_length, in seconds."
            )
        if not 0 < self.blank < 1:
            raise OptionsError(f"blank is {self.blank}; give a probability between 0 and 1.")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Scores that follow on in one segment: it ``opens`` with the first of them, ``closes`` with the last.

    ``first_frame`` is the recording's frame of the first row of ``scores``; there may be no rows where it only closes.
    """

    first_frame: int
    scores: NDArray[np.float32]
    opens: bool
    closes: bool


def blank_share(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithm of the blank's share in each row: scores need not be normalised (priors may be out)."""
    largest = scores.max(axis=1)
    return scores[:, 0] - largest - np.log(np.exp(scores - largest[:, np.newaxis]).sum(axis=1))


class Segmenter:
    """Takes scores (frames, units) as they come, column 0 the blank, and gives the stretches to search.

    The cuts depend on the frames alone, never on how they were portioned. ``frame_seconds`` is the length of a frame.
    """

    def __init__(self, options: SegmentationOptions, frame_seconds: float) -> None:
        self._threshold = math.log(options.blank)
        self._pause = max(1, round(options.pause / frame_seconds))
        self._soft = max(1, round(options.soft_length / frame_seconds))
        self._max = max(self._soft + 1, round(options.max_length / frame_seconds))
        self._padding = round(options.padding / frame_seconds)
        self._frame = 0  # of the recording, the next to come
        self._begin = -1  # of the open segment; -1 in silence
        self._quiet = 0  # frames of silence just before the next frame
        self._kept: NDArray[np.float32] | None = None  # the padding, in silence

    def accept(self, scores: NDArray[np.float32]) -> list[Stretch]:
        """Return the stretches that these frames belong to, in order."""
        stretches: list[Stretch] = []
        known = scores if self._kept is None else np.concatenate([self._kept, scores])
        shift = self._frame - (len(known) - len(scores))  # known[i] is frame shift + i
        begin = self._frame  # first frame not given away yet, while a segment is open
        opens = False
        for silent in (blank_share(scores) >= self._threshold).tolist():
            if self._begin < 0:
                if not silent:
                    self._begin = begin = max(shift, self._frame - min(self._padding, self._quiet))
                    opens, self._quiet = True, 0
            else:
                self._quiet = self._quiet + 1 if silent else 0
            self._frame += 1
            if self._begin < 0:
                self._quiet += 1
            elif self._quiet >= self._needed(self._frame - self._begin):
                stretches.append(Stretch(begin, known[begin - shift : self._frame - shift], opens, True))
                self._begin, self._quiet, opens = -1, 0, False
                known, shift = known[self._frame - shift :], self._frame
        if self._begin >= 0:
            if self._frame > begin:
                stretches.append(Stretch(begin, known[begin - shift : self._frame - shift], opens, False))
            self._kept = None
        else:
            self._kept = known[max(0, len(known) - self._padding) :].copy()
        return stretches

    def finish(self) -> list[Stretch]:
        """Return what closes the last segment, if one is open."""
        if self._begin < 0:
            return []
        self._begin = -1
        return [Stretch(self._frame, np.zeros((0, 0), np.float32), False, True)]

    def _needed(self, length: int) -> int:
        """Return the frames of silence that end a segment of ``length`` frames; 0 at the maximum."""
        if length <= self._soft:
            return self._pause
        return max(0, -(-self._pause * (self._max - length) // (self._max - self._soft)))
