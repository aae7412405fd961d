"""How dense a lattice is: how many arcs cross each frame."""

import numpy as np
from numpy.typing import NDArray

from .lattice import Lattice


def depth_per_frame(lattice: Lattice) -> NDArray[np.int64]:
    """Return how many arcs read a label in each frame, int64 (frames,), from the start's frame on.

    Kaldi's lattice-depth-per-frame. An arc without labels crosses no frame.
    """
    if lattice.states == 0:
        return np.zeros(0, np.int64)
    first = int(lattice.frames[0])
    lengths = np.diff(lattice.label_begin)
    begins = lattice.frames[lattice.sources()].astype(np.int64) - first
    end = int(lattice.frames.max()) - first
    change = np.bincount(begins, minlength=end + 1) - np.bincount(begins + lengths, minlength=end + 1)[: end + 1]
    return np.cumsum(change)[:end]


def depth(lattice: Lattice) -> float:
    """Return how many arcs cross a frame on average, Kaldi's lattice-depth; 0 where the lattice has no frame."""
    frames = depth_per_frame(lattice)
    return float(frames.mean()) if len(frames) else 0.0
