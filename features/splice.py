"""Neighbouring frames side by side in one row: Kaldi's splice-feats."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .checks import Floats
from .context import ContextTransform, checked_context


@dataclass(frozen=True, kw_only=True)
class SpliceOptions:
    """How many frames before and behind a frame are put beside it, earliest first."""

    left_context: int = 4
    right_context: int = 4


class Splice(ContextTransform):
    """Puts neighbours side by side: (frames, dim) -> (frames, dim * (left_context + 1 + right_context))."""

    def __init__(self, options: SpliceOptions | None = None) -> None:
        self.options = options or SpliceOptions()
        self.left = checked_context("left_context", self.options.left_context)
        self.right = checked_context("right_context", self.options.right_context)

    def rows(self, padded: Floats) -> Floats:
        """Return the rows of the frames in the middle of ``padded``."""
        width = self.left + 1 + self.right
        if len(padded) < width:
            return np.zeros((0, width * padded.shape[1]), np.float32)
        windows = sliding_window_view(padded, width, axis=0)  # (frames, dim, width)
        return np.ascontiguousarray(windows.swapaxes(1, 2)).reshape(len(windows), -1)
