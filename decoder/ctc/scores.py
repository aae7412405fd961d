"""Scores from any CTC model brought to log-probabilities: logits, log-probabilities or probabilities come in."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ScoresError

LEAST_PROB = 1e-15
"""No label is less likely than this, as in pyctcdecode."""


def as_log_probs(scores: ArrayLike, columns: int) -> NDArray[np.floating]:
    """Return the log-probabilities (frames, columns) of ``scores``, float32 where these are, else float64.

    Rows of numbers from 0 that sum to 1 are probabilities; anything else goes through a log-softmax, which leaves
    log-probabilities as they are. Raises ScoresError for another shape or number of columns, for NaN, for plus
    infinity, and for a row without a finite score.
    """
    given = np.asarray(scores)
    if given.ndim != 2:
        raise ScoresError(f"scores: {given.ndim} dimension(s); give two, (frames, labels).")
    if given.shape[1] != columns:
        raise ScoresError(f"scores: {given.shape[1]} columns, but there are {columns} labels (with the blank).")
    if given.dtype.kind not in "fiu":
        raise ScoresError(f"scores: numbers of type {given.dtype}; give floating-point numbers.")
    kept = given.astype(np.float32 if given.dtype in (np.float16, np.float32) else np.float64, copy=False)
    if not len(kept):
        return kept
    highest = kept.max(axis=1, keepdims=True)
    if not np.isfinite(highest).all():
        frame = int(np.flatnonzero(~np.isfinite(highest[:, 0]))[0])
        bad = "NaN" if np.isnan(kept[frame]).any() else "no finite score" if highest[frame, 0] < 0 else "infinity"
        raise ScoresError(f"scores: {bad} in frame {frame}; the model that made them must be mended.")
    floor = math.log(LEAST_PROB)
    if kept.min() >= 0 and highest.max() <= 1.001 and np.allclose(kept.sum(axis=1), 1.0, rtol=0, atol=1e-2):
        return np.log(np.clip(kept, LEAST_PROB, 1.0))
    centred = kept - highest
    centred -= np.log(np.exp(centred).sum(axis=1, keepdims=True))
    return np.clip(centred, floor, 0.0)
