"""How often a model's n-grams occur in a text, for entropy pruning of models that were read from files."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .backoff_tables import BackoffTables
from .ngram_rows import END_ID, START_ID, find_in_table
from .text_pieces import Source
from .tokens import Tokenizer

_TOKENS_AT_ONCE = 1 << 22


def count_histories(model: BackoffTables, sources: Iterable[Source]) -> BackoffTables:
    """Return ``model`` with the frequencies that its n-grams have in texts (``text_files``, ``Sentences``).

    Pruning then weighs contexts by these and not by what the model itself expects, which Kneser-Ney's lower orders
    misjudge; contexts that never occur lose all their n-grams. Words that the model lacks count as ``<unk>``. Raises
    FormatError where the model knows no word of the texts.
    """
    occurrences = [np.zeros(count, np.int64) for count in model.counts]
    total = known = 0
    for tokens in Tokenizer(model.words[END_ID + 1 :]).blocks(sources, _TOKENS_AT_ONCE):
        total += int(np.count_nonzero(tokens != START_ID))
        known += int(np.count_nonzero(tokens > END_ID))
        rows: NDArray[np.int32] = tokens
        for n, table in enumerate(model.tables):
            if n:
                rows = find_in_table(table, np.concatenate([np.full(1, -1, np.int32), rows[:-1]]), tokens)
            occurrences[n] += np.bincount(rows[rows >= 0], minlength=len(table.word))
    if not known:
        raise FormatError("The text to count histories in has no words that the model knows.")
    frequencies = [(counts / total).astype(np.float32) for counts in occurrences]
    tables = [replace(table, frequency=values) for table, values in zip(model.tables, frequencies, strict=True)]
    return BackoffTables(model.words, tuple(tables))
