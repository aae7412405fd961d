"""What the language model and the hot words add to a text with each label of a row.

The formulas are those of pyctcdecode 0.5; language_model.py states them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel
from ...lm.ngram.lookup_kernels import lookup
from ...lm.ngram.ngram import NgramArrays
from .prefix_arrays import (
    ASKED,
    ASKED_LABELS,
    ASKED_WORDS,
    BOUNDARY,
    CLOSED,
    ENTRIES,
    GAIN,
    GROUP,
    GROUPS,
    HOT,
    LENGTH,
    NEXT_STATE,
    PARTIAL,
    PLAIN,
    PREFIX_OF_WORD,
    ROW,
    SIDE,
    STATE,
    SYMBOL,
    TRIE,
    WHOLE_WORD,
    WORDS,
    Beam,
    Frames,
    Labels,
    Rows,
    Trie,
    Weights,
    Work,
)

_LONG_WORD = 6.0
"""Characters beyond which pyctcdecode raises the cost of an unknown word with its length."""


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
