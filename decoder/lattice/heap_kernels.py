"""A binary min-heap of integers with keys beside it; equal keys come off in the order of the integers."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel


@inlined_kernel
def sift_up(heap: NDArray[np.int32], keys: NDArray[np.float64], item: int, size: int) -> None:
    """Put ``item`` into the min-heap ``heap[:size]``, ordered by ``keys[item]``, then by the item."""
    at = size
    while at > 0:
        above = heap[(at - 1) >> 1]
        if keys[above] < keys[item] or (keys[above] == keys[item] and above < item):
            break
        heap[at] = above
        at = (at - 1) >> 1
    heap[at] = item


@inlined_kernel
def sift_down(heap: NDArray[np.int32], keys: NDArray[np.float64], size: int) -> int:
    """Take the least item off the min-heap ``heap[:size]``."""
    least, item = int(heap[0]), heap[size - 1]
    size -= 1
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size:
            a, b = heap[below], heap[below + 1]
            if keys[b] < keys[a] or (keys[b] == keys[a] and b < a):
                below += 1
        child = heap[below]
        if keys[item] < keys[child] or (keys[item] == keys[child] and item < child):
            break
        heap[at] = child
        at = below
    heap[at] = item
    return least


@inlined_kernel
def push_number(heap: NDArray[np.int32], number: int, size: int) -> None:
    """Put ``number`` into the min-heap of plain numbers ``heap[:size]``."""
    at = size
    while at > 0 and heap[(at - 1) >> 1] > number:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = number


@inlined_kernel
def pop_number(heap: NDArray[np.int32], size: int) -> int:
    """Take the least number off the min-heap of plain numbers ``heap[:size]``."""
    least, item = int(heap[0]), heap[size - 1]
    size -= 1
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if item <= heap[below]:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = item
    return least
