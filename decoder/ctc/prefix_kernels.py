"""CTC prefix beam search, frame by frame.

After Hannun, Maas, Jurafsky and Ng, "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
Recurrent DNNs" (2014); what a beam is, how it is scored and the order of pruning are those of pyctcdecode 0.5. The
arrays are those of prefix_arrays.py.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from ...lm.ngram import NgramArrays
from ...lm.ngram_kernels import lookup
from .prefix_arrays import (
    ASK,
    ASKED,
    ASKED_LABELS,
    ASKED_WORDS,
    BEFORE,
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
    DONE,
    END,
    ENTRIES,
    FIRST,
    FRAME,
    FULL,
    GAIN,
    GROUP,
    GROUPS,
    HASH,
    HISTORY,
    HOT,
    HOT_WORDS,
    LAST,
    LENGTH,
    LONGER,
    MODEL,
    NEXT_STATE,
    NO_MODEL,
    NODE,
    NODES,
    PARENT,
    PART,
    PARTIAL,
    PLAIN,
    PREFIX_OF_WORD,
    RECENT,
    REPEAT,
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
    WORDS,
    Beam,
    Frames,
    Labels,
    Rows,
    Store,
    Trie,
    Weights,
    Work,
)

_PRIME = (1 << 31) - 1
_LARGEST_CHANGE = 500.0
"""Of a bonus within a frame, beyond which masses are brought back into the range of floating-point numbers."""
_LONG_WORD = 6.0
"""Characters beyond which pyctcdecode raises the cost of an unknown word with its length."""


@inner_kernel
def extend(text: int, code: int) -> int:
    """Return the hash of a text with one more character: two polynomials modulo 2^31 - 1, packed."""
    high = (text >> 31) * 1103515245 + code + 1
    high = (high & _PRIME) + (high >> 31)
    high = (high & _PRIME) + (high >> 31)
    low = (text & _PRIME) * 1812433253 + code + 1
    low = (low & _PRIME) + (low >> 31)
    low = (low & _PRIME) + (low >> 31)
    return (high << 31) | low


@inner_kernel
def extend_by_hash(text: int, other: int) -> int:
    """Return the hash of a sequence with another hash added."""
    return extend(extend(text, other >> 31), other & _PRIME)


@inner_kernel
def walk(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    trie: Trie,
    column: int,
    root: int,
    out: NDArray[np.int32],
) -> None:
    """Write the node of ``trie`` after each group's unfinished word (its node: ``column``) and each label of the row.

    -1 stands for a way out of the trie; a label that completes the word starts from ``root``.
    """
    side, row = beam.position[SIDE], beam.position[ROW]
    numbers, kinds, symbols = beam.group_numbers, labels.kind, frames.symbol
    text_begin, text, begin, codes = labels.text_begin, labels.text, trie.begin, trie.code
    first, end = frames.begin[row], frames.begin[row + 1]
    place = np.int64(0)
    for group in range(beam.position[GROUPS]):
        begun, closed = numbers[side, group, LENGTH] > 0, numbers[side, group, CLOSED] != 0
        for token in range(first, end):
            symbol = np.int64(symbols[token])
            goes_on = begun and kinds[symbol] == PLAIN and not closed
            node = numbers[side, group, column] if goes_on else np.int64(root)
            for i in range(text_begin[symbol], text_begin[symbol + 1]):
                if node < 0:
                    break
                low, high = np.int64(begin[node]), np.int64(begin[node + 1])
                last, code = high, text[i]
                while low < high:
                    middle = (low + high) >> 1
                    if codes[middle] < code:
                        low = middle + 1
                    else:
                        high = middle
                node = low if low < last and codes[low] == code else np.int64(-1)
            out[place] = node
            place += 1


@inner_kernel
def ready(
    beam: Beam,
    rows: Rows,
    weights: Weights,
    vocabulary: Trie,
    hot_words: Trie,
    model: NgramArrays,
    asked: NDArray[np.int64],
) -> bool:
    """Fill in what completing each group's word gains; False where Python is to be asked first (``asked``)."""
    side = beam.position[SIDE]
    numbers, values = beam.group_numbers[side], beam.group_values[side]
    count = 0
    for group in range(beam.position[GROUPS]):
        state = numbers[group, STATE]
        if weights.source == ASKED_LABELS and rows.row[state] < 0:
            asked[count] = group
            count += 1
        if numbers[group, LENGTH] == 0 or not math.isnan(values[group, GAIN]):
            continue
        if weights.source == ASKED_WORDS:
            asked[count] = group
            count += 1
            continue
        gain = 0.0
        numbers[group, NEXT_STATE] = state
        if weights.source == WORDS:
            node = numbers[group, TRIE]
            word = max(0, vocabulary.value[node]) if node >= 0 else 0
            log10, numbers[group, NEXT_STATE] = lookup(model, state, word)
            if node < 0 or not vocabulary.flags[node] & WHOLE_WORD:
                log10 += weights.unknown
            gain = weights.scale * log10 + weights.beta
        values[group, GAIN] = gain
    beam.position[ASKED] = count
    return count == 0


@inner_kernel
def weigh(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    rows: Rows,
    weights: Weights,
    vocabulary: Trie,
    hot_words: Trie,
    work: Work,
) -> float:
    """Write how each label of the row in hand changes each group's bonus; return the largest change."""
    walk(beam, frames, labels, vocabulary, TRIE, 0, work.nodes)
    walk(beam, frames, labels, hot_words, HOT, weights.has_hot - 1, work.hot_nodes)
    side, row, flags, hot_flags = beam.position[SIDE], beam.position[ROW], vocabulary.flags, hot_words.flags
    numbers, values, kinds, text_begin, symbols = (
        beam.group_numbers,
        beam.group_values,
        labels.kind,
        labels.text_begin,
        frames.symbol,
    )
    change, partial, nodes, hot_nodes, shortest = (
        work.change,
        work.partial,
        work.nodes,
        work.hot_nodes,
        hot_words.value,
    )
    row_of, row_gain, source, unknown = rows.row, rows.gain, weights.source, weights.unknown
    has_words = source in (WORDS, ASKED_WORDS)
    largest, place = 0.0, np.int64(0)
    for group in range(beam.position[GROUPS]):
        hot, begun = numbers[side, group, HOT], numbers[side, group, LENGTH]
        gain = values[side, group, GAIN] + (weights.hot if hot >= 0 and hot_flags[hot] & WHOLE_WORD else 0.0)
        for token in range(frames.begin[row], frames.begin[row + 1]):
            symbol = np.int64(symbols[token])
            crosses = begun > 0 and (kinds[symbol] != PLAIN or numbers[side, group, CLOSED] != 0)
            length = text_begin[symbol + 1] - text_begin[symbol] + (0 if crosses else begun)
            new = 0.0
            if length > 0 and hot_nodes[place] >= 0:
                new = weights.hot * length / shortest[hot_nodes[place]]
            elif length > 0 and has_words and (nodes[place] < 0 or not flags[nodes[place]] & PREFIX_OF_WORD):
                new = unknown * max(1.0, length / _LONG_WORD)
            partial[place] = new
            new += (gain if crosses else 0.0) - values[side, group, PARTIAL]
            if source == ASKED_LABELS and (crosses or kinds[symbol] != BOUNDARY):
                new += row_gain[row_of[numbers[side, group, STATE]], symbol]
            change[place] = new
            largest = max(largest, abs(new))
            place += 1
    return largest


@inner_kernel
def needed_shift(beam: Beam, frames: Frames, work: Work) -> float:
    """Return the logarithm of the largest mass that a candidate may get, where plain numbers might overflow."""
    side, row = beam.position[SIDE], beam.position[ROW]
    mass, entries = beam.mass, beam.entry_numbers
    first, end = frames.begin[row], frames.begin[row + 1]
    highest, place = -np.inf, np.int64(0)
    for entry in range(beam.position[ENTRIES]):
        symbol = entries[side, entry, SYMBOL]
        if frames.blank[row] > 0:
            highest = max(highest, math.log(mass[side, entry] * frames.blank[row]))
        if symbol >= 0 and work.prob_of[symbol] > 0:
            highest = max(highest, math.log(mass[side, entry] * work.prob_of[symbol]))
        group = entries[side, entry, GROUP]
        place = group * (end - first)
        for token in range(first, end):
            if frames.symbol[token] != symbol:
                here = math.log(mass[side, entry] * frames.prob[token]) + work.change[place + token - first]
                highest = max(highest, here)
    return highest


@inner_kernel
def stay(beam: Beam, frames: Frames, weights: Weights, work: Work, factor: float) -> tuple[int, float]:
    """Make the candidates that end in a blank; return their count and the best mass."""
    side, row, all_entries = beam.position[SIDE], beam.position[ROW], beam.position[ENTRIES]
    numbers, values, mass, groups = beam.group_numbers, beam.group_values, beam.mass, beam.position[GROUPS]
    made, made_mass, sign = work.numbers, work.mass, 1.0 - 2.0 * weights.strict
    best, blank = 0.0, frames.blank[row] * factor
    if blank == 0:
        return 0, best
    for group in range(groups):
        first = numbers[side, group, FIRST]
        last = numbers[side, group + 1, FIRST] if group + 1 < groups else all_entries
        source = first
        for entry in range(first + 1, last):
            if mass[side, entry] * sign > mass[side, source] * sign:
                source = entry
        made_mass[group] = values[side, group, TOTAL] * blank
        best = max(best, made_mass[group])
        made[group, C_HASH] = numbers[side, group, HASH]
        made[group, C_GROUP] = group
        made[group, C_SYMBOL] = -1
        made[group, C_SOURCE] = source
        made[group, C_WAY] = STAY
        made[group, C_STEP] = STAY
    return groups, best


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


@inner_kernel
def may_complete(beam: Beam, frames: Frames, labels: Labels) -> bool:
    """Return whether a label of the row in hand may complete a word."""
    side, row = beam.position[SIDE], beam.position[ROW]
    kinds, symbols, numbers = labels.kind, frames.symbol, beam.group_numbers
    for token in range(frames.begin[row], frames.begin[row + 1]):
        if kinds[symbols[token]] != PLAIN:
            return True
    for group in range(beam.position[GROUPS]):
        if numbers[side, group, CLOSED] != 0:
            return bool(frames.begin[row] < frames.begin[row + 1])
    return False


@inner_kernel
def candidates(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    rows: Rows,
    weights: Weights,
    vocabulary: Trie,
    hot_words: Trie,
    work: Work,
    mask: int,
) -> tuple[int, float]:
    """Make all candidates of the row in hand; return their count and the logarithm that their masses leave out."""
    row = beam.position[ROW]
    for token in range(frames.begin[row], frames.begin[row + 1]):
        work.prob_of[frames.symbol[token]] = frames.prob[token]
        work.token_of[frames.symbol[token]] = token - frames.begin[row]
    fused = weights.source != NO_MODEL or weights.has_hot != 0
    shift = 0.0
    if fused and weigh(beam, frames, labels, rows, weights, vocabulary, hot_words, work) > _LARGEST_CHANGE:
        shift = needed_shift(beam, frames, work)
    beam.position[STAMP] += 1
    count, best = stay(beam, frames, weights, work, math.exp(-shift))
    if weights.spelled_once:
        count, best = join(beam, frames, labels, weights, work, fused, shift, count, best)
        count = branch(beam, frames, labels, weights, work, fused, shift, count, best)
    else:
        count = repeat(beam, work, math.exp(-shift), mask, count)
        count = lengthen(beam, frames, labels, weights, work, fused, shift, mask, count)
    for token in range(frames.begin[row], frames.begin[row + 1]):
        work.prob_of[frames.symbol[token]] = 0.0
    return count, shift


@kernel
def advance(
    beam: Beam,
    frames: Frames,
    labels: Labels,
    rows: Rows,
    weights: Weights,
    vocabulary: Trie,
    hot_words: Trie,
    model: NgramArrays,
    store: Store,
    work: Work,
) -> int:
    """Read rows from ``position[ROW]`` on; answer DONE, FULL (the store is to be enlarged) or ASK (see ``ready``)."""
    position = beam.position
    while position[ROW] < len(frames.blank):
        row = position[ROW]
        if len(store.parents) - max(position[NODES], position[SPANS]) < beam.mass.shape[1]:
            return FULL
        asks = weights.source == ASKED_LABELS or may_complete(beam, frames, labels)
        if asks and not ready(beam, rows, weights, vocabulary, hot_words, model, work.asked):
            return ASK
        mask = np.int64(64)
        while mask < 2 * (position[GROUPS] * (frames.begin[row + 1] - frames.begin[row] + 1) + position[ENTRIES]):
            mask *= 2
        mask -= 1
        count, shift = candidates(beam, frames, labels, rows, weights, vocabulary, hot_words, work, mask)
        position[STAMP] += 1
        best = weigh_texts(work, weights, position[GROUPS], count, mask, position[STAMP])
        kept = select(work, weights, count, best, beam.mass.shape[1])
        if weights.spelled_once:
            spell(beam, labels, work, kept)
        if weights.prune_history:
            kept = forget_histories(beam, labels, weights, work, kept, mask)
        groups = form_groups(beam, work, kept, mask)
        grow_groups(beam, labels, weights, store, work, groups)
        if weights.source != NO_MODEL or weights.has_hot:
            fuse_groups(beam, frames, labels, rows, weights, hot_words, work, groups)
        form_entries(beam, store, work, kept, groups, best)
        follow_spans(beam, labels, store, work, kept)
        position[SIDE] = 1 - position[SIDE]
        position[GROUPS] = groups
        position[ENTRIES] = kept
        beam.offset[0] += math.log(best) + shift
        position[FRAME] += 1
        position[ROW] += 1
    return DONE


@kernel
def trace(
    nodes: NDArray[np.int64], parents: NDArray[np.int32], begin: NDArray[np.int64], out: NDArray[np.int32]
) -> int:
    """Write the ways from the root to each of ``nodes``, at ``out[begin[i]:begin[i + 1]]``; return their whole length.

    Where ``out`` is empty only ``begin`` is written.
    """
    begin[0] = 0
    for i in range(len(nodes)):
        length, node = np.int64(0), nodes[i]
        while node >= 0:
            length += 1
            node = np.int64(parents[node])
        begin[i + 1] = begin[i] + length
    if len(out):
        for i in range(len(nodes)):
            place, node = begin[i + 1], nodes[i]
            while node >= 0:
                place -= 1
                out[place] = node
                node = np.int64(parents[node])
    return int(begin[len(nodes)])


@kernel
def compact(beam: Beam, store: Store) -> None:
    """Forget the nodes and spans that nothing alive goes back to, and close the gaps."""
    side = beam.position[SIDE]
    for parents, count, rows, column in (
        (store.parents, NODES, beam.group_numbers[side], NODE),
        (store.earlier, SPANS, beam.entry_numbers[side], SPAN),
    ):
        alive = beam.position[GROUPS] if count == NODES else beam.position[ENTRIES]
        moved = np.full(beam.position[count], -1, np.int64)
        for row in range(alive):
            here = rows[row, column]
            while here >= 0 and moved[here] < 0:
                moved[here] = 0
                here = np.int64(parents[here])
        left = np.int64(0)
        for old in range(beam.position[count]):
            if moved[old] < 0:
                continue
            moved[old] = left
            parent = np.int64(parents[old])
            parents[left] = moved[parent] if parent >= 0 else -1
            if count == NODES:
                store.symbols[left] = store.symbols[old]
            else:
                store.starts[left], store.ends[left] = store.starts[old], store.ends[old]
            left += 1
        beam.position[count] = left
        for row in range(alive):
            if rows[row, column] >= 0:
                rows[row, column] = moved[rows[row, column]]
