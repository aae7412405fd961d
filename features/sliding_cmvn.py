"""Mean and variance normalisation in a window that slides along the recording: Kaldi's apply-cmvn-sliding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionsError, ScoresError
from .checks import Floats, checked_features

Doubles = NDArray[np.float64]
Places = NDArray[np.int64]

LEAST_VARIANCE = 1e-10
"""Variances are floored here, as in Kaldi."""


@dataclass(frozen=True, kw_only=True)
class SlidingCmvnOptions:
    """Kaldi's names: the window is ``cmn_window`` frames, around the frame with ``center``, else before it.

    At the start, without ``center``, it holds at least ``min_cmn_window`` frames, coming ones if need be.
    """

    cmn_window: int = 600
    min_cmn_window: int = 100
    center: bool = False
    norm_vars: bool = False

    def __post_init__(self) -> None:
        if self.cmn_window < 1:
            raise OptionsError(f"cmn_window is {self.cmn_window}; give a positive number of frames.")
        if not 1 <= self.min_cmn_window <= self.cmn_window and not self.center:
            raise OptionsError(f"min_cmn_window is {self.min_cmn_window}; give 1 to cmn_window, {self.cmn_window}.")


class SlidingCmvn:
    """Subtracts from each frame the mean of the window about it, and divides by its deviation with ``norm_vars``."""

    def __init__(self, options: SlidingCmvnOptions | None = None) -> None:
        self.options = options or SlidingCmvnOptions()

    def apply(self, features: NDArray[np.floating]) -> Floats:
        """Return a whole recording's features normalised: (frames, dim) -> float32 (frames, dim)."""
        stream = self.stream()
        done, rest = stream.accept(features), stream.finish()
        return np.concatenate((done, rest)) if len(rest) else done

    def stream(self) -> "SlidingCmvnStream":
        """Return an object that takes frames in pieces and gives the same rows as `apply`, to the bit."""
        return SlidingCmvnStream(self.options)

    def windows(self, frames: Places, total: int | None) -> tuple[Places, Places]:
        """Return where the windows of ``frames`` begin and end; ``total`` is None while the recording goes on."""
        options = self.options
        if options.center:
            begin = np.maximum(frames - options.cmn_window // 2, 0)
            end = begin + options.cmn_window
        else:
            begin = np.maximum(frames - options.cmn_window, 0)
            end = np.maximum(frames + 1, options.min_cmn_window)
        if total is not None:
            begin = np.maximum(begin - np.maximum(end - total, 0), 0)
            end = np.minimum(end, total)
        return begin, end


class SlidingCmvnStream:
    """Takes frames piece by piece and gives a row as soon as the frame's window is full, or at the end.

    It keeps running sums from the recording's first frame on, in float64 and less that first frame, for the frames of a
    window: a window's sum is the difference of two of them, the same however the frames came.
    """

    def __init__(self, options: SlidingCmvnOptions) -> None:
        self._cmvn = SlidingCmvn(options)
        self._dim: int | None = None
        self._origin: Doubles = np.zeros(0)
        self._sums: Doubles = np.zeros(
            (0, 0, 0)
        )  # (frames + 1, 1 or 2, dim): the sums before each kept frame and after
        self._frames: Floats = np.zeros((0, 0), np.float32)
        self._start = 0  # number of the first kept frame
        self._done = 0
        self._finished = False

    def accept(self, features: NDArray[np.floating]) -> Floats:
        """Return the rows that ``features`` (frames, dim) complete, float32; raise ScoresError."""
        if self._finished:
            raise ScoresError("the stream has been finished; start another for another recording.")
        features = checked_features(features, self._dim)
        if not len(features):
            self._frames = features if self._dim is None else self._frames
            return features
        if self._dim is None:
            self._dim = features.shape[1]
            self._origin = features[0].astype(np.float64)
            self._frames = features[:0]
            self._sums = np.zeros((1, 2 if self._cmvn.options.norm_vars else 1, self._dim))
        moved = features.astype(np.float64) - self._origin
        terms = np.stack((moved, np.square(moved)), axis=1) if self._cmvn.options.norm_vars else moved[:, None]
        grown = np.cumsum(np.concatenate((self._sums[-1:], terms)), axis=0)
        self._sums = np.concatenate((self._sums, grown[1:]))
        self._frames = np.concatenate((self._frames, features))
        total = self._start + len(self._frames)
        waiting = np.arange(self._done, total)
        return self._normalised(waiting[self._cmvn.windows(waiting, None)[1] <= total], None)

    def finish(self) -> Floats:
        """End the recording and return the rows that are left, float32 (0 or more, dim)."""
        if self._finished:
            raise ScoresError("the stream has been finished already; start another for another recording.")
        self._finished = True
        total = self._start + len(self._frames)
        return self._normalised(np.arange(self._done, total), total)

    def _normalised(self, frames: Places, total: int | None) -> Floats:
        if not len(frames):
            return self._frames[:0]
        begin, end = self._cmvn.windows(frames, total)
        length = (end - begin)[:, None]
        sums = self._sums[end - self._start] - self._sums[begin - self._start]
        mean = sums[:, 0] / length
        rows = self._frames[frames - self._start] - self._origin - mean
        if self._cmvn.options.norm_vars:
            rows /= np.sqrt(np.maximum(sums[:, 1] / length - np.square(mean), LEAST_VARIANCE))
            rows[length[:, 0] == 1] = 0.0
        self._done = int(frames[-1]) + 1
        # At the recording's end windows move back, by up to their length.
        kept = max(min(self._done, self._start + len(self._frames)) - self._cmvn.options.cmn_window, self._start)
        self._frames, self._sums = self._frames[kept - self._start :], self._sums[kept - self._start :]
        self._start = kept
        normalised: Floats = rows.astype(np.float32)
        return normalised
