"""N-grams of word ids as sortable keys: one integer each where they fit in 64 bits, else a few bytes.

Sorting, counting and searching then need one array, and keys compare as their n-grams do, word by word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[Any]
"""Either uint64 (the first word in the highest bits) or fixed-length bytes (big-endian word ids)."""


@dataclass(frozen=True, slots=True)
class NgramKeys:
    """Packs n-grams over ``vocabulary_size`` words; every method takes the order ``n`` of the keys it is given."""

    vocabulary_size: int

    @property
    def bits(self) -> int:
        """Bits a word takes in an integer key."""
        return max(1, (self.vocabulary_size - 1).bit_length())

    def fits(self, n: int) -> bool:
        """Return whether n-grams of order ``n`` are integers."""
        return n * self.bits <= 64

    def pack(self, columns: Sequence[NDArray[Any]]) -> Keys:
        """Return the keys of the n-grams whose i-th words are ``columns[i]``."""
        n = len(columns)
        if not self.fits(n):
            width = ">u2" if self.bits <= 16 else ">u4"
            table = np.empty((len(columns[0]), n), width)
            for place, column in enumerate(columns):
                table[:, place] = column
            return table.view(f"S{table.itemsize * n}").ravel()
        keys = columns[0].astype(np.uint64)
        for column in columns[1:]:
            keys <<= np.uint64(self.bits)
            keys |= column.astype(np.uint64, copy=False)
        return keys

    def column(self, keys: Keys, n: int, place: int) -> NDArray[np.int32]:
        """Return the ids of the words at ``place`` (0 is the first)."""
        if not self.fits(n):
            width = np.dtype(">u2" if self.bits <= 16 else ">u4")
            table = np.ascontiguousarray(keys).view(width).reshape(len(keys), n)
            ids: NDArray[np.int32] = table[:, place].astype(np.int32)
            return ids
        shifted = keys >> np.uint64(self.bits * (n - 1 - place))
        shifted &= np.uint64((1 << self.bits) - 1)
        small: NDArray[np.int32] = shifted.astype(np.int32)
        return small

    def drop_first(self, keys: Keys, n: int) -> Keys:
        """Return the keys without their first words, in the same order (so not sorted)."""
        if self.fits(n):
            shorter: Keys = keys & np.uint64((1 << (self.bits * (n - 1))) - 1)
            return shorter
        return self.pack([self.column(keys, n, place) for place in range(1, n)])

    def drop_last(self, keys: Keys, n: int) -> Keys:
        """Return the keys without their last words; sorted keys stay sorted."""
        if self.fits(n):
            shorter: Keys = keys >> np.uint64(self.bits)
            return shorter
        return self.pack([self.column(keys, n, place) for place in range(n - 1)])

    def unpack(self, keys: Keys, n: int) -> NDArray[np.int32]:
        """Return the word ids, int32 (count, n)."""
        ids = np.empty((len(keys), n), np.int32)
        for place in range(n):
            ids[:, place] = self.column(keys, n, place)
        return ids


def find(keys: Keys, wanted: Keys) -> NDArray[np.int32]:
    """Return the rows of ``wanted`` in the sorted ``keys``, -1 for those that are not there."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int32)
    rows = np.searchsorted(keys, wanted).astype(np.int32)
    rows[rows == len(keys)] = 0
    rows[keys[rows] != wanted] = -1
    return rows


def pick(values: NDArray[np.float32], rows: NDArray[np.int32], missing: float) -> NDArray[np.float32]:
    """Return ``values[rows]``, and ``missing`` for rows below 0."""
    picked = np.full(len(rows), missing, np.float32)
    there = rows >= 0
    picked[there] = values[rows[there]]
    return picked


def run_starts(keys: Keys) -> NDArray[np.int64]:
    """Return where every run of equal ``keys`` begins."""
    if not len(keys):
        return np.zeros(0, np.int64)
    return np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
