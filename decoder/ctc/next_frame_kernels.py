"""The beam of the next frame, made of the candidates that were kept."""

import numpy as np

from ...jit import inner_kernel
from .prefix_arrays import (
    ASKED_LABELS,
    BEFORE,
    BOUNDARY,
    C_GROUP,
    C_HASH,
    C_SOURCE,
    C_STEP,
    C_SYMBOL,
    C_WAY,
    CLOSED,
    END,
    FIRST,
    FRAME,
    GAIN,
    GROUP,
    HASH,
    HISTORY,
    HOT,
    HOT_WORDS,
    LAST,
    LENGTH,
    LONGER,
    MODEL,
    NEXT_STATE,
    NODE,
    NODES,
    PARENT,
    PART,
    PARTIAL,
    PLAIN,
    RECENT,
    ROW,
    SAME_TEXT,
    SIDE,
    SPAN,
    SPANS,
    STAMP,
    START,
    STATE,
    STAY,
    SYMBOL,
    TOTAL,
    TRIE,
    WHOLE_WORD,
    Beam,
    Frames,
    Labels,
    Rows,
    Store,
    Trie,
    Weights,
    Work,
)
from .text_hash_kernels import extend, extend_by_hash


@inner_kernel
def form_groups(beam: Beam, work: Work, kept: int, mask: int) -> int:
    """Give every kept candidate a group of the next frame, copied from the one it comes from; return their number.

    The upper half of ``work.kept`` then names the group, and FIRST of a group counts its candidates. ``work.asked`` is,
    by group, the candidate that it grows by, -1 where its text is an old one.
    """
    beam.position[STAMP] += 1
    side, stamp = beam.position[SIDE], beam.position[STAMP]
    numbers, values, made, table = beam.group_numbers, beam.group_values, work.numbers, work.table
    kept_list, grows = work.kept, work.asked
    groups = np.int64(0)
    for place in range(kept):
        candidate = kept_list[place]
        text = made[candidate, C_HASH]
        slot = (text ^ (text >> 31)) & mask
        while table[slot, 1] >> 32 == stamp and table[slot, 0] != text:
            slot = (slot + 1) & mask
        if table[slot, 1] >> 32 != stamp:
            table[slot, 0] = text
            table[slot, 1] = (stamp << 32) | groups
            old = made[candidate, C_GROUP]
            for column in range(numbers.shape[2]):
                numbers[1 - side, groups, column] = numbers[side, old, column]
            for column in range(values.shape[2]):
                values[1 - side, groups, column] = values[side, old, column]
            grows[groups] = candidate if made[candidate, C_WAY] == LONGER else -1
            if made[candidate, C_WAY] == LONGER:
                numbers[1 - side, groups, BEFORE] = numbers[side, old, HASH]
                numbers[1 - side, groups, HASH] = text
            numbers[1 - side, groups, FIRST] = 0
            values[1 - side, groups, TOTAL] = 0.0
            groups += 1
        group = table[slot, 1] & 0xFFFFFFFF
        numbers[1 - side, group, FIRST] += 1
        kept_list[place] = candidate | (group << 32)
    for group in range(groups):
        text = numbers[1 - side, group, BEFORE]
        slot = (text ^ (text >> 31)) & mask
        while table[slot, 1] >> 32 == stamp and table[slot, 0] != text:
            slot = (slot + 1) & mask
        found = table[slot, 1] >> 32 == stamp
        numbers[1 - side, group, PARENT] = table[slot, 1] & 0xFFFFFFFF if found else -1
    return groups


@inner_kernel
def grow_groups(beam: Beam, labels: Labels, weights: Weights, store: Store, work: Work, groups: int) -> None:
    """Add to the groups of the next frame what the labels that they grow by mean for text and words."""
    side = beam.position[SIDE]
    numbers, made, grows = beam.group_numbers, work.numbers, work.asked
    kinds, closes, text_begin, text = labels.kind, labels.closes, labels.text_begin, labels.text
    parents, symbols = store.parents, store.symbols
    node = beam.position[NODES]
    for group in range(groups):
        if grows[group] < 0:
            continue
        symbol = made[grows[group], C_SYMBOL]
        length, part = numbers[1 - side, group, LENGTH], numbers[1 - side, group, PART]
        history = numbers[1 - side, group, HISTORY]
        crosses = length > 0 and (kinds[symbol] != PLAIN or numbers[1 - side, group, CLOSED] != 0)
        parents[node] = numbers[1 - side, group, NODE]
        symbols[node] = 2 * symbol + crosses
        numbers[1 - side, group, NODE] = node
        node += 1
        if crosses:
            for word in range(weights.recent - 1, 0, -1):
                numbers[1 - side, group, RECENT + word] = numbers[1 - side, group, RECENT + word - 1]
            numbers[1 - side, group, RECENT] = part
            length, part, history = np.int64(0), np.int64(1), np.int64(1)
            for word in range(weights.recent):
                history = extend_by_hash(history, numbers[1 - side, group, RECENT + word])
        for i in range(text_begin[symbol], text_begin[symbol + 1]):
            part, history = extend(part, text[i]), extend(history, text[i])
            length += 1
        numbers[1 - side, group, HISTORY] = history
        numbers[1 - side, group, LAST] = symbol
        numbers[1 - side, group, PART] = part
        numbers[1 - side, group, LENGTH] = length
        numbers[1 - side, group, CLOSED] = closes[symbol]
    beam.position[NODES] = node


@inner_kernel
def fuse_groups(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    rows: Rows,
    weights: Weights,
    hot_words: Trie,
    work: Work,
    groups: int,
) -> None:
    """Add to the groups of the next frame what the labels that they grow by mean for the bonus."""
    side, row = beam.position[SIDE], beam.position[ROW]
    numbers, values, made, grows = beam.group_numbers, beam.group_values, work.numbers, work.asked
    kinds, hot_flags, token_of, nodes, hot_nodes = (
        labels.kind,
        hot_words.flags,
        work.token_of,
        work.nodes,
        work.hot_nodes,
    )
    partial, row_of, row_gain, following = work.partial, rows.row, rows.gain, rows.following
    tokens = frames.begin[row + 1] - frames.begin[row]
    for group in range(groups):
        if grows[group] < 0:
            continue
        old, symbol = made[grows[group], C_GROUP], made[grows[group], C_SYMBOL]
        state, hot = numbers[side, old, STATE], numbers[side, old, HOT]
        place = old * tokens + token_of[symbol]
        if numbers[side, old, LENGTH] > 0 and (kinds[symbol] != PLAIN or numbers[side, old, CLOSED] != 0):
            values[1 - side, group, MODEL] += values[side, old, GAIN]
            numbers[1 - side, group, STATE] = numbers[side, old, NEXT_STATE]
            if hot >= 0 and hot_flags[hot] & WHOLE_WORD:
                values[1 - side, group, HOT_WORDS] += weights.hot
        if weights.source == ASKED_LABELS:
            values[1 - side, group, MODEL] += row_gain[row_of[state], symbol]
            numbers[1 - side, group, STATE] = following[row_of[state], symbol]
        numbers[1 - side, group, TRIE], numbers[1 - side, group, HOT] = nodes[place], hot_nodes[place]
        values[1 - side, group, GAIN] = np.nan
        values[1 - side, group, PARTIAL] = partial[place]


@inner_kernel
def form_entries(beam: Beam, store: Store, work: Work, kept: int, groups: int, best: float) -> None:
    """Write the entries of the next frame, those of a group beside each other, their masses relative to the best."""
    side = beam.position[SIDE]
    numbers, values, mass = beam.group_numbers, beam.group_values, beam.mass
    made, masses, kept_list = work.numbers, work.mass, work.kept
    end = np.int64(0)
    for group in range(groups):
        end += numbers[1 - side, group, FIRST]
        numbers[1 - side, group, FIRST] = end
    for place in range(kept - 1, -1, -1):
        candidate, group = kept_list[place] & 0xFFFFFFFF, kept_list[place] >> 32
        numbers[1 - side, group, FIRST] -= 1
        entry = numbers[1 - side, group, FIRST]
        beam.entry_numbers[1 - side, entry, GROUP] = group
        beam.entry_numbers[1 - side, entry, SYMBOL] = made[candidate, C_SYMBOL]
        kept_list[place] = candidate | (entry << 32)
        relative = masses[candidate] / best
        mass[1 - side, entry] = relative
        values[1 - side, group, TOTAL] += relative


@inner_kernel
def follow_spans(beam: Beam, labels: Labels, store: Store, work: Work, kept: int) -> None:
    """Write the frames of the new entries: as their sources', with this frame taken into account."""
    side, frame, span = beam.position[SIDE], beam.position[FRAME], beam.position[SPANS]
    numbers, entries, made, kept_list = beam.group_numbers, beam.entry_numbers, work.numbers, work.kept
    kinds, earlier, starts, ends = labels.kind, store.earlier, store.starts, store.ends
    for place in range(kept):
        candidate, entry = kept_list[place] & 0xFFFFFFFF, kept_list[place] >> 32
        source, symbol, way = made[candidate, C_SOURCE], made[candidate, C_SYMBOL], made[candidate, C_STEP]
        old = entries[side, source, GROUP]
        chain, start, end = entries[side, source, SPAN], entries[side, source, START], entries[side, source, END]
        if way != STAY:
            end = frame + 1
        fresh = np.int64(-1) if kinds[symbol] == BOUNDARY else frame
        if way == LONGER:
            length = numbers[side, old, LENGTH]
            if length > 0 and (kinds[symbol] != PLAIN or numbers[side, old, CLOSED] != 0):
                earlier[span] = chain
                starts[span], ends[span] = start, entries[side, source, END]
                chain = span
                span += 1
                start = fresh
            elif length == 0:
                start = fresh
        elif way == SAME_TEXT:
            start = fresh
        entries[1 - side, entry, SPAN], entries[1 - side, entry, START] = chain, start
        entries[1 - side, entry, END] = end
    beam.position[SPANS] = span
