"""Looking n-grams up in the rows of a table, which are sorted by context and word."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel


@kernel
def find_rows(
    context: NDArray[np.int32], word: NDArray[np.int32], contexts: NDArray[np.int32], words: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the row of each pair of ``contexts`` and ``words`` in the table, -1 where it is not there.

    The table's rows (``context``, ``word``) are sorted; a context below 0 is nowhere.
    """
    rows = np.empty(len(contexts), np.int32)
    for place in range(len(contexts)):
        wanted_context, wanted_word = contexts[place], words[place]
        low, high = 0, len(word)
        while low < high:
            middle = (low + high) >> 1
            here = context[middle]
            if here < wanted_context or (here == wanted_context and word[middle] < wanted_word):
                low = middle + 1
            else:
                high = middle
        found = low < len(word) and context[low] == wanted_context and word[low] == wanted_word
        rows[place] = low if found else -1
    return rows
