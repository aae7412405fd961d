"""Compiled loops of the alignment of letters with phones: expected uses of every graphone, and the cheapest split.

A graphone pairs one or two letters with phones; its kind is 0, 1 or 2 for one letter with as many phones, 3 or 4 for
two letters with one or two. Letters, phones, and the pairs of neighbouring ones that the data hold, are numbered; with
F phones and G pairs of phones a graphone's place in a table is ``letter * (1 + F + G) + tail``, tail 0 for no phone,
``1 + phone`` for one, ``1 + F + pair`` for two; behind all those, two letters have ``pair * (F + G) + tail``, tail
``phone`` or ``F + pair``.
"""

from typing import Any, NamedTuple

import numpy as np

from ...jit import inlined_kernel, kernel

KINDS = 5


class Pairs(NamedTuple):
    """Words and their phones, one after the other, int32, and where each word begins, int64.

    ``letter_pair`` and ``phone_pair`` number the letter and the phone at each place together with the one before it.
    """

    letter: Any
    letter_pair: Any
    letter_begin: Any
    phone: Any
    phone_pair: Any
    phone_begin: Any


class Sizes(NamedTuple):
    """How many letters, pairs of letters, phones and pairs of phones there are."""

    letters: int
    letter_pairs: int
    phones: int
    phone_pairs: int


@inlined_kernel
def letters_of(kind: int) -> int:
    """Return how many letters a graphone of this kind has."""
    return 1 if kind < 3 else 2


@inlined_kernel
def phones_of(kind: int) -> int:
    """Return how many phones a graphone of this kind has."""
    return kind if kind < 3 else kind - 2


@inlined_kernel
def place_of(pairs: Pairs, sizes: Sizes, letter: int, phone: int, kind: int) -> int:
    """Return the table place of the graphone of ``kind`` that ends at these places of ``pairs``."""
    tails = 1 + sizes.phones + sizes.phone_pairs
    if kind < 3:
        begin = np.int64(pairs.letter[letter]) * tails
        if kind == 0:
            return begin
        begin += 1
    else:
        begin = sizes.letters * tails + np.int64(pairs.letter_pair[letter]) * (tails - 1)
    if phones_of(kind) == 1:
        return begin + pairs.phone[phone]
    return begin + sizes.phones + pairs.phone_pair[phone]


@kernel
def expect(pairs: Pairs, sizes: Sizes, table: Any, counts: Any) -> tuple[float, int]:
    """Add the expected number of uses of every graphone to ``counts``; return the log-likelihood and words aligned.

    ``table`` holds the graphones' probabilities. A word that cannot be aligned adds nothing.
    """
    total = 0.0
    aligned = 0
    for word in range(len(pairs.letter_begin) - 1):
        first, start = pairs.letter_begin[word], pairs.phone_begin[word]
        L, P = pairs.letter_begin[word + 1] - first, pairs.phone_begin[word + 1] - start
        forward = np.zeros((L + 1, P + 1))
        backward = np.zeros((L + 1, P + 1))
        forward[0, 0] = 1.0
        for i in range(1, L + 1):
            for j in range(P + 1):
                mass = 0.0
                for kind in range(KINDS):
                    before_i, before_j = i - letters_of(kind), j - phones_of(kind)
                    if before_i >= 0 and before_j >= 0 and forward[before_i, before_j] > 0.0:
                        place = place_of(pairs, sizes, first + i - 1, start + j - 1, kind)
                        mass += forward[before_i, before_j] * table[place]
                forward[i, j] = mass
        likelihood = forward[L, P]
        if not likelihood > 0.0:
            continue
        total += np.log(likelihood)
        aligned += 1
        backward[L, P] = 1.0 / likelihood
        for i in range(L, 0, -1):
            for j in range(P, -1, -1):
                if backward[i, j] == 0.0:
                    continue
                for kind in range(KINDS):
                    before_i, before_j = i - letters_of(kind), j - phones_of(kind)
                    if before_i >= 0 and before_j >= 0:
                        place = place_of(pairs, sizes, first + i - 1, start + j - 1, kind)
                        share = table[place] * backward[i, j]
                        backward[before_i, before_j] += share
                        counts[place] += share * forward[before_i, before_j]
    return total, aligned


@kernel
def align(pairs: Pairs, sizes: Sizes, costs: Any, out: Any, lengths: Any) -> None:
    """Write every word's cheapest graphone sequence to ``out`` from its ``letter_begin`` on, and its length.

    ``costs`` are those of the table's graphones; a word without an alignment gets length 0.
    """
    for word in range(len(pairs.letter_begin) - 1):
        first, start = pairs.letter_begin[word], pairs.phone_begin[word]
        L, P = pairs.letter_begin[word + 1] - first, pairs.phone_begin[word + 1] - start
        best = np.full((L + 1, P + 1), np.inf)
        taken = np.zeros((L + 1, P + 1), np.int8)
        best[0, 0] = 0.0
        for i in range(1, L + 1):
            for j in range(P + 1):
                for kind in range(KINDS):
                    before_i, before_j = i - letters_of(kind), j - phones_of(kind)
                    if before_i >= 0 and before_j >= 0 and best[before_i, before_j] < np.inf:
                        place = place_of(pairs, sizes, first + i - 1, start + j - 1, kind)
                        cost = best[before_i, before_j] + costs[place]
                        if cost < best[i, j]:
                            best[i, j] = cost
                            taken[i, j] = kind
        lengths[word] = 0
        if not best[L, P] < np.inf:
            continue
        i, j, count = L, P, 0
        while i > 0:
            kind = np.int64(taken[i, j])
            out[first + count] = place_of(pairs, sizes, first + i - 1, start + j - 1, kind)
            i -= letters_of(kind)
            j -= phones_of(kind)
            count += 1
        lengths[word] = count
        out[first : first + count] = out[first : first + count][::-1].copy()
