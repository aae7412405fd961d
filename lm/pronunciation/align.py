"""Alignment of spellings with their phones: which letters say which phones, learned by expectation-maximisation."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError


@dataclass(frozen=True)
class Alignment:
    """Words as graphone sequences, and the graphones: symbol 0 ends a word, the rest are sorted by their letters.

    ``symbols``: all words' graphones one after the other, ``lengths`` of each word. ``chunk_begin``: the first symbol
    of every letter, then of every pair of letters (letters + letters**2 + 1). ``first``, ``second``: a symbol's phones,
    -1 for none.
    """

    letters: str
    phones: tuple[str, ...]
    symbols: NDArray[np.int64]
    lengths: NDArray[np.int64]
    chunk_begin: NDArray[np.int32]
    first: NDArray[np.int16]
    second: NDArray[np.int16]


def align_pairs(pairs: Iterable[tuple[str, tuple[str, ...]]], iterations: int) -> Alignment:
    """Align words with their phones; pairs with more than two phones a letter are passed over."""
    from .g2p_kernels import Pairs, align, expect

    usable = sorted({(word, tuple(phones)) for word, phones in pairs if word and 0 < len(phones) <= 2 * len(word)})
    if not usable:
        raise OptionsError("G2p.train got no pair of a word and its phones (at most two phones a letter); give some.")
    letters = "".join(sorted({letter for word, _ in usable for letter in word}))
    phones = tuple(sorted({phone for _, said in usable for phone in said}))
    if len(letters) > 255 or len(phones) > 255:
        raise OptionsError(f"G2p.train got {len(letters)} letters and {len(phones)} phones; 255 each is the most.")
    data = _flatten(usable, letters, phones, Pairs)
    sizes = (len(letters), len(phones))
    tails = 1 + sizes[1] + sizes[1] ** 2
    table = np.full(sizes[0] * tails + sizes[0] ** 2 * sizes[1], 1.0)
    kind = np.ones(len(table))
    tail = np.arange(sizes[0] * tails) % tails
    table[: sizes[0] * tails] = np.where(tail == 0, 0.1, np.where(tail <= sizes[1], 1.0, 0.1 / sizes[1]))
    table[sizes[0] * tails :] = 0.1 / sizes[0]
    kind[: sizes[0] * tails][tail > sizes[1]] = 2.0
    kind[sizes[0] * tails :] = 2.0
    table /= table.sum()
    for _ in range(iterations):
        counts = np.zeros(len(table))
        expect(data, table, counts, sizes)
        table = counts / counts.sum()
    # A long graphone replaces several short ones, so a plain maximum would favour it: its cost counts once a unit.
    with np.errstate(divide="ignore"):
        costs = -np.log(table) * kind
    out = np.zeros(len(data.letters), np.int64)
    lengths = np.zeros(len(usable), np.int64)
    align(data, costs, out, lengths, sizes)
    inside = np.arange(len(out)) - np.repeat(data.letter_begin[:-1], np.diff(data.letter_begin))
    used = out[inside < np.repeat(lengths, np.diff(data.letter_begin))]
    # Every letter can be silent, so that every spelling has some reading.
    distinct = np.union1d(used, np.arange(sizes[0]) * tails)
    single = distinct < sizes[0] * tails
    rest = np.where(single, distinct % tails, 0)
    chunk = np.where(single, distinct // tails, sizes[0] + (distinct - sizes[0] * tails) // sizes[1])
    first = np.where(single, np.where(rest <= sizes[1], rest - 1, (rest - 1 - sizes[1]) // sizes[1]),
                     (distinct - sizes[0] * tails) % sizes[1])  # fmt: skip
    second = np.where(single & (rest > sizes[1]), (rest - 1 - sizes[1]) % sizes[1], -1)
    chunk_begin = np.searchsorted(chunk, np.arange(sizes[0] + sizes[0] ** 2 + 1)) + 1
    return Alignment(
        letters, phones, np.searchsorted(distinct, used) + 1, lengths[lengths > 0], chunk_begin.astype(np.int32),
        np.concatenate(([-1], first)).astype(np.int16), np.concatenate(([-1], second)).astype(np.int16),
    )  # fmt: skip


def _flatten(usable: list[tuple[str, tuple[str, ...]]], letters: str, phones: tuple[str, ...], kind: Any) -> Any:
    letter_ids = {letter: number for number, letter in enumerate(letters)}
    phone_ids = {phone: number for number, phone in enumerate(phones)}
    spelled = np.array([letter_ids[letter] for word, _ in usable for letter in word], np.uint8)
    said = np.array([phone_ids[phone] for _, way in usable for phone in way], np.uint8)
    spelled_begin = np.cumsum([0, *(len(word) for word, _ in usable)])
    said_begin = np.cumsum([0, *(len(way) for _, way in usable)])
    return kind(spelled, spelled_begin, said, said_begin)
