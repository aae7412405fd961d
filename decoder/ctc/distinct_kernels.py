"""Candidates where a text is spelled in one way only: what comes together is known beforehand."""

import math

import numpy as np

from ...jit import inner_kernel
from .prefix_arrays import (
    BOUNDARY,
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
    GROUPS,
    HASH,
    LAST,
    LENGTH,
    LONGER,
    PARENT,
    PLAIN,
    REPEAT,
    ROW,
    SAME_TEXT,
    SIDE,
    STAMP,
    SYMBOL,
    TOTAL,
    Beam,
    Frames,
    Labels,
    Weights,
    Work,
)
from .text_hash_kernels import extend


@inner_kernel
def join(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    weights: Weights,
    work: Work,
    fused: bool,
    shift: float,
    count: int,
    best: float,
) -> tuple[int, float]:
    """Add the candidates that end in the last label of a text that is alive; return the count of all and the best mass.

    Where a text is spelled in one way, such a candidate gathers all that comes together at all: the label again, a
    space again, and the text without the label, if it is alive, with it added. That one is marked in ``joined``.
    """
    side, stamp, row = beam.position[SIDE], beam.position[STAMP], beam.position[ROW]
    numbers, mass, entries = beam.group_numbers, beam.mass, beam.entry_numbers
    made, made_mass, prob_of, token_of = work.numbers, work.mass, work.prob_of, work.token_of
    change, joined, kinds = work.change, work.joined, labels.kind
    tokens, groups, all_entries = (
        frames.begin[row + 1] - frames.begin[row],
        beam.position[GROUPS],
        beam.position[ENTRIES],
    )
    factor, sign = math.exp(-shift), 1.0 - 2.0 * weights.strict
    for group in range(groups):
        symbol = numbers[side, group, LAST]
        if symbol < 0 or prob_of[symbol] == 0:
            continue
        total, source, step = 0.0, np.int64(-1), np.int64(REPEAT)
        again = kinds[symbol] == BOUNDARY and numbers[side, group, LENGTH] == 0
        last = numbers[side, group + 1, FIRST] if group + 1 < groups else all_entries
        for entry in range(numbers[side, group, FIRST], last):
            repeats = entries[side, entry, SYMBOL] == symbol
            if repeats or again:
                total += mass[side, entry] * factor
                if source < 0 or mass[side, entry] * sign > mass[side, source] * sign:
                    source, step = entry, np.int64(REPEAT if repeats else SAME_TEXT)
        parent = numbers[side, group, PARENT]
        if parent >= 0:
            last = numbers[side, parent + 1, FIRST] if parent + 1 < groups else all_entries
            place = parent * tokens + token_of[symbol]
            joined[place] = stamp
            weight = math.exp(change[place] - shift) if fused else 1.0
            for entry in range(numbers[side, parent, FIRST], last):
                if entries[side, entry, SYMBOL] != symbol:
                    total += mass[side, entry] * weight
                    if source < 0 or mass[side, entry] * sign > mass[side, source] * sign:
                        source, step = entry, np.int64(LONGER)
        if source >= 0:
            made_mass[count] = total * prob_of[symbol]
            best = max(best, made_mass[count])
            made[count, C_HASH] = numbers[side, group, HASH]
            made[count, C_GROUP] = group
            made[count, C_SYMBOL] = symbol
            made[count, C_SOURCE] = source
            made[count, C_WAY] = REPEAT
            made[count, C_STEP] = step
            count += 1
    return count, best


@inner_kernel
def branch(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    weights: Weights,
    work: Work,
    fused: bool,
    shift: float,
    count: int,
    best: float,
) -> int:
    """Add the candidates whose text is new to the ``count`` there are; return the count of all.

    Where a text is spelled in one way, these are all different, and what cannot reach the beam is left out.
    """
    side, stamp, row = beam.position[SIDE], beam.position[STAMP], beam.position[ROW]
    numbers, values, mass, entries = beam.group_numbers, beam.group_values, beam.mass, beam.entry_numbers
    made, made_mass, change, joined = work.numbers, work.mass, work.change, work.joined
    symbols, probs, kinds, sign = frames.symbol, frames.prob, labels.kind, 1.0 - 2.0 * weights.strict
    first, end = frames.begin[row], frames.begin[row + 1]
    groups, all_entries = beam.position[GROUPS], beam.position[ENTRIES]
    place = np.int64(0)
    for group in range(groups):
        begin, ending = numbers[side, group, FIRST], numbers[side, group, LAST]
        last = numbers[side, group + 1, FIRST] if group + 1 < groups else all_entries
        at_space = numbers[side, group, LENGTH] == 0
        whole = values[side, group, TOTAL]
        for token in range(first, end):
            symbol = np.int64(symbols[token])
            total = whole
            if symbol == ending:
                total = 0.0
                for entry in range(begin, last):
                    if entries[side, entry, SYMBOL] != symbol:
                        total += mass[side, entry]
            new = total * probs[token]
            if fused:
                new *= math.exp(change[place] - shift)
            place += 1
            if new < best * weights.prune or total == 0 or joined[place - 1] == stamp:
                continue
            if at_space and kinds[symbol] == BOUNDARY:
                continue
            best = max(best, new)
            source = np.int64(-1)
            for entry in range(begin, last):
                better = source < 0 or mass[side, entry] * sign > mass[side, source] * sign
                if better and entries[side, entry, SYMBOL] != symbol:
                    source = entry
            made_mass[count] = new
            made[count, C_GROUP] = group
            made[count, C_SYMBOL] = symbol
            made[count, C_SOURCE] = source
            made[count, C_WAY] = LONGER
            made[count, C_STEP] = LONGER
            count += 1
    return count


@inner_kernel
def spell(beam: Beam, labels: Labels, work: Work, kept: int) -> None:
    """Write the hashes of the texts of the kept candidates that ``branch`` made."""
    side = beam.position[SIDE]
    numbers, made, kept_list = beam.group_numbers, work.numbers, work.kept
    kinds, closes, begin, spelling = labels.kind, labels.closes, labels.spelling_begin, labels.spelling
    for place in range(kept):
        candidate = kept_list[place]
        if made[candidate, C_WAY] != LONGER:
            continue
        group, symbol = made[candidate, C_GROUP], made[candidate, C_SYMBOL]
        text = numbers[side, group, HASH]
        if numbers[side, group, LENGTH] > 0 and (kinds[symbol] != PLAIN or numbers[side, group, CLOSED] != 0):
            text = extend(text, BOUNDARY_CODE)
        for i in range(begin[symbol], begin[symbol + 1]):
            text = extend(text, spelling[i])
        made[candidate, C_HASH] = extend(text, CLOSE_CODE) if closes[symbol] else text
