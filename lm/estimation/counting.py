"""Counting n-grams in a text: how often each occurs, and after how many different words.

counts = count_text(text_files(["books.txt.bz2"]), order=3, options=CountingOptions(memory=1 << 30))
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .block_counts import BlockTable, block_memory, count_block
from .count_tables import CountTable, NgramCounts
from .free_memory import free_memory
from .ngram_rows import END_ID, START_ID, UNKNOWN_ID
from .spill import Column, Spill
from .text_pieces import Sentences, Source, TextFile, text_files
from .tokens import Tokenizer

__all__ = [
    "END_ID", "START_ID", "UNKNOWN_ID", "CountTable", "CountingOptions", "NgramCounts", "Sentences", "TextFile",
    "count_ngrams", "count_text", "encode", "text_files",
]  # fmt: skip

_MOST_BLOCK_TOKENS = 1 << 30
_MOST_MERGED_ROWS = 1 << 18
_LEAST_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class CountingOptions:
    """What counting may use; the counts do not depend on it.

    ``memory``: bytes for a block of text and its n-grams; None takes half of what is free, and 1 MiB is the least. A
    text that does not fit is counted block by block; the blocks' tables are spilled to temporary files and merged, and
    the counts stay in such files, mapped into memory, which the system may drop and read again as it needs memory. So
    with the length of the text grow, in memory, the words of the vocabulary alone (some 150 bytes each), and in files
    16 to 20 bytes for each different n-gram, of each block while they are merged. Only a sentence that does not fit in
    a block itself takes more. Pieces of the text come on top, about 10 MB for each thread.

    ``folder``: where the temporary files go (None: where the system has them, which should not be in memory); they are
    gone when the counts are, or when the process ends, however it ends. ``threads``: None takes one a processor.
    """

    memory: int | None = None
    folder: str | os.PathLike[str] | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.memory is not None and self.memory < _LEAST_MEMORY:
            raise OptionsError(f"The memory for counting must be {_LEAST_MEMORY} bytes or more, not {self.memory}.")
        if self.threads is not None and self.threads < 1:
            raise OptionsError(f"Counting needs one thread or more, not {self.threads}.")

    def block_tokens(self, order: int) -> int:
        """Return how many tokens a block may hold."""
        memory = self.memory if self.memory is not None else max(_LEAST_MEMORY, free_memory() // 2)
        return min(memory // block_memory(order), _MOST_BLOCK_TOKENS)

    def merged_rows(self) -> int:
        """Return how many rows a thread may merge before they are written."""
        if self.memory is None:
            return _MOST_MERGED_ROWS
        return max(1, min(self.memory // (32 * (self.thread_count() + 1)), _MOST_MERGED_ROWS))

    def thread_count(self) -> int:
        """Return how many threads count."""
        if self.threads is not None:
            return self.threads
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def encode(
    sentences: Iterable[str], vocabulary: Sequence[str] | None = None
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Turn sentences (words between spaces) into one array of word ids, ``<s>`` and ``</s>`` around each.

    Words outside ``vocabulary`` become ``<unk>``; without a vocabulary every word of the text gets an id. A sentence
    without words is one too (see harken.lm.estimation.tokens). Returns the ids and the words, special ones first.
    Raises FormatError where a sentence holds ``<s>`` or ``</s>``, OptionsError for a vocabulary that is not one.
    """
    tokenizer = Tokenizer(vocabulary)
    tokens = np.concatenate([np.zeros(0, np.int32), *tokenizer.blocks([Sentences(sentences)])])
    return tokens, tokenizer.words


def count_ngrams(
    tokens: NDArray[Any], words: tuple[str, ...], order: int, options: CountingOptions | None = None
) -> NgramCounts:
    """Count the n-grams of orders 1 to ``order`` in ``tokens`` (see ``encode``)."""
    tokens = np.ascontiguousarray(tokens, np.int32)
    if len(tokens) and (tokens[0] != START_ID or tokens[-1] != END_ID):
        raise FormatError("Tokens must be whole sentences, from <s> to </s>.")
    if len(tokens) and not 0 <= tokens.min() <= tokens.max() < len(words):
        raise FormatError(f"Tokens must be numbers of words, 0 to {len(words) - 1}.")
    if not (tokens > END_ID).any() and not (tokens == UNKNOWN_ID).any():
        raise FormatError("The text holds no words, so that nothing can be counted.")
    options = options or CountingOptions()
    with ThreadPoolExecutor(options.thread_count()) as pool:
        counter = _Counter(order, options, pool)
        for block in _sentence_blocks(tokens, options.block_tokens(order)):
            counter.add(block, len(words))
        return counter.counts(words)


def _sentence_blocks(tokens: NDArray[np.int32], capacity: int) -> Iterator[NDArray[np.int32]]:
    """Yield ``tokens`` in blocks of whole sentences, at most ``capacity`` each unless one sentence is longer."""
    ends = np.flatnonzero(tokens == END_ID) + 1
    begin = done = 0
    while begin < len(tokens):
        done = max(done + 1, int(np.searchsorted(ends, begin + capacity, side="right")))
        yield tokens[begin : ends[done - 1]]
        begin = ends[done - 1]


def count_text(
    sources: Iterable[Source],
    order: int,
    vocabulary: Sequence[str] | None = None,
    options: CountingOptions | None = None,
    name: str = "The text",
) -> NgramCounts:
    """Count the n-grams of orders 1 to ``order`` of texts (``text_files``, ``Sentences``).

    For their form see harken.lm.estimation.tokens. Words outside ``vocabulary`` become ``<unk>``; without a vocabulary
    every word of the text is in the model, in the order of appearance. Raises FormatError for a text without words
    (called ``name`` then), with ``<s>`` or ``</s>`` in it or not in UTF-8, and for files that cannot be read;
    OptionsError for orders other than 1 to 6 and a vocabulary that is not one.
    """
    options = options or CountingOptions()
    tokenizer = Tokenizer(vocabulary, options.thread_count())
    with ThreadPoolExecutor(options.thread_count()) as pool:
        counter = _Counter(order, options, pool)
        for block in tokenizer.blocks(sources, options.block_tokens(order)):
            counter.add(block, tokenizer.size)
        if not tokenizer.seen:
            raise FormatError(f"{name} holds no words, so that nothing can be counted.")
        return counter.counts(tokenizer.words)


class _Counter:
    """Counts block after block: the first one's tables stay in memory unless there are more."""

    def __init__(self, order: int, options: CountingOptions, pool: Executor) -> None:
        if not 1 <= order <= 6:
            raise OptionsError(f"The order of an n-gram model is 1 to 6, not {order}.")
        self._order = order
        self._options = options
        self._pool, self._threads = pool, options.thread_count()
        self._tables: list[BlockTable] = []
        self._spill: Spill | None = None

    def add(self, tokens: NDArray[np.int32], size: int) -> None:
        """Count a block over ``size`` words."""
        if self._tables and self._spill is None:
            rows = self._options.merged_rows()
            self._spill = Spill(self._order, self._options.folder, rows, self._pool, self._threads)
            self._spill.add(self._tables)
            self._tables = []
        tables = count_block(tokens, size, self._order, self._threads, self._pool)
        if self._spill is None:
            self._tables = tables
        else:
            self._spill.add(tables)

    def counts(self, words: tuple[str, ...]) -> NgramCounts:
        """Return the counts of all blocks."""
        made = self._tables if self._spill is None else self._spill.merged()
        tables = []
        first, last = START_ID, START_ID + 1  # the rows that begin with <s>
        made[0].occurrences[START_ID] = 0
        for n, table in enumerate(made, 1):
            continuations = table.occurrences
            if n > 1:
                first, last = np.searchsorted(table.context, np.array([first, last], np.int32)).tolist()
            if n < self._order:
                continuations = self._continuations(made[n], len(table.word))
                continuations[first:last] = table.occurrences[first:last]
            tables.append(CountTable(table.word, table.context, table.suffix, table.occurrences, continuations))
        return NgramCounts(words, tuple(tables))

    def _continuations(self, above: BlockTable, size: int) -> NDArray[np.uint32]:
        """Return how many n-grams ``above`` have each of ``size`` n-grams for their suffix."""
        from .block_count_kernels import count_rows

        continuations = np.zeros(size, np.uint32)
        if self._spill is not None:
            column = Column(self._options.folder, np.uint32)
            column.extend(size)
            continuations = column.array()
        count_rows(above.suffix, continuations)
        return continuations
