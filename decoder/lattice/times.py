"""When words and phones are said: read off the labels of a path, one label a frame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lattice import LabelTable


def word_times(labels: NDArray[Any], count: int, table: LabelTable, first_frame: int = 0) -> NDArray[np.int64]:
    """Return first frame and end (the frame after the last one) of each of ``count`` words, int64 (count, 2).

    ``labels`` are those of a whole path, the first read at ``first_frame``. The k-th word begins at the k-th label that
    starts a word, wherever its arc stands, and ends after its last label that is not blank. A word that the labels
    don't begin (a path can stop where it is written down already) gets the end of the word before.
    """
    starts = np.flatnonzero(table.label_starts_word[labels])
    spoken = np.flatnonzero(table.label_phone[labels] != 0)
    times = np.empty((count, 2), np.int64)
    known = min(count, len(starts))
    # The last label that is not blank before the next word; a word's first label counts as spoken.
    position = np.searchsorted(spoken, np.append(starts[1:], len(labels)), side="left")
    ends = np.maximum(np.append(spoken, -1)[position - 1], starts) + 1 if len(starts) else starts
    times[:known, 0], times[:known, 1] = starts[:known], ends[:known]
    times[known:] = times[known - 1, 1] if known else 0
    return times + first_frame


def phone_times(labels: NDArray[Any], table: LabelTable, first_frame: int = 0) -> NDArray[np.int64]:
    """Return phone, first frame and end of each phone of a path, int64 (phones, 3).

    A phone begins at a label of a phone that is no self-loop, and lasts as long as self-loops follow; blanks and frames
    without a phone (phone 0) are no phone's.
    """
    phone, repeats = table.label_phone[labels], table.label_is_self_loop[labels]
    begins = np.flatnonzero((phone > 0) & ~repeats)
    breaks = np.append(np.flatnonzero((phone == 0) | ~repeats), len(labels))
    ends = breaks[np.searchsorted(breaks, begins, side="right")]
    return np.stack([phone[begins], begins + first_frame, ends + first_frame], axis=1).astype(np.int64)


def arc_times(frames: NDArray[Any], word_sources: NDArray[Any], last_frame: int) -> NDArray[np.int64]:
    """Return rough times of words whose labels tell nothing: from where a word's arc begins to where the next does.

    ``frames`` (states,) is a lattice's, ``word_sources`` the states that the words' arcs leave.
    """
    begins = frames[word_sources].astype(np.int64)
    return np.stack([begins, np.append(begins[1:], last_frame)], axis=1) if len(begins) else np.empty((0, 2), np.int64)
