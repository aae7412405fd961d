"""Tables that do not fit in memory: spilled to temporary files, block after block, and merged, order after order.

The files have no names (where the system allows that), so that nothing is left of them when they are closed, or when
the process ends, however it ends.
"""

import os
import tempfile
import weakref
from concurrent.futures import Executor
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from .block_counts import BlockTable
from .merging import COLUMNS, MergedRows, merge_parts

_MOST_ROWS = (1 << 31) - 1


class Column:
    """An array that grows in a file; ``folder`` None is the system's for temporary files."""

    def __init__(self, folder: str | os.PathLike[str] | None, dtype: Any) -> None:
        self._folder = folder
        self._dtype = np.dtype(dtype)
        self._length = 0
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115 - lives as long as the column
        except OSError as problem:
            raise self._problem(problem) from None
        weakref.finalize(self, self._file.close)

    def _problem(self, problem: OSError) -> OptionsError:
        folder = os.fspath(self._folder) if self._folder is not None else tempfile.gettempdir()
        return OptionsError(
            f"{folder}: the temporary files of counting cannot be written here ({problem.strerror}); "
            "name another folder or allow more memory."
        )

    def append(self, values: NDArray[Any]) -> None:
        """Write ``values`` behind the others."""
        try:
            rest = memoryview(np.ascontiguousarray(values, self._dtype).view(np.uint8).data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as problem:
            raise self._problem(problem) from None
        self._length += len(values)

    def extend(self, length: int) -> None:
        """Append zeros up to ``length``."""
        size = length * self._dtype.itemsize
        try:
            self._file.truncate(size)
            if size and hasattr(os, "posix_fallocate"):  # a full disk is told here, not by a signal on writing the map
                os.posix_fallocate(self._file.fileno(), 0, size)
        except OSError as problem:
            raise self._problem(problem) from None
        self._length = length

    def array(self) -> NDArray[Any]:
        """Return the array, mapped into memory and writable, and close the file, which goes when the array does."""
        if not self._length:
            return np.zeros(0, self._dtype)
        try:
            with self._file:
                mapped = np.memmap(self._file, self._dtype, "r+", shape=(self._length,))
        except OSError as problem:
            raise self._problem(problem) from None
        return mapped.view(np.ndarray)


class Spill:
    """The tables of blocks of a text: ``add`` them in any number, then take the ``merged`` ones."""

    def __init__(
        self, order: int, folder: str | os.PathLike[str] | None, rows_at_once: int, pool: Executor, threads: int
    ) -> None:
        self._folder = folder
        self._rows_at_once = rows_at_once
        self._pool, self._threads = pool, threads
        self._words = np.zeros(0, np.uint64)
        self._columns = [self._table() for _ in range(order - 1)]
        self._lengths: list[list[int]] = [[] for _ in range(order - 1)]

    def _table(self) -> list[Column]:
        return [Column(self._folder, dtype) for dtype in COLUMNS]

    def add(self, tables: list[BlockTable]) -> None:
        """Write the tables of a block; words keep their numbers from block to block, and new ones come behind."""
        words = tables[0].occurrences.astype(np.uint64)
        words[: len(self._words)] += self._words
        self._words = words
        for columns, lengths, table in zip(self._columns, self._lengths, tables[1:], strict=True):
            for column, values in zip(columns, _arrays(table), strict=True):
                column.append(values)
            lengths.append(len(table.word))

    def merged(self) -> list[BlockTable]:
        """Return the tables of the whole text and close the files of the blocks."""
        if self._words.max(initial=0) >= 1 << 32:
            raise FormatError("A word of the text occurs more than 2^32 times: is it text?")
        numbers = np.arange(len(self._words), dtype=np.int32)
        none = np.zeros(len(numbers), np.int32)
        tables = [BlockTable(numbers, none, none, self._words.astype(np.uint32))]
        blocks = len(self._lengths[0]) if self._lengths else 0
        below = MergedRows(numbers, np.zeros(blocks, np.int64), np.full(blocks, len(numbers)))
        for n, lengths in enumerate(self._lengths, 2):
            spilled = BlockTable(*(column.array() for column in self._columns.pop(0)))
            end = np.cumsum(lengths, dtype=np.int64)
            file = Column(self._folder, np.int32)
            file.extend(len(spilled.word))
            here = MergedRows(file.array(), end - lengths, end)
            tables.append(self._merge(n, spilled, here, below))
            below = here
        return tables

    def _merge(self, n: int, spilled: BlockTable, here: MergedRows, below: MergedRows) -> BlockTable:
        """Return the merged table of order ``n``."""
        made = self._table()
        total = 0
        for columns in merge_parts(spilled, here, below, self._rows_at_once, self._pool, self._threads):
            total += len(columns[0])
            if total > _MOST_ROWS:
                raise FormatError(f"The text has more than 2^31 different {n}-grams: take less text or a lower order.")
            for column, values in zip(made, columns, strict=True):
                column.append(values)
        return BlockTable(*(column.array() for column in made))


def _arrays(table: BlockTable) -> tuple[NDArray[Any], ...]:
    return table.word, table.context, table.suffix, table.occurrences
