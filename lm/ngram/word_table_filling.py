"""Word tables of texts and of lists (see harken.lm.ngram.word_table)."""

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .packed_arrays import read_only
from .word_table import LENGTH_BITS, SHORT_BITS, WordTable


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
