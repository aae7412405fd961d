"""ARPA files written from tables, block by block: threads put the lines together while the file is written."""

import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ...tensorfile import written_aside
from .ngram import Ngram

_ROWS_AT_ONCE = 1 << 15
_THREADS = 2
_COMPRESSION = 1  # of zlib's 1 to 9; from here on files shrink by a tenth while the time doubles
_OTHER_COMPRESSIONS = (".bz2", ".xz", ".zst", ".lzma")

Rows = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]
"""Some n-grams: word ids int32 (rows, order), log10 probabilities and back-off weights float32 (rows,)."""


Piece = bytes | memoryview
Made = TypeVar("Made")


class NgramRows(Protocol):
    """A model that can be written: it gives its n-grams a few at a time."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words by their ids."""

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""

    def rows(self, n: int, begin: int, end: int) -> Rows:
        """Return the n-grams ``begin`` to ``end`` of order ``n``."""


def rows_of(model: NgramRows | Ngram, taker: str) -> NgramRows:
    """Return ``model`` as one that gives its n-grams; ``taker``, the function it was given to, is for the message.

    Raises OptionsError for what is no such model.
    """
    if isinstance(model, Ngram):
        return model.to_arpa()
    if not hasattr(model, "rows"):
        kind = type(model).__name__
        raise OptionsError(f"{taker} takes an Arpa, BackoffTables or Ngram, not {kind}: read a file with read_ngrams.")
    return model


def write_arpa(model: NgramRows | Ngram, path: str | os.PathLike[str]) -> None:
    """Write ``model`` (Arpa, BackoffTables or Ngram) to ``path``; aside first, then renamed.

    Gzip-compressed where the name ends in ``.gz``. Every number is the shortest that reads back as the same float32.
    Raises FormatError for a model with a value that is not finite or a word that an ARPA file cannot hold, and for a
    name that promises another compression; OptionsError for other kinds of models.
    """
    target = Path(path)
    if target.suffix in _OTHER_COMPRESSIONS:
        raise FormatError(f"{path}: ARPA files are compressed with gzip alone; give a name that ends in .gz, or none.")
    lines = _Lines(rows_of(model, "write_arpa"), target)
    try:
        with written_aside(target) as file:
            (_write_packed if target.suffix == ".gz" else _write_plain)(lines.tasks(), file)
    except OSError as problem:
        raise FormatError(f"{path}: cannot be written ({problem.strerror or problem}).") from None


class _Lines:
    """Makes the text of a model's file, a piece at a time."""

    def __init__(self, model: NgramRows, path: Path) -> None:
        self.model, self.path = model, path
        try:
            encoded = [word.encode("utf8") for word in model.words]
        except UnicodeEncodeError as problem:
            raise FormatError(f"{path}: the word {problem.object!r} cannot be written as UTF-8.") from None
        for word, written in zip(model.words, encoded, strict=True):
            if written.split() != [written]:
                raise FormatError(f"{path}: the word {word!r} is empty or holds white space, so ARPA cannot hold it.")
        self.words = np.frombuffer(b"".join(encoded), np.uint8)
        self.starts = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(word) for word in encoded], out=self.starts[1:])
        self.starts.flags.writeable = False

    def tasks(self) -> Iterator[Callable[[], Piece]]:
        """Return what makes the pieces, in the order in which they stand in the file."""
        counts = self.model.counts
        header = "".join(f"ngram {n}={count}\n" for n, count in enumerate(counts, 1))
        yield partial(str.encode, f"\\data\\\n{header}")
        for n, count in enumerate(counts, 1):
            yield partial(str.encode, f"\n\\{n}-grams:\n")
            for begin in range(0, count, _ROWS_AT_ONCE):
                yield partial(self.lines, n, begin, min(count, begin + _ROWS_AT_ONCE))
        yield partial(str.encode, "\n\\end\\\n")

    def lines(self, n: int, begin: int, end: int) -> memoryview:
        """Return the lines of the n-grams ``begin`` to ``end`` of order ``n``."""
        from .arpa_writer_kernels import write_lines

        ids, prob, backoff = self.model.rows(n, begin, end)
        ids = np.ascontiguousarray(ids, np.int32)
        if ids.shape != (end - begin, n) or ids.min() < 0 or ids.max() >= len(self.starts) - 1:
            raise FormatError(f"{self.path}: the model's {n}-grams hold ids that are not those of its words.")
        bits = []
        for values in (prob, backoff):
            if len(values) != end - begin:
                raise FormatError(f"{self.path}: the model has not as many weights as {n}-grams.")
            if not np.isfinite(values).all():
                raise FormatError(f"{self.path}: the model holds a probability or back-off weight that is not finite.")
            bits.append(np.ascontiguousarray(values, np.float32).view(np.int32))
        if n == len(self.model.counts):
            bits[1] = bits[1][:0]
        return write_lines(self.words, self.starts, *map(_read_only, (ids, *bits))).data


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def _in_order(tasks: Iterator[Callable[[], Made]]) -> Iterator[Made]:
    """Return what the tasks return, in their order, while threads work ahead."""
    with ThreadPoolExecutor(_THREADS) as pool:
        running = deque(pool.submit(task) for task in islice(tasks, 2 * _THREADS))
        try:
            while running:
                made = running.popleft().result()
                running.extend(pool.submit(task) for task in islice(tasks, 1))
                yield made
        finally:
            for future in running:
                future.cancel()


def _write_plain(tasks: Iterator[Callable[[], Piece]], file: IO[bytes]) -> None:
    for piece in _in_order(tasks):
        file.write(piece)


def _write_packed(tasks: Iterator[Callable[[], Piece]], file: IO[bytes]) -> None:
    """Write one gzip member (RFC 1952), whose pieces the threads compress on their own."""
    file.write(b"\x1f\x8b\x08" + bytes(5) + b"\x04\xff")
    checksum = size = 0
    for piece, packed in _in_order(partial(_pack, task) for task in tasks):
        file.write(packed)
        checksum = zlib.crc32(piece, checksum)
        size += len(piece)
    file.write(b"\x03\x00" + struct.pack("<II", checksum, size & 0xFFFFFFFF))  # an empty last block


def _pack(task: Callable[[], Piece]) -> tuple[Piece, bytes]:
    piece = task()
    deflate = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return piece, deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)
