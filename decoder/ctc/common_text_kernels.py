"""Candidates where several spellings are one text, as with BPE pieces: each is looked for in a table."""

import math

import numpy as np

from ...jit import inner_kernel
from .prefix_arrays import (
    BOUNDARY_CODE,
    C_GROUP,
    C_HASH,
    C_SOURCE,
    C_STEP,
    C_SYMBOL,
    C_WAY,
    CLOSE_CODE,
    CLOSED,
    ENTRIES,
    FIRST,
    GROUP,
    GROUPS,
    HASH,
    LENGTH,
    LONGER,
    PLAIN,
    REPEAT,
    ROW,
    SAME_TEXT,
    SIDE,
    STAMP,
    SYMBOL,
    Beam,
    Frames,
    Labels,
    Weights,
    Work,
)
from .text_hash_kernels import extend


@inner_kernel
def repeat(beam: Beam, work: Work, factor: float, mask: int, count: int) -> int:
    """Add the candidates that end in the same label again to the ``count`` there are, and to the table."""
    side, stamp = beam.position[SIDE], beam.position[STAMP]
    numbers, mass, entries = beam.group_numbers, beam.mass, beam.entry_numbers
    made, made_mass, table, prob_of = work.numbers, work.mass, work.table, work.prob_of
    for entry in range(beam.position[ENTRIES]):
        symbol = entries[side, entry, SYMBOL]
        if symbol < 0 or prob_of[symbol] == 0:
            continue
        group = entries[side, entry, GROUP]
        key = numbers[side, group, HASH] ^ ((symbol + 1) << 20)
        place = (key ^ (key >> 31)) & mask
        while table[place, 1] >> 32 == stamp:
            place = (place + 1) & mask
        table[place, 0] = key
        table[place, 1] = (stamp << 32) | count
        made_mass[count] = mass[side, entry] * prob_of[symbol] * factor
        made[count, C_HASH] = numbers[side, group, HASH]
        made[count, C_GROUP] = group
        made[count, C_SYMBOL] = symbol
        made[count, C_SOURCE] = entry
        made[count, C_WAY] = REPEAT
        made[count, C_STEP] = REPEAT
        count += 1
    return count


@inner_kernel
def lengthen(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    weights: Weights,
    work: Work,
    fused: bool,
    shift: float,
    mask: int,
    count: int,
) -> int:
    """Add the candidates that have another label to the ``count`` there are; return the count of all.

    Any two of them may be one text, so each is looked for in the table.
    """
    side, stamp, row = beam.position[SIDE], beam.position[STAMP], beam.position[ROW]
    numbers, mass, entries = beam.group_numbers, beam.mass, beam.entry_numbers
    made, made_mass, table, change = work.numbers, work.mass, work.table, work.change
    symbols, probs, kinds, closes = frames.symbol, frames.prob, labels.kind, labels.closes
    spelling_begin, spelling, sign = labels.spelling_begin, labels.spelling, 1.0 - 2.0 * weights.strict
    first, end = frames.begin[row], frames.begin[row + 1]
    groups, all_entries = beam.position[GROUPS], beam.position[ENTRIES]
    for group in range(groups):
        begin = numbers[side, group, FIRST]
        last = numbers[side, group + 1, FIRST] if group + 1 < groups else all_entries
        whole, begun, closed = (
            numbers[side, group, HASH],
            numbers[side, group, LENGTH] > 0,
            numbers[side, group, CLOSED],
        )
        for token in range(first, end):
            symbol = np.int64(symbols[token])
            total, source = 0.0, np.int64(-1)
            for entry in range(begin, last):
                if entries[side, entry, SYMBOL] != symbol:
                    total += mass[side, entry]
                    if source < 0 or mass[side, entry] * sign > mass[side, source] * sign:
                        source = entry
            if source < 0:
                continue
            new = total * probs[token]
            if fused:
                new *= math.exp(change[group * (end - first) + token - first] - shift)
            text = whole
            if begun and (kinds[symbol] != PLAIN or closed):
                text = extend(text, BOUNDARY_CODE)
            for i in range(spelling_begin[symbol], spelling_begin[symbol + 1]):
                text = extend(text, spelling[i])
            if closes[symbol]:
                text = extend(text, CLOSE_CODE)
            way = SAME_TEXT if text == whole else LONGER
            key = text ^ ((symbol + 1) << 20)
            place = (key ^ (key >> 31)) & mask
            while table[place, 1] >> 32 == stamp and table[place, 0] != key:
                place = (place + 1) & mask
            if table[place, 1] >> 32 == stamp:
                here = table[place, 1] & 0xFFFFFFFF
                made_mass[here] += new
                if mass[side, source] * sign > mass[side, made[here, C_SOURCE]] * sign:
                    made[here, C_SOURCE] = source
                    made[here, C_STEP] = way
                continue
            table[place, 0] = key
            table[place, 1] = (stamp << 32) | count
            made_mass[count] = new
            made[count, C_HASH] = text
            made[count, C_GROUP] = group
            made[count, C_SYMBOL] = symbol
            made[count, C_SOURCE] = source
            made[count, C_WAY] = made[count, C_STEP] = way
            count += 1
    return count
