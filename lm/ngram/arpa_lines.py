"""An ARPA file's bytes, lines and header, and errors that name the line."""

import codecs
import gzip
import mmap
import os
import re

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import MOST_LOG10

_MOST_SHOWN = 60
_KENLM = b"mmap lm "
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def bytes_of(path: str | os.PathLike[str]) -> bytes | mmap.mmap:
    """Return what ``path`` holds, mapped where it can be, unpacked where it is gzip-compressed."""
    with open(path, "rb") as file:
        start = file.peek(2)[:2]
        if start == b"\x1f\x8b":
            with gzip.open(file) as packed:
                return packed.read()
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # a pipe, or nothing in it
            return file.read()


class ArpaLines:
    """One file and a place in it."""

    def __init__(self, path: str, raw: bytes | mmap.mmap) -> None:
        self.path = path
        self.raw = raw
        self.data: NDArray[np.uint8] = np.frombuffer(raw, np.uint8)
        self.at = 0

    def fail(self, problem: str, at: int | None = None) -> FormatError:
        """Return the error for the line that holds the byte ``at`` (the one in hand, where none is given)."""
        at = min(self.at if at is None else at, len(self.raw))
        number = 1 + int(np.count_nonzero(self.data[:at] == 10))
        return FormatError(f"{self.path}, line {number}: {problem}.")

    def next_line(self) -> bytes:
        """Return the next line that is not blank, ``at`` at its beginning; b"" at the end of the file."""
        while self.at < len(self.raw):
            line = self.raw[self.at : self.line_end(self.at)]
            if line.strip():
                return line.strip()
            self.at += len(line) + 1
        return b""

    def line_end(self, at: int) -> int:
        """Return where the line ends that holds the byte ``at``."""
        end = self.raw.find(b"\n", at)
        return len(self.raw) if end < 0 else end

    def pass_line(self) -> None:
        """Go on to the line after the one in hand."""
        self.at = min(self.line_end(self.at) + 1, len(self.raw))

    def expect(self, wanted: bytes) -> None:
        """Go past the line ``wanted``, which has to come next."""
        line = self.next_line()
        if line == wanted:
            self.pass_line()
            return
        name = wanted.decode()
        if not line:
            raise self.fail(f"the file ends where {name} should stand; it was cut short")
        if line.startswith(b"\\"):
            raise self.fail(f"found {shown(line)} where {name} should stand")
        raise self.fail(f"more n-grams than the header promises, or a stray line; {name} should stand here")

    def read_header(self) -> list[int]:
        """Return the promised counts."""
        while True:
            found = self.raw.find(b"\\data\\", self.at)
            if found < 0:
                raise self.not_arpa()
            self.at = self.raw.rfind(b"\n", 0, found) + 1
            line = self.next_line().removeprefix(codecs.BOM_UTF8)
            self.pass_line()
            if line == b"\\data\\":
                break
        counts: list[int] = []
        while (line := self.next_line()).startswith(b"ngram"):
            match = re.fullmatch(rb"ngram\s+(\d{1,9})\s*=\s*(\d{1,18})", line)
            if not match or int(match[1]) != len(counts) + 1:
                raise self.fail(f"expected 'ngram {len(counts) + 1}=COUNT', found {shown(line)!r}")
            counts.append(int(match[2]))
            self.pass_line()
        if not counts:
            raise self.fail("the header promises no n-grams; 'ngram 1=COUNT' should stand here")
        return counts

    def not_arpa(self) -> FormatError:
        """Return the error for a file without a line ``\\data\\``."""
        start = self.raw[:8]
        if start == _KENLM:
            return FormatError(f"{self.path}: a KenLM binary, not an ARPA file; KenlmModel reads it.")
        if start[:2] in _UTF16:
            return FormatError(f"{self.path}: text in UTF-16; an ARPA file is UTF-8, convert it.")
        return self.fail("no \\data\\ line; this is not an ARPA file", len(self.raw))

    def number(self, field: bytes, what: str) -> float:
        """Return the number that ``field`` spells; ``what`` it is, for the error where it is none."""
        try:
            value = float("nan" if b"_" in field else field)
        except ValueError:
            value = float("nan")
        with np.errstate(over="ignore"):
            if np.isfinite(np.float32(value)) and value < MOST_LOG10:
                return value
        raise self.fail(f"the {what} {shown(field)!r} is not a finite number below {MOST_LOG10:g}")

    def row_begin(self, begin: int, row: int) -> int:
        """Return the place of a row of the section that begins at ``begin``."""
        self.at = begin
        for _ in range(row):
            self.next_line()
            self.pass_line()
        self.next_line()
        return self.at


def shown(field: bytes) -> str:
    """Return bytes of the file as an error shows them."""
    return field[:_MOST_SHOWN].decode("utf8", "replace") + ("..." if len(field) > _MOST_SHOWN else "")
