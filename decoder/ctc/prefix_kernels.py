"""CTC prefix beam search, frame by frame.

After Hannun, Maas, Jurafsky and Ng, "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
Recurrent DNNs" (2014); what a beam is, how it is scored and the order of pruning are those of pyctcdecode 0.5. The
arrays are those of prefix_arrays.py.
"""

import math

import numpy as np

from ...jit import inner_kernel, kernel
from ...lm.ngram.ngram import NgramArrays
from .bonus_kernels import may_complete, needed_shift, ready, weigh
from .common_text_kernels import lengthen, repeat
from .distinct_kernels import branch, join, spell
from .next_frame_kernels import follow_spans, form_entries, form_groups, fuse_groups, grow_groups
from .prefix_arrays import (
    ASK,
    ASKED_LABELS,
    C_GROUP,
    C_HASH,
    C_SOURCE,
    C_STEP,
    C_SYMBOL,
    C_WAY,
    DONE,
    ENTRIES,
    FIRST,
    FRAME,
    FULL,
    GROUPS,
    HASH,
    NO_MODEL,
    NODES,
    ROW,
    SIDE,
    SPANS,
    STAMP,
    STAY,
    TOTAL,
    Beam,
    Frames,
    Labels,
    Rows,
    Store,
    Trie,
    Weights,
    Work,
)
from .select_kernels import forget_histories, select, weigh_texts

_LARGEST_CHANGE = 500.0
"""Of a bonus within a frame, beyond which masses are brought back into the range of floating-point numbers."""


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
