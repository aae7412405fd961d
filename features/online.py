"""Streaming extraction: a recording in pieces, frames out as soon as no later sample can change them."""

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from .checks import Floats, checked_samples
from .extraction import Extractor


class FeatureStream:
    """Takes a recording's samples piece by piece and gives frames equal to ``Extractor.extract``'s, to the bit.

    It holds no more than a frame's samples between calls, so its memory does not grow.
    """

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self._samples: Floats = np.zeros(0, np.float32)
        self._start = 0
        self._done = 0
        self._finished = False

    @property
    def frames(self) -> int:
        """Frames given so far."""
        return self._done

    def accept(self, samples: NDArray[np.floating]) -> Floats:
        """Return the frames that ``samples`` (n,) complete, float32 (0 or more, dim); raise AudioError."""
        if self._finished:
            raise AudioError("the stream has been finished; start another for another recording.")
        self._samples = np.concatenate((self._samples, checked_samples(samples)))
        return self._advance(ended=False)

    def finish(self) -> Floats:
        """End the recording and return the frames that are left, float32 (0 or more, dim)."""
        if self._finished:
            raise AudioError("the stream has been finished already; start another for another recording.")
        self._finished = True
        return self._advance(ended=True)

    def _advance(self, ended: bool) -> Floats:
        options = self._extractor.frame_options
        total = self._start + len(self._samples)
        count = options.count(total, ended)
        features = self._extractor.frames_of(self._samples, self._start, self._done, count)
        self._done = count
        # Keep what the next frame starts with, and a frame's worth to mirror about the end.
        needed = min(options.first_sample + count * options.shift, total - options.length)
        if needed > self._start:
            self._samples = self._samples[needed - self._start :].copy()
            self._start = needed
        return features
