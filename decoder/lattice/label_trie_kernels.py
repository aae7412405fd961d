"""Label strings as nodes of a trie: equal strings are one node, so that comparing them is comparing two numbers.

Node 0 is the empty string; a node's string is its parent's and one label more.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel

NO_ROOM = -1


class Trie(NamedTuple):
    """The nodes, ``size[0]`` of them, and their numbers in open addressing, -1 where a slot is free.

    The number of slots is a power of two, at least twice the room for nodes.
    """

    parent: NDArray[np.int32]
    label: NDArray[np.int32]
    depth: NDArray[np.int32]
    slots: NDArray[np.int32]
    size: NDArray[np.int64]


@inlined_kernel
def extend(trie: Trie, node: int, label: int) -> int:
    """Return the node of ``node``'s string and ``label`` after it; NO_ROOM where the trie is full."""
    mask = len(trie.slots) - 1
    mixed = np.int64(node) * 0x1E3779B1 + np.int64(label) * 0x2545F491  # stays below 2^62
    slot = (mixed ^ (mixed >> 17)) & mask
    while trie.slots[slot] >= 0:
        there = trie.slots[slot]
        if trie.parent[there] == node and trie.label[there] == label:
            return np.int64(there)
        slot = (slot + 1) & mask
    made = trie.size[0]
    if made == len(trie.parent):
        return NO_ROOM
    trie.parent[made], trie.label[made], trie.depth[made] = node, label, trie.depth[node] + 1
    trie.slots[slot] = made
    trie.size[0] += 1
    return made


@inlined_kernel
def common_prefix(trie: Trie, a: int, b: int) -> int:
    """Return the node of the longest string that the strings of ``a`` and ``b`` both begin with."""
    while a != b:
        if trie.depth[a] >= trie.depth[b]:
            a = np.int64(trie.parent[a])
        else:
            b = np.int64(trie.parent[b])
    return a


@inlined_kernel
def without_prefix(trie: Trie, node: int, prefix: int, spelled: NDArray[np.int32]) -> int:
    """Return the node of ``node``'s string less that of ``prefix``, with which it begins; NO_ROOM where it's full.

    ``spelled`` is room for the labels between.
    """
    if prefix == 0:
        return node
    length = 0
    while node != prefix:
        spelled[length] = trie.label[node]
        length += 1
        node = np.int64(trie.parent[node])
    rest = np.int64(0)
    while length > 0 and rest != NO_ROOM:
        length -= 1
        rest = extend(trie, rest, np.int64(spelled[length]))
    return rest
