"""Compiled kernels for strings of labels: each distinct string is one number, a pair of its head and its tail.

The pairs are hash-consed (one number a pair, found by open addressing), so that equal strings are equal numbers, a
tail is read off and a head put before a string in constant time. String 0 is the empty one. The same table numbers
any other pairs of integers.
"""

from ...jit import inlined_kernel, kernel
from .string_table import EMPTY, FULL, Strings


@inlined_kernel
def mixed(digest: int, value: int) -> int:
    """Return the 31-bit digest of ``digest`` and ``value``; the factor is small, so that no product overflows."""
    product = (digest ^ (int(value) & 0x7FFFFFFF)) * 0x5BD1E995
    return (product ^ (product >> 31)) & 0x7FFFFFFF


@inlined_kernel
def paired(strings: Strings, head: int, tail: int) -> int:
    """Return the number of the string that is ``head`` before ``tail``, a new one where needed; FULL without room."""
    mask = len(strings.slots) - 1
    slot = mixed(mixed(0x2545F491, head), tail) & mask
    while True:
        node = int(strings.slots[slot])
        if node < 0:
            break
        same_head = strings.heads[node] == head
        same_tail = strings.tails[node] == tail
        if same_head and same_tail:
            return node
        slot = (slot + 1) & mask
    node = int(strings.used[0])
    if node == len(strings.heads):
        return FULL
    strings.heads[node] = head
    strings.tails[node] = tail
    strings.slots[slot] = node
    strings.used[0] = node + 1
    return node


@kernel
def refill_strings(strings: Strings) -> None:
    """Enter the strings in use into the slots, which are all free."""
    for node in range(1, strings.used[0]):
        slot = mixed(mixed(0x2545F491, strings.heads[node]), strings.tails[node]) & (len(strings.slots) - 1)
        while strings.slots[slot] >= 0:
            slot = (slot + 1) & (len(strings.slots) - 1)
        strings.slots[slot] = node


@inlined_kernel
def joined(strings: Strings, first: int, length: int, last: int) -> int:
    """Return the string of the ``length`` first labels of ``first`` followed by ``last``; FULL without room."""
    if length == 0:
        return last
    for at in range(length):
        strings.spare[at] = strings.heads[first]
        first = int(strings.tails[first])
    result = last
    for at in range(length - 1, -1, -1):
        result = paired(strings, strings.spare[at], result)
        if result == FULL:
            break
    return result


@inlined_kernel
def string_length(strings: Strings, node: int) -> int:
    """Return the number of labels of a string."""
    length = 0
    while node != EMPTY:
        node = int(strings.tails[node])
        length += 1
    return length


@inlined_kernel
def common_length(strings: Strings, first: int, second: int, limit: int) -> int:
    """Return how many labels, up to ``limit``, two strings have in common at their beginning."""
    length = 0
    while length < limit and first != EMPTY and second != EMPTY:
        if strings.heads[first] != strings.heads[second]:
            break
        first = int(strings.tails[first])
        second = int(strings.tails[second])
        length += 1
    return length


@inlined_kernel
def without_prefix(strings: Strings, node: int, length: int) -> int:
    """Return a string without its ``length`` first labels."""
    for _ in range(length):
        node = int(strings.tails[node])
    return node
