"""The arrays of a back-off model whose n-grams are one array, each linked to its longest suffix."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class LinkedArrays(NamedTuple):
    """The n-grams of all orders, shorter ones first: order 1 at its word ids, so that -1 can stand for no words at all.

    Those that continue n-gram ``i`` by a word are ``begin[i]`` to ``begin[i + 1]``, their last words ``word`` rising.
    ``prob`` and ``backoff`` are plain; ``back`` is the longest proper suffix that the model lists, -1 in order 1.
    """

    begin: NDArray[np.int32]
    word: NDArray[np.int32]
    prob: NDArray[np.float32]
    backoff: NDArray[np.float32]
    back: NDArray[np.int32]
