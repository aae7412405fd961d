"""Features that are made of a frame and its neighbours: deltas and splicing, for whole recordings and in a stream."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError, ScoresError
from .checks import Floats, checked_features


class ContextTransform(ABC):
    """Base of `Deltas` and `Splice`; before the first frame and behind the last one the edge frame repeats."""

    left: int
    """Frames before a frame that it depends on."""
    right: int
    """Frames behind a frame that it depends on."""

    def apply(self, features: NDArray[np.floating]) -> Floats:
        """Return the transformed features of a whole recording: (frames, dim) -> float32 (frames, more columns)."""
        stream = self.stream()
        done, rest = stream.accept(features), stream.finish()
        return np.concatenate((done, rest)) if len(rest) else done

    def stream(self) -> "ContextStream":
        """Return an object that takes frames in pieces and gives the same rows as `apply`, to the bit."""
        return ContextStream(self)

    @abstractmethod
    def rows(self, padded: Floats) -> Floats:
        """Return the rows (n, columns) of the n frames in the middle of ``padded`` (left + n + right, dim)."""


class ContextStream:
    """Takes frames piece by piece and gives a row as soon as the frame's neighbours are there."""

    def __init__(self, transform: ContextTransform) -> None:
        self._transform = transform
        self._frames: Floats | None = None
        self._nothing: Floats = np.zeros((0, 0), np.float32)
        self._finished = False

    def accept(self, features: NDArray[np.floating]) -> Floats:
        """Return the rows that ``features`` (frames, dim) complete, float32; raise ScoresError."""
        if self._finished:
            raise ScoresError("the stream has been finished; start another for another recording.")
        features = checked_features(features, None if self._frames is None else self._frames.shape[1])
        context = np.zeros((self._transform.left + self._transform.right, features.shape[1]), np.float32)
        self._nothing = self._transform.rows(context)
        if self._frames is None:
            if not len(features):
                return self._nothing
            self._frames = np.repeat(features[:1], self._transform.left, axis=0)
        self._frames = np.concatenate((self._frames, features))
        return self._advance(self._frames)

    def finish(self) -> Floats:
        """End the recording and return the rows that are left, float32 (0 or more, columns)."""
        if self._finished:
            raise ScoresError("the stream has been finished already; start another for another recording.")
        self._finished = True
        if self._frames is None:
            return self._nothing
        return self._advance(
            np.concatenate((self._frames, np.repeat(self._frames[-1:], self._transform.right, axis=0)))
        )

    def _advance(self, frames: Floats) -> Floats:
        ready = len(frames) - self._transform.left - self._transform.right
        if ready <= 0:
            return self._nothing
        rows = self._transform.rows(frames)
        self._frames = frames[ready:].copy()
        return rows


def checked_context(name: str, value: int, least: int = 0) -> int:
    """Return ``value``, or raise OptionsError where it is no number of frames."""
    if not (isinstance(value, int) and least <= value <= 1000):
        raise OptionsError(f"{name} is {value}; give a whole number from {least} to 1000.")
    return value
