"""A back-off model's n-grams as an automaton over words, and the automaton's n-grams as tables again.

A history is a state where words are listed after it or its back-off weight is not 0; any other tells the model nothing
that its longest suffix does not.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import Arpa, NgramTable
from .packed_arrays import NgramAutomaton, read_only


def automaton_of(arpa: Arpa) -> NgramAutomaton:
    """Return the automaton of ``arpa``; raises FormatError where the context of an n-gram is no n-gram itself."""
    from .automaton_kernels import link_states

    ids = [read_only(table.ids.astype(np.int32, copy=False)) for table in arpa.tables]
    contexts = [_contexts(arpa, longer, shorter) for shorter, longer in pairwise(ids)]
    own: list[NDArray[np.int32]] = []
    counts = [np.array([len(arpa.words)], np.int64)]
    weights = [np.zeros(1, np.float32)]
    first = [0, 1]
    for table, rows in zip(arpa.tables, contexts, strict=False):
        listed = np.bincount(rows, minlength=len(table.log10_backoff))
        is_state = (table.log10_backoff != 0) | (listed > 0)
        own.append(np.where(is_state, np.cumsum(is_state) + (first[-1] - 1), -1).astype(np.int32))
        counts.append(listed[is_state])
        weights.append(table.log10_backoff[is_state])
        first.append(first[-1] + len(weights[-1]))
    own.append(np.full(len(ids[-1]), -1, np.int32))
    begin = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int32)
    words = np.concatenate([rows[:, -1] for rows in ids])
    next_state, lower = np.empty(len(words), np.int32), np.empty(first[-1], np.int32)
    link_states(read_only(begin), read_only(words), np.concatenate(own), next_state, lower)
    log10_prob = np.concatenate([table.log10_prob for table in arpa.tables])
    return NgramAutomaton(
        begin, words, log10_prob, next_state, np.concatenate(weights), lower, np.array(first, np.int32)
    )


def _contexts(arpa: Arpa, longer: NDArray[np.int32], shorter: NDArray[np.int32]) -> NDArray[np.int32]:
    from .automaton_kernels import OUT_OF_ORDER, context_rows

    rows = context_rows(longer, shorter)
    worst = int(np.argmin(rows)) if len(rows) else 0
    if len(rows) and rows[worst] < 0:
        shown = " ".join(arpa.words[word] for word in longer[worst])
        if rows[worst] == OUT_OF_ORDER:
            raise FormatError(f"The model's {longer.shape[1]}-grams are not sorted, or repeat one, at {shown!r}.")
        raise FormatError(f"The model lists {shown!r} but not that n-gram without its last word.")
    return rows


def arpa_of(automaton: NgramAutomaton, words: tuple[str, ...]) -> Arpa:
    """Return the n-grams of ``automaton``, sorted; those that are no states have back-off weights of 0."""
    begin, first = automaton.begin, automaton.first.tolist()
    histories = np.zeros((1, 0), np.int32)  # of the states of the length in hand
    tables = []
    for order, (low, high) in enumerate(pairwise(first), 1):
        arcs = slice(int(begin[low]), int(begin[high]))
        sources = np.repeat(np.arange(high - low), np.diff(begin[low : high + 1]))
        ids = np.column_stack([histories[sources], automaton.words[arcs]])
        backoff = np.zeros(len(ids), np.float32)
        if order < len(first) - 1:
            following, end = automaton.next_state[arcs], first[order + 1]
            is_state = (following >= high) & (following < end)
            backoff[is_state] = automaton.log10_backoff[following[is_state]]
            histories = np.zeros((end - high, order), np.int32)
            histories[following[is_state] - high] = ids[is_state]
        tables.append(NgramTable(ids, automaton.log10_prob[arcs], backoff))
    return Arpa(words, tuple(tables))
