"""From the n-grams of a file to a back-off model that can be mixed and pruned."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ..ngram.arpa import Arpa
from ..ngram.ngram import Ngram
from .backoff_tables import BackoffTable, BackoffTables
from .expected_frequencies import with_expected_frequencies
from .ngram_rows import END_ID, START_ID, find_in_table, find_ngrams


def backoff_tables(arpa: Arpa) -> BackoffTables:
    """Return the model of ``arpa`` with plain probabilities.

    The frequencies are those that the model itself expects (see harken.lm.estimation.expected_frequencies). Raises
    FormatError where the context of an n-gram is no n-gram itself.
    """
    tables: list[BackoffTable] = []
    frequency = np.ones(0)
    for n, read in enumerate(arpa.tables, 1):
        prob, backoff = (
            10.0 ** np.minimum(values, 38.0, dtype=np.float64) for values in (read.log10_prob, read.log10_backoff)
        )
        word = np.ascontiguousarray(read.ids[:, -1])
        if n == 1:
            context = suffix = np.zeros(len(word), np.int32)
            frequency = prob.copy()  # a first guess: the product of a context's own probabilities
            frequency[START_ID] = frequency[END_ID]
        else:
            context, suffix = _contexts(arpa, tables, read.ids), word
            frequency = frequency[context] * prob
        if n > 2:
            suffix = find_in_table(tables[-1], tables[-1].suffix[context], word)
        floats = [values.astype(np.float32) for values in (prob, backoff, frequency)]
        tables.append(BackoffTable(word, context, suffix, *floats))
    return with_expected_frequencies(BackoffTables(arpa.words, tuple(tables)))


def as_tables(model: BackoffTables | Arpa | Ngram, taker: str) -> BackoffTables:
    """Return ``model`` as what can be mixed and pruned; ``taker``, the function it was given to, is for the message.

    Raises OptionsError for other kinds of models, and FormatError as ``backoff_tables`` does.
    """
    if isinstance(model, BackoffTables):
        return model
    if isinstance(model, (Arpa, Ngram)):
        return backoff_tables(model.to_arpa() if isinstance(model, Ngram) else model)
    kind = type(model).__name__
    raise OptionsError(f"{taker} takes BackoffTables, Arpa or Ngram, not {kind}: read a file with read_ngrams.")


def _contexts(arpa: Arpa, tables: Sequence[BackoffTable], ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the rows, one order below, of the sorted n-grams ``ids`` without their last words."""
    if not len(ids):
        return np.zeros(0, np.int32)
    changes = np.flatnonzero((ids[1:, :-1] != ids[:-1, :-1]).any(axis=1)) + 1
    begin = np.concatenate([[0], changes])
    rows = find_ngrams(tables, list(ids[begin, :-1].T))
    if rows.min() < 0:
        shown = " ".join(arpa.words[word] for word in ids[begin[int(np.argmin(rows))]])
        raise FormatError(f"The model lists {shown!r} but not that n-gram without its last word.")
    return np.repeat(rows, np.diff(begin, append=len(ids)))
