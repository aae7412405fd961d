"""Words by their bytes: a hash table that kernels read, for words that stand in a text and are told by their places."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .packed_arrays import read_only


class WordTable(NamedTuple):
    """Words in ``text`` (uint8): word i is ``text[spans[i, 0]:spans[i, 1]]``, its number ``numbers[i]`` (int32).

    ``slots`` (int64, a power of two of them) hold ``hash << 32 | i + 1``, 0 where empty; a word stands at the first
    free place from its hash on.
    """

    text: NDArray[np.uint8]
    spans: NDArray[np.int64]
    numbers: NDArray[np.int32]
    slots: NDArray[np.int64]


def table_of(text: NDArray[np.uint8], spans: NDArray[np.int64], numbers: NDArray[np.int32]) -> tuple[WordTable, int]:
    """Return the table of the words, and the first that stands there twice, -1 where none does."""
    from .word_table_kernels import fill_slots

    slots = np.zeros(1 << max(3, (2 * len(spans)).bit_length()), np.int64)
    spans = read_only(spans.astype(np.int64, copy=False))
    repeated = int(fill_slots(text, spans, slots))
    return WordTable(text, spans, read_only(numbers.astype(np.int32, copy=False)), read_only(slots)), repeated


def table_of_lines(text: str) -> WordTable:
    """Return the table of the words of ``text``, one a line, numbered from 0."""
    data = read_only(np.frombuffer(text.encode("utf8"), np.uint8))
    ends = np.append(np.flatnonzero(data == 10), len(data))
    spans = np.column_stack([np.concatenate([[0], ends[:-1] + 1]), ends])
    return table_of(data, spans, np.arange(len(spans), dtype=np.int32))[0]
