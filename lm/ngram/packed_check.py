"""Whether the arrays of a model's file fit each other, so that no look-up reads outside of them."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .packed_arrays import (
    ARCS,
    CODE_BITS,
    FIRST,
    LISTED,
    PLAIN_BITS,
    STATES,
    NgramArrays,
    layout_of,
    record_sizes,
)

_DTYPES = (np.uint32, np.uint32, np.float32, np.int32, np.float32, np.int64)
_MOST_ORDER = 64
_MOST_LOG10 = 100.0


def is_sound(model: NgramArrays, order: int, start_state: int, words: int) -> bool:
    """Return whether ``model`` has the arrays of a model of ``order`` with so many ``words``.

    The records themselves are not read: ``lookup`` follows none of them out of the arrays.
    """
    arrays: list[NDArray[Any]] = list(model)
    if not all(array.dtype == dtype and array.ndim == 1 for array, dtype in zip(arrays, _DTYPES, strict=True)):
        return False
    if not (1 <= order <= _MOST_ORDER and len(model.layout) == FIRST + order):
        return False
    layout = [int(number) for number in model.layout]
    states, arcs, listed, bits = layout[STATES], layout[ARCS], layout[LISTED], layout[CODE_BITS]
    first = layout[FIRST:]
    if not (
        3 <= listed <= words < 2**31
        and 0 <= start_state < states < 2**31
        and 0 <= arcs < 2**31 - listed
        and 1 <= bits <= PLAIN_BITS
        and first[0] == 1
        and first[-1] == states
        and all(one <= other for one, other in pairwise(first))
        and np.array_equal(model.layout, layout_of(listed, states, arcs, bits, model.layout[FIRST:]))
    ):
        return False
    levels = 0 if bits == PLAIN_BITS else 2 * (order - 1) << bits
    sizes = (*record_sizes(model.layout), words, words, levels)
    return (
        all(len(array) == size for array, size in zip(arrays, sizes, strict=False))
        and all(bool((np.isfinite(real) & (real < _MOST_LOG10)).all()) for real in (model.word_log10, model.levels))
        and bool(((model.word_next >= 0) & (model.word_next < states)).all())
    )
