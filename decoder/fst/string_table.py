"""Strings of labels, each distinct one a number: a table of pairs of a head and a tail.

Equal strings are equal numbers; string 0 is the empty one. ``strings_kernels`` makes and takes them apart.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

EMPTY = 0
FULL = -1


class Strings(NamedTuple):
    """The table of pairs: string ``n`` is ``heads[n]`` followed by string ``tails[n]``; ``used[0]`` are in use.

    ``slots``, a power of two of them and more than twice as many as strings, are -1 where free. ``spare`` is working
    space, as long as the table, which no string is longer than.
    """

    heads: NDArray[np.int32]
    tails: NDArray[np.int32]
    slots: NDArray[np.int32]
    spare: NDArray[np.int32]
    used: NDArray[np.int64]


def new_strings(room: int = 1024) -> Strings:
    """Return a table that holds the empty string and has room for ``room``."""
    slots = np.full(1 << (2 * room).bit_length(), -1, dtype=np.int32)
    heads, tails, spare = np.zeros(room, dtype=np.int32), np.zeros(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    return Strings(heads, tails, slots, spare, np.ones(1, dtype=np.int64))


def more_strings(strings: Strings) -> Strings:
    """Return the table with twice the room."""
    from .strings_kernels import refill_strings

    room = 2 * len(strings.heads)
    slots = np.full(2 * len(strings.slots), -1, dtype=np.int32)
    heads, tails = with_room(strings.heads, room), with_room(strings.tails, room)
    grown = Strings(heads, tails, slots, np.empty(room, dtype=np.int32), strings.used)
    refill_strings(grown)
    return grown


def with_room(array: NDArray[Any], room: int) -> NDArray[Any]:
    """Return ``array``, copied to the beginning of one with ``room`` places where it has fewer."""
    if len(array) >= room:
        return array
    grown = np.empty(room, dtype=array.dtype)
    grown[: len(array)] = array
    return grown


def labels_of(strings: Strings, node: int) -> list[int]:
    """Return the labels of a string."""
    labels = []
    while node:
        labels.append(int(strings.heads[node]))
        node = int(strings.tails[node])
    return labels


def string_lengths(strings: Strings) -> NDArray[np.int64]:
    """Return the number of labels of each string in the table."""
    tails = strings.tails[: strings.used[0]]
    lengths = np.zeros(len(tails), dtype=np.int64)
    rest = np.arange(len(tails), dtype=np.int32)
    while rest.any():
        lengths += rest != 0
        rest = tails[rest]
    return lengths
