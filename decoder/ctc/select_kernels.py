"""Which candidates are within the beam.

The order is pyctcdecode's: first the distance from the best, then the width, then equal histories.
"""

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel
from .prefix_arrays import (
    C_GROUP,
    C_HASH,
    C_SYMBOL,
    C_WAY,
    CLOSED,
    HISTORY,
    LENGTH,
    LONGER,
    PART,
    PLAIN,
    RECENT,
    SIDE,
    STAMP,
    Beam,
    Labels,
    Weights,
    Work,
)
from .text_hash_kernels import extend, extend_by_hash


@inner_kernel
def nth_largest(values: NDArray[np.float64], count: int, rank: int) -> float:
    """Return the value that would stand at ``rank`` (from 0) if ``values[:count]`` fell; reorders them."""
    low, high = np.int64(0), count - 1
    while low < high:
        a, b, c = values[low], values[(low + high) >> 1], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] > pivot:
                i += 1
            while values[j] < pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@inner_kernel
def weigh_texts(work: Work, weights: Weights, groups: int, count: int, mask: int, stamp: int) -> float:
    """Give every candidate the mass of all candidates with its text and the first of those; return the largest.

    In a strict search every candidate stands for itself.
    """
    made, masses, text_mass, text_of = work.numbers, work.mass, work.text_mass, work.text_of
    first_of, table = work.asked, work.table
    for group in range(groups):
        first_of[group] = -1
    for candidate in range(count):
        first = np.int64(candidate)
        if weights.strict:
            pass
        elif weights.spelled_once:
            group = made[candidate, C_GROUP]
            if made[candidate, C_WAY] != LONGER:
                if first_of[group] >= 0:
                    first = first_of[group]
                first_of[group] = first
        else:
            text = made[candidate, C_HASH]
            place = (text ^ (text >> 31)) & mask
            while table[place, 1] >> 32 == stamp and table[place, 0] != text:
                place = (place + 1) & mask
            if table[place, 1] >> 32 == stamp:
                first = table[place, 1] & 0xFFFFFFFF
            table[place, 0] = text
            table[place, 1] = (stamp << 32) | first
        text_of[candidate] = first
        text_mass[candidate] = masses[candidate]
        if first != candidate:
            text_mass[first] += masses[candidate]
    best = 0.0
    for candidate in range(count):
        best = max(best, text_mass[candidate])
    return best


@inner_kernel
def select(work: Work, weights: Weights, count: int, best: float, most: int) -> int:
    """List the candidates whose text is within the beam and its width in ``work.kept``; return their count.

    ``text_mass`` of the others' first candidates is set to -1.
    """
    text_mass, text_of, masses, order, kept_list = work.text_mass, work.text_of, work.mass, work.order, work.kept
    limit = best * max(weights.prune, 1e-280)
    alive = np.int64(0)
    for candidate in range(count):
        if text_of[candidate] == candidate and text_mass[candidate] >= limit:
            order[alive] = text_mass[candidate]
            alive += 1
    ties = alive
    if alive > weights.width:
        limit = nth_largest(order, alive, weights.width - 1)
        ties = weights.width
        for place in range(alive):
            ties -= order[place] > limit
    kept, least = np.int64(0), best * 1e-280
    for candidate in range(count):
        first = text_of[candidate]
        if first == candidate:
            mass = text_mass[candidate]
            if mass < limit or (mass == limit and ties == 0):
                text_mass[candidate] = -1.0
            elif mass == limit:
                ties -= 1
        if text_mass[first] > 0 and masses[candidate] >= least and kept < most:
            kept_list[kept] = candidate
            kept += 1
    return kept


@inner_kernel
def forget_histories(beam: Beam, labels: Labels, weights: Weights, work: Work, kept: int, mask: int) -> int:
    """Of the kept candidates that end in the same words and label, keep the heaviest; return how many are left."""
    beam.position[STAMP] += 1
    side, stamp = beam.position[SIDE], beam.position[STAMP]
    numbers, made, masses, table, kept_list = beam.group_numbers, work.numbers, work.mass, work.table, work.kept
    kinds, text_begin, text = labels.kind, labels.text_begin, labels.text
    left = np.int64(0)
    for place in range(kept):
        candidate = kept_list[place]
        group, symbol = made[candidate, C_GROUP], made[candidate, C_SYMBOL]
        key = numbers[side, group, HISTORY]
        if made[candidate, C_WAY] == LONGER:
            if numbers[side, group, LENGTH] > 0 and (kinds[symbol] != PLAIN or numbers[side, group, CLOSED] != 0):
                key = extend_by_hash(1, numbers[side, group, PART])
                for word in range(weights.recent - 1):
                    key = extend_by_hash(key, numbers[side, group, RECENT + word])
            for i in range(text_begin[symbol], text_begin[symbol + 1]):
                key = extend(key, text[i])
        key ^= (symbol + 1) << 20
        slot = (key ^ (key >> 31)) & mask
        while table[slot, 1] >> 32 == stamp and table[slot, 0] != key:
            slot = (slot + 1) & mask
        if table[slot, 1] >> 32 != stamp:
            table[slot, 0] = key
            table[slot, 1] = (stamp << 32) | left
            kept_list[left] = candidate
            left += 1
        else:
            rival = table[slot, 1] & 0xFFFFFFFF
            if masses[candidate] > masses[kept_list[rival]]:
                kept_list[rival] = candidate
    return left
