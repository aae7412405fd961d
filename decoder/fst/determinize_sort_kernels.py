"""Compiled kernels that sort arcs by label and next state, for determinization."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .transducer import FstArrays


@inlined_kernel
def merge_runs(
    keys: NDArray[np.int64],
    order: NDArray[np.int32],
    spare: NDArray[np.int32],
    bounds: NDArray[np.int32],
    runs: int,
) -> None:
    """Merge ``runs`` stretches of ``order``, begun at ``bounds`` and each sorted by key, until all is sorted.

    Equal keys keep their order; ``spare`` and ``bounds`` are overwritten.
    """
    source, target = order, spare
    in_place = True
    total = bounds[runs]
    while runs > 1:
        out = 0
        for run in range(0, runs, 2):
            begin, middle = bounds[run], bounds[run + 1]
            end = bounds[run + 2] if run + 2 <= runs else middle
            left, right = begin, middle
            for to in range(begin, end):
                if right >= end or (left < middle and keys[source[left]] <= keys[source[right]]):
                    target[to] = source[left]
                    left += 1
                else:
                    target[to] = source[right]
                    right += 1
            bounds[out] = begin
            out += 1
        bounds[out] = total
        runs = out
        source, target = target, source
        in_place = not in_place
    if not in_place:
        for at in range(total):
            order[at] = spare[at]


@kernel
def sort_by_label_and_state(fst: FstArrays, most: int, result: NDArray[np.int64]) -> bool:
    """Write the order of the arcs by source, input label and next state; ``most`` arcs leave one state at most.

    Return whether that is the order in which they stand.
    """
    in_order = True
    keys = np.empty(most, dtype=np.int64)
    order = np.empty(most, dtype=np.int32)
    spare = np.empty(most, dtype=np.int32)
    bounds = np.empty(most + 1, dtype=np.int32)
    for state in range(len(fst.final_weights)):
        begin = fst.arc_begin[state]
        count = fst.arc_begin[state + 1] - begin
        runs = 0
        for at in range(count):
            keys[at] = (np.int64(fst.ilabels[begin + at]) << 32) | fst.nextstates[begin + at]
            order[at] = at
            if at == 0 or keys[at] < keys[at - 1]:
                bounds[runs] = at
                runs += 1
        bounds[runs] = count
        merge_runs(keys, order, spare, bounds, runs)
        for at in range(count):
            result[begin + at] = begin + order[at]
        in_order &= runs <= 1
    return in_order
