"""Mean and variance normalisation over a recording, a speaker or a corpus: Kaldi's apply-cmvn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ScoresError
from .checks import Floats, checked_features

LEAST_VARIANCE = 1e-20
"""Variances are floored here, as in Kaldi."""


@dataclass(frozen=True, eq=False)
class CmvnStats:
    """Statistics over frames: their ``count``, their ``sums`` and the sums of their ``squares``, float64 (dim,) each.

    Add two to pool them. They may have been gathered over anything: a recording, a speaker, a corpus.
    """

    count: float
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, features: NDArray[np.floating]) -> "CmvnStats":
        """Return the statistics of ``features`` (frames, dim)."""
        values = checked_features(features).astype(np.float64)
        return cls(float(len(values)), values.sum(axis=0), np.square(values).sum(axis=0))

    @classmethod
    def from_matrix(cls, matrix: NDArray[np.floating]) -> "CmvnStats":
        """Return the statistics that Kaldi keeps as a matrix (2, dim + 1): sums and count, squares and 0."""
        array = np.asarray(matrix, np.float64)
        if array.ndim != 2 or array.shape[0] != 2 or array.shape[1] < 2 or not np.isfinite(array).all():
            raise ScoresError(f"CMVN statistics have shape {array.shape}; Kaldi's are finite numbers, (2, dim + 1).")
        return cls(float(array[0, -1]), array[0, :-1], array[1, :-1])

    def matrix(self) -> NDArray[np.float64]:
        """Return the statistics as Kaldi keeps them, float64 (2, dim + 1)."""
        return np.stack((np.append(self.sums, self.count), np.append(self.squares, 0.0)))

    def __add__(self, other: "CmvnStats") -> "CmvnStats":
        if self.sums.shape != other.sums.shape:
            raise ScoresError(f"CMVN statistics of {len(self.sums)} and of {len(other.sums)} columns cannot be added.")
        return CmvnStats(self.count + other.count, self.sums + other.sums, self.squares + other.squares)

    def scale_and_offset(self, norm_means: bool = True, norm_vars: bool = False) -> tuple[Floats, Floats]:
        """Return float32 (dim,) each, so that normalised features are features * scale + offset."""
        if self.count < 1:
            raise ScoresError("CMVN statistics hold no frame; gather them over at least one.")
        mean = self.sums / self.count
        scale = np.ones_like(mean)
        if norm_vars:
            scale = 1 / np.sqrt(np.maximum(self.squares / self.count - np.square(mean), LEAST_VARIANCE))
        # Kaldi's rule: variances are normalised about the mean, so without the means nothing is normalised.
        offset = -mean * scale if norm_means else np.zeros_like(mean)
        return scale.astype(np.float32), offset.astype(np.float32)

    def apply(
        self, features: NDArray[np.floating], *, norm_means: bool = True, norm_vars: bool = False, reverse: bool = False
    ) -> Floats:
        """Return ``features`` (frames, dim) normalised, float32, or, with ``reverse``, given back what was taken."""
        features = checked_features(features, len(self.sums))
        scale, offset = self.scale_and_offset(norm_means, norm_vars)
        return (features - offset) / scale if reverse else features * scale + offset
