"""The automaton's plain arrays packed into records, quantised where wanted, and unpacked again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .packed_arrays import (
    ARCS,
    CODE_BITS,
    FIRST,
    KEY_BITS,
    LEAST_PLAIN,
    LENGTHS,
    MOST_PLAIN,
    PLAIN_BITS,
    SPREAD,
    STATES,
    NgramArrays,
    NgramAutomaton,
    layout_of,
    read_only,
    record_sizes,
)
from .quantise import codes_for, levels_for

MOST_BITS = 16
"""The most bits of a quantised model's codes."""


def pack(automaton: NgramAutomaton, bits: int | None = None) -> NgramArrays:
    """Return ``automaton`` as records, its numbers as float32 or as codes of ``bits`` bits (1 to 16).

    Every length of history has levels of its own for the probabilities after it and for its back-off weights; the
    probabilities of single words stay float32. Raises OptionsError for another number of bits.
    """
    if bits is not None and not 1 <= bits <= MOST_BITS:
        raise OptionsError(f"quantised: a code takes 1 to {MOST_BITS} bits, not {bits}.")
    from .packing_kernels import pack_arcs, pack_states, places_by_key

    code_bits = PLAIN_BITS if bits is None else bits
    unigrams = int(automaton.begin[1])
    begin = automaton.begin - np.int32(unigrams)
    begin[0] = 0
    layout = layout_of(unigrams, len(begin) - 1, int(begin[-1]), code_bits, automaton.first[1:])
    edges = [int(begin[place]) for place in automaton.first[1:]]
    arc_codes, arc_levels = _coded(automaton.log10_prob[unigrams:], edges, bits)
    state_codes, state_levels = _coded(automaton.log10_backoff, [int(place) for place in automaton.first[1:]], bits)
    mask = (1 << int(layout[KEY_BITS])) - 1
    keys = (automaton.words[unigrams:].astype(np.int64) * layout[SPREAD] & mask).astype(np.int32)
    arc_records, state_records = (np.zeros(size, np.uint32) for size in record_sizes(layout))
    places = places_by_key(read_only(begin), read_only(keys), mask)
    fixed = read_only(layout)
    pack_arcs(arc_records, fixed, places, keys, read_only(automaton.next_state[unigrams:]), arc_codes)
    pack_states(state_records, fixed, read_only(begin), read_only(automaton.backoff_state), state_codes)
    return NgramArrays(
        read_only(arc_records),
        read_only(state_records),
        read_only(automaton.log10_prob[:unigrams]),
        read_only(automaton.next_state[:unigrams]),
        read_only(np.concatenate([arc_levels, state_levels])),
        fixed,
    )


def _coded(
    values: NDArray[np.float32], edges: list[int], bits: int | None
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Return the codes of ``values`` and the levels of each part between two ``edges``, one part after the other."""
    if bits is None:
        return values.astype(np.float32).view(np.uint32), np.zeros(0, np.float32)
    codes = np.zeros(len(values), np.uint32)
    tables = np.zeros((len(edges) - 1, 1 << bits), np.float32)
    for table, begin, end in zip(tables, edges[:-1], edges[1:], strict=True):
        part = values[begin:end]
        levels = levels_for(part, bits)
        codes[begin:end] = codes_for(part, levels)
        table[: len(levels)] = levels
    return codes, tables.ravel()


def unpack(model: NgramArrays) -> NgramAutomaton:
    """Return the automaton's plain arrays; of a damaged file, what a look-up makes of it."""
    from .packing_kernels import places_by_key, unpack_arcs, unpack_states

    layout = model.layout
    states, arcs, longest = (int(layout[place]) for place in (STATES, ARCS, LENGTHS))
    bits, key_bits = int(layout[CODE_BITS]), int(layout[KEY_BITS])
    begin, lower, state_codes = np.empty(states + 1, np.int32), np.empty(states, np.int32), np.empty(states, np.uint32)
    unpack_states(model, begin, lower, state_codes)
    begin[:2] = 0
    begin = np.minimum(np.maximum.accumulate(begin), np.int32(arcs))
    arcs = int(begin[-1])
    words, following, codes = np.empty(arcs, np.int32), np.empty(arcs, np.int32), np.empty(arcs, np.uint32)
    unpack_arcs(model, pow(int(layout[SPREAD]), -1, 1 << key_bits), words, following, codes)
    places = places_by_key(read_only(begin), read_only(words), (1 << key_bits) - 1)
    by_word: list[NDArray[Any]] = [np.empty_like(array) for array in (words, following, codes)]
    for target, values in zip(by_word, (words, following, codes), strict=True):
        target[places] = values
    first = np.concatenate([[0], layout[FIRST:]]).astype(np.int32)
    tables = model.levels.reshape(2 * longest, len(model.levels) // max(1, 2 * longest))
    log10_prob = _decoded(by_word[2], [int(begin[place]) for place in first[1:]], bits, tables[:longest])
    backoff = _decoded(state_codes, [int(place) for place in first[1:]], bits, tables[longest:])
    added = len(model.word_next)
    return NgramAutomaton(
        np.concatenate([[0], begin[1:] + np.int32(added)]).astype(np.int32),
        np.concatenate([np.arange(added, dtype=np.int32), by_word[0]]),
        np.concatenate([model.word_log10, log10_prob]),
        np.concatenate([model.word_next, by_word[1]]),
        backoff,
        lower,
        first,
    )


def _decoded(
    codes: NDArray[np.uint32], edges: list[int], bits: int, tables: NDArray[np.float32]
) -> NDArray[np.float32]:
    if bits == PLAIN_BITS:
        plain = codes.view(np.float32)
        plain[~((plain > LEAST_PLAIN) & (plain < MOST_PLAIN))] = 0
        return plain
    values = np.zeros(len(codes), np.float32)
    for table, begin, end in zip(tables, edges[:-1], edges[1:], strict=True):
        values[begin:end] = table[codes[begin:end]]
    return values
