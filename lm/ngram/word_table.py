"""Words by their bytes: a hash table that kernels read, for words that stand in a text and are told by their places."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .packed_arrays import read_only

LENGTH_BITS = 24
"""A word has fewer bytes than two to this power."""

SHORT = 7
"""Words of so many bytes are kept in the table itself."""

SHORT_BITS = 8 * SHORT
"""A word's length stands above so many bits where it is short."""


class WordTable(NamedTuple):
    """Numbered words that stand in ``text`` (uint8).

    Every word has two ``slots`` (int64): ``hash << 32 | number + 1``, 0 where empty, and its spelling. A short word's
    are its bytes, the first lowest, with their number above; a longer one's is where it begins, shifted by
    ``LENGTH_BITS``, with its length below. It takes the first free pair from its hash on; pairs are a power of two.
    """

    text: NDArray[np.uint8]
    slots: NDArray[np.int64]


def table_of(text: NDArray[np.uint8], spans: NDArray[np.int64], numbers: NDArray[np.int32]) -> tuple[WordTable, int]:
    """Return the table of the words ``text[spans[i, 0]:spans[i, 1]]``, and the first that repeats one, -1 if none does.

    Raises FormatError for a word of 16 MB or more, or one that stands beyond the first 4 GB.
    """
    from .word_table_kernels import fill_slots

    if len(spans) and int((spans[:, 1] - spans[:, 0]).max()) >= 1 << LENGTH_BITS:
        raise FormatError("A word is longer than 16 MB.")
    if len(spans) and int(spans[:, 0].max()) >= 1 << SHORT_BITS - LENGTH_BITS:
        raise FormatError("The vocabulary is larger than 4 GB.")
    slots = np.zeros(2 << max(3, (2 * len(spans) - 1).bit_length()), np.int64)
    repeated = int(fill_slots(text, read_only(spans.astype(np.int64)), read_only(numbers.astype(np.int32)), slots))
    return WordTable(text, read_only(slots)), repeated


def table_of_lines(text: str) -> WordTable:
    """Return the table of the words of ``text``, one a line, numbered from 0."""
    data = read_only(np.frombuffer(text.encode("utf8"), np.uint8))
    ends = np.append(np.flatnonzero(data == 10), len(data))
    spans = np.column_stack([np.concatenate([[0], ends[:-1] + 1]), ends])
    return table_of(data, spans, np.arange(len(spans), dtype=np.int32))[0]
