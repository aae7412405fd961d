"""Differences over time appended to the features: Kaldi's add-deltas (delta and delta-delta by default)."""

from dataclasses import dataclass

import numpy as np

from .checks import Floats
from .context import ContextTransform, checked_context


@dataclass(frozen=True, kw_only=True)
class DeltaOptions:
    """``delta_order``: how often differences are taken; ``delta_window``: over how many frames to either side."""

    delta_order: int = 2
    delta_window: int = 2


def delta_weights(options: DeltaOptions) -> list[np.ndarray]:
    """Return the neighbours' weights for each order from 0 on: order i has i * delta_window neighbours on either side.

    A difference is the slope of the straight line that fits the window best: sum j x[t + j] / sum j^2.
    """
    places = np.arange(-options.delta_window, options.delta_window + 1)
    weights = [np.ones(1)]
    for _ in range(options.delta_order):
        weights.append(np.convolve(weights[-1], places / np.sum(places**2)))
    return weights


class Deltas(ContextTransform):
    """Appends differences over time: (frames, dim) -> (frames, dim * (delta_order + 1))."""

    def __init__(self, options: DeltaOptions | None = None) -> None:
        self.options = options or DeltaOptions()
        checked_context("delta_order", self.options.delta_order)
        checked_context("delta_window", self.options.delta_window, 1)
        self.left = self.right = self.options.delta_order * self.options.delta_window
        self._weights = [weights.astype(np.float32) for weights in delta_weights(self.options)]

    def rows(self, padded: Floats) -> Floats:
        """Return the rows of the frames in the middle of ``padded``."""
        count, dim = len(padded) - self.left - self.right, padded.shape[1]
        out = np.zeros((count, len(self._weights), dim), np.float32)
        for order, weights in enumerate(self._weights):
            first = self.left - len(weights) // 2
            for place, weight in enumerate(weights):
                if weight:
                    out[:, order] += weight * padded[first + place : first + place + count]
        return out.reshape(count, len(self._weights) * dim)
