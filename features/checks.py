"""What is refused at the door of this package: samples that are no audio, features that are no matrix of numbers."""

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, ScoresError

Floats = NDArray[np.float32]

LOUDEST = 1000.0
"""Samples beyond this are no audio in [-1, 1]; most likely they are 16-bit integers turned into floats."""


def checked_samples(samples: NDArray[np.floating]) -> Floats:
    """Return ``samples`` as float32 (n,), or raise AudioError where they are no mono audio in [-1, 1]."""
    array = np.asarray(samples)
    if array.ndim != 1:
        raise AudioError(f"samples have shape {array.shape}; give one channel, an array of shape (n,).")
    if array.dtype.kind != "f":
        raise AudioError(f"samples are {array.dtype}; give floats in [-1, 1] (16-bit integers divided by 32768).")
    if len(array):
        loudest = max(array.max(), -array.min())
        if not np.isfinite(loudest):
            raise AudioError("samples hold NaN or infinite values; repair the recording first.")
        if loudest > LOUDEST:
            raise AudioError(f"samples reach {loudest:g}; give floats in [-1, 1] (16-bit integers divided by 32768).")
    return array.astype(np.float32, copy=False)


def checked_features(features: NDArray[np.floating], dim: int | None = None) -> Floats:
    """Return ``features`` as float32 (frames, dim); raise ScoresError where they are none or have another ``dim``."""
    array = np.asarray(features)
    if array.ndim != 2 or array.dtype.kind != "f":
        raise ScoresError(f"features are {array.dtype} of shape {array.shape}; give floats of shape (frames, dim).")
    if dim is not None and array.shape[1] != dim:
        raise ScoresError(
            f"features have {array.shape[1]} columns where {dim} are needed; compute them with one setup."
        )
    array = array.astype(np.float32, copy=False)
    if array.size and not np.isfinite(max(array.max(), -array.min())):
        raise ScoresError("features hold NaN, infinite or too large values; look at where they were computed.")
    return array
