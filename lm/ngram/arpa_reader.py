"""ARPA files read into sorted arrays; whatever is not well-formed is refused by its line."""

import gzip
import itertools
import os
import re
import zlib
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import MISSING_UNKNOWN_LOG10, MOST_LOG10, SPECIAL_WORDS, Arpa, NgramTable

_LINES_AT_ONCE = 1 << 16


def read_arpa(path: str | os.PathLike[str]) -> Arpa:
    """Read the model in ``path``, plain or gzip-compressed (told by its first bytes).

    The three special words come first, the others in the order of the unigram section. A model without ``<unk>`` gets
    one with log10 probability -100, as in KenLM. Raises FormatError, naming file and line, for anything that is not
    well-formed: counts that differ from the header's, a number that is not finite, a probability above 1, an unknown
    or repeated n-gram, a file that ends early.
    """
    try:
        with open(path, "rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else open(path, "rb") as file:
            return _Reader(os.fspath(path), file).read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise FormatError(f"{path}: the compressed file is damaged or ends early ({problem}).") from None
    except OSError as problem:
        raise FormatError(f"{path}: cannot be read ({problem.strerror or problem}).") from None


class _Reader:
    """Reads one file line by line and knows where it is, so that errors can name the line."""

    def __init__(self, path: str, file: IO[bytes] | gzip.GzipFile) -> None:
        self.path = path
        self.lines: Iterator[bytes] = iter(file)
        self.number = 0  # of the last line read, counted from 1
        self.ids: dict[bytes, int] = {}

    def fail(self, problem: str, line: int | None = None) -> FormatError:
        return FormatError(f"{self.path}, line {self.number if line is None else line}: {problem}.")

    def next_line(self) -> bytes:
        """Return the next line that is not blank; b"" at the end of the file."""
        for line in self.lines:
            self.number += 1
            if line.strip():
                return line.strip()
        return b""

    def read(self) -> Arpa:
        counts, line = self.read_header()
        tables = []
        for order, count in enumerate(counts, 1):
            if line != b"\\%d-grams:" % order:
                raise self.unexpected(line, f"\\{order}-grams:")
            tables.append(self.read_section(order, count, highest=order == len(counts)))
            line = self.next_line()
        if line != b"\\end\\":
            raise self.unexpected(line, "\\end\\")
        for _ in self.lines:  # to the end, so that a compressed file's checksum is seen
            pass
        try:
            words = tuple(word.decode("utf8") for word in self.ids)
        except UnicodeDecodeError as problem:
            raise FormatError(f"{self.path}: a word is not UTF-8 ({problem.object!r}).") from None
        return Arpa(words, tuple(tables))

    def unexpected(self, line: bytes, wanted: str) -> FormatError:
        if not line:
            return self.fail(f"the file ends where {wanted} should stand; it was cut short")
        if line.startswith(b"\\"):
            return self.fail(f"found {line.decode('utf8', 'replace')} where {wanted} should stand")
        return self.fail(f"more n-grams than the header promises, or a stray line; {wanted} should stand here")

    def read_header(self) -> tuple[list[int], bytes]:
        """Return the promised counts and the line after them."""
        line = self.next_line()
        while line and line != b"\\data\\":
            line = self.next_line()
        if not line:
            raise self.fail("no \\data\\ line; this is not an ARPA file")
        counts: list[int] = []
        while (line := self.next_line()).startswith(b"ngram"):
            match = re.fullmatch(rb"ngram\s+(\d+)\s*=\s*(\d+)", line)
            if not match or int(match[1]) != len(counts) + 1:
                raise self.fail(f"expected 'ngram {len(counts) + 1}=COUNT', found {line.decode('utf8', 'replace')!r}")
            counts.append(int(match[2]))
        if not counts:
            raise self.fail("the header promises no n-grams; 'ngram 1=COUNT' should stand here")
        return counts, line

    def read_section(self, order: int, count: int, highest: bool) -> NgramTable:
        first_line = self.number + 1
        width = order + 2 - highest
        # Parts, not one array of the promised size: a header may promise anything.
        ids, prob, backoff = [np.empty((0, order), np.int32)], [np.empty(0, np.float32)], [np.empty(0, np.float32)]
        names: list[bytes] = []
        done = 0
        while done < count:
            lines = list(itertools.islice(self.lines, min(_LINES_AT_ONCE, count - done)))
            rows = [line.split() for line in lines]
            if not lines or not {order + 1, width}.issuperset(map(len, rows)):
                raise self.bad_row(lines, rows, order, count, highest)
            if not highest:
                for row in rows:
                    if len(row) == order + 1:
                        row.append(b"0")
            flat = list(itertools.chain.from_iterable(rows))
            prob.append(self.numbers(flat[::width], "probability"))
            above = np.flatnonzero(prob[-1] > 0)
            if len(above):
                raise self.fail("a log10 probability above 0", self.number + int(above[0]) + 1)
            zero = np.zeros(len(rows), np.float32)
            backoff.append(zero if highest else self.numbers(flat[width - 1 :: width], "back-off weight"))
            if order == 1:
                names += flat[1::width]
            else:
                columns = [self.look_up(flat[1 + place :: width]) for place in range(order)]
                ids.append(np.stack(columns, axis=1))
            self.number += len(rows)
            done += len(rows)
        if order == 1:
            return self.unigrams(names, np.concatenate(prob), np.concatenate(backoff), first_line)
        return self.sorted_table(np.concatenate(ids), np.concatenate(prob), np.concatenate(backoff), first_line)

    def bad_row(
        self, lines: list[bytes], rows: list[list[bytes]], order: int, count: int, highest: bool
    ) -> FormatError:
        """Find and name what is wrong with the first row that has a wrong number of fields."""
        for row in rows:
            self.number += 1
            if not row or row[0].startswith(b"\\"):
                return self.fail(
                    f"the {order}-gram section has fewer n-grams than the {count} that the header promises"
                )
            if len(row) not in (order + 1, order + 2 - highest):
                if self.number and lines and row is rows[-1] and not lines[-1].endswith(b"\n"):
                    return self.fail("the file ends in the middle of a line; it was cut short")
                return self.fail(
                    f"a {order}-gram line has {len(row)} fields, not a log10 probability, {order} word(s)"
                    + ("" if highest else " and perhaps a back-off weight")
                )
        self.number += not rows
        return self.fail(f"the file ends inside the {order}-gram section; it was cut short")

    def numbers(self, fields: list[bytes], what: str) -> NDArray[np.float32]:
        try:
            with np.errstate(over="ignore"):  # infinite, which is refused
                values = np.array(list(map(float, fields)), np.float32)
            bad = np.flatnonzero(~(np.isfinite(values) & (values < MOST_LOG10)))
            if not len(bad):
                return values
            at = int(bad[0])
        except ValueError:
            at = next(place for place, field in enumerate(fields) if not _is_number(field))
        shown = fields[at].decode("utf8", "replace")
        raise self.fail(f"the {what} {shown!r} is not a finite number below {MOST_LOG10:g}", self.number + at + 1)

    def look_up(self, fields: list[bytes]) -> NDArray[np.int32]:
        try:
            return np.array([self.ids[field] for field in fields], np.int32)
        except KeyError:
            at = next(place for place, field in enumerate(fields) if field not in self.ids)
            shown = fields[at].decode("utf8", "replace")
            raise self.fail(f"the word {shown!r} is not among the unigrams", self.number + at + 1) from None

    def unigrams(
        self, names: list[bytes], prob: NDArray[np.float32], backoff: NDArray[np.float32], first_line: int
    ) -> NgramTable:
        row_of: dict[bytes, int] = {}
        for row, name in enumerate(names):
            name = {b"<UNK>": b"<unk>"}.get(name, name)
            if row_of.setdefault(name, row) != row:
                shown = name.decode("utf8", "replace")
                raise self.fail(f"the unigram {shown!r} stands there twice", first_line + row)
        if b"<unk>" not in row_of:
            row_of[b"<unk>"] = len(prob)
            prob = np.append(prob, np.float32(MISSING_UNKNOWN_LOG10))
            backoff = np.append(backoff, np.float32(0))
        special = [word.encode() for word in SPECIAL_WORDS]
        for word in special:
            if word not in row_of:
                raise self.fail(f"the unigrams lack {word.decode()}, without which no sentence can be scored")
        ordered = special + [word for word in row_of if word not in special]
        self.ids = {word: number for number, word in enumerate(ordered)}
        rows = np.array([row_of[word] for word in ordered])
        return NgramTable(np.arange(len(ordered), dtype=np.int32)[:, None], prob[rows], backoff[rows])

    def sorted_table(
        self, ids: NDArray[np.int32], prob: NDArray[np.float32], backoff: NDArray[np.float32], first_line: int
    ) -> NgramTable:
        order = np.lexsort(ids.T[::-1])
        ids = ids[order]
        same = np.flatnonzero((ids[1:] == ids[:-1]).all(axis=1))
        if len(same):
            raise self.fail("an n-gram stands there twice", first_line + int(max(order[same[0]], order[same[0] + 1])))
        return NgramTable(ids, prob[order], backoff[order])


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
