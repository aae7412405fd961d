"""Where the text of an estimation comes from: files (plain, gzip or bzip2, ``-`` for standard input) or sentences."""

import bz2
import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import IO, Protocol

from ...errors import FormatError
from ..ngram.bare_strings import refuse_one_sentence

Progress = Callable[[int, int], None]
"""Called with the bytes of the files read so far, and in all (0 where that is not known)."""

PIECE = 1 << 22  # bytes
_SENTENCES_AT_ONCE = 1 << 15


class Source(Protocol):
    """A text: the pieces of its bytes, cut anywhere, and how to name a line of it."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, UTF-8, sentences ended by new-lines."""

    def place(self, line: int) -> str:
        """Name a line, counted from 1, as the beginning of an error message."""


class Sentences:
    """Sentences from Python; new-lines in them, or behind them, are spaces. ``name`` has {} for a sentence's number."""

    def __init__(self, sentences: Iterable[str], name: str = "Sentence {} of the text") -> None:
        refuse_one_sentence(sentences)
        self._sentences = sentences
        self._name = name

    def __iter__(self) -> Iterator[bytes]:
        source = iter(self._sentences)
        done = 0
        while batch := list(islice(source, _SENTENCES_AT_ONCE)):
            try:
                yield ("\n".join([sentence.replace("\n", " ") for sentence in batch]) + "\n").encode("utf8")
            except UnicodeEncodeError as problem:
                line = done + 1 + next(at for at, sentence in enumerate(batch) if not _encodes(sentence))
                raise FormatError(f"{self.place(line)} cannot be written in UTF-8 ({problem.reason}).") from None
            done += len(batch)

    def place(self, line: int) -> str:
        """Name a sentence."""
        return self._name.format(line)


def _encodes(sentence: str) -> bool:
    try:
        sentence.encode("utf8")
    except UnicodeEncodeError:
        return False
    return True


class TextFile:
    """One file; compression is told by its first bytes. Raises FormatError where it cannot be read or is damaged."""

    def __init__(self, path: str | os.PathLike[str], advance: Callable[[int], None] = lambda position: None) -> None:
        self._path = os.fspath(path)
        self._advance = advance

    def place(self, line: int) -> str:
        """Name a line."""
        return f"{self._name}, line {line},"

    @property
    def _name(self) -> str:
        return "standard input" if self._path == "-" else self._path

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._path == "-":
                yield from self._pieces(sys.stdin.buffer)
            else:
                with open(self._path, "rb") as raw:
                    yield from self._pieces(raw)
        except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
            raise FormatError(f"{self._name}: the compressed file is damaged or ends early ({problem}).") from None
        except OSError as problem:
            raise FormatError(f"{self._name}: cannot be read ({problem.strerror or problem}).") from None

    def _pieces(self, raw: IO[bytes]) -> Iterator[bytes]:
        first = raw.peek(3)[:3] if hasattr(raw, "peek") else b""
        if first[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield from self._ahead(unpacked, raw)
        elif first == b"BZh":
            with bz2.BZ2File(raw) as unpacked:
                yield from self._ahead(unpacked, raw)
        else:
            while piece := raw.read1(PIECE) if hasattr(raw, "read1") else raw.read(PIECE):
                yield piece
                self._advance(0 if self._path == "-" else raw.tell())

    def _ahead(self, unpacked: gzip.GzipFile | bz2.BZ2File, raw: IO[bytes]) -> Iterator[bytes]:
        """Yield the pieces of a compressed file, the next one unpacked in another thread in the meantime."""
        with ThreadPoolExecutor(1) as reader:
            waiting = reader.submit(unpacked.read, PIECE)
            while piece := waiting.result():
                position = 0 if self._path == "-" else raw.tell()
                waiting = reader.submit(unpacked.read, PIECE)
                yield piece
                self._advance(position)


def text_files(paths: Sequence[str | os.PathLike[str]], progress: Progress | None = None) -> Iterator[TextFile]:
    """Yield the files ``paths`` one after the other, telling ``progress`` how much of them is read."""
    sizes = [os.path.getsize(path) if os.fspath(path) != "-" and os.path.isfile(path) else 0 for path in paths]
    total = 0 if any(os.fspath(path) == "-" for path in paths) else sum(sizes)
    done = 0
    for path, size in zip(paths, sizes, strict=True):
        if progress is None:
            yield TextFile(path)
        else:
            yield TextFile(path, partial(_advance, progress, done, total))
            progress(done + size, total)
        done += size


def _advance(progress: Progress, before: int, total: int, position: int) -> None:
    progress(before + position, total)
