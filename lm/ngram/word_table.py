"""Words by their bytes: a hash table that kernels read, for words that stand in a text and are told by their places."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
