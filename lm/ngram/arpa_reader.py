"""ARPA files read into sorted arrays; whatever is not well-formed is refused by its line.

The header and whatever is odd is read by Python, the other lines by compiled code over the mapped or unpacked bytes.
"""

import gzip
import mmap
import os
import zlib

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import MISSING_UNKNOWN_LOG10, SPECIAL_WORDS, Arpa, NgramTable
from .arpa_lines import ArpaLines, bytes_of, shown
from .packed_arrays import read_only
from .word_table import LENGTH_BITS, WordTable
from .word_table_filling import table_of

_UNKNOWN = {b"<unk>", b"<UNK>"}


def read_arpa(path: str | os.PathLike[str]) -> Arpa:
    """Read the model in ``path``, plain or gzip-compressed (told by its first bytes).

    The three special words come first, the others in the order of the unigram section. A model without ``<unk>`` (or
    ``<UNK>``, which is the same) gets one with log10 probability -100, as in KenLM. Fields may stand between any white
    space, blank lines anywhere. Raises FormatError, naming file and line, for anything that is not well-formed: counts
    that differ from the header's, a number that is not finite, a probability above 1, an unknown or repeated n-gram, a
    missing back-off weight of an n-gram that longer ones begin with, n-grams that begin with one that is not there, a
    file that ends early.
    """
    try:
        return _Reader(os.fspath(path), bytes_of(path)).read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise FormatError(f"{path}: the compressed file is damaged or ends early ({problem}).") from None
    except OSError as problem:
        raise FormatError(f"{path}: cannot be read ({problem.strerror or problem}).") from None


class _Reader(ArpaLines):
    """Reads the sections of one file."""

    def __init__(self, path: str, raw: bytes | mmap.mmap) -> None:
        super().__init__(path, raw)
        self.table = WordTable(self.data[:0], read_only(np.zeros(0, np.int64)))

    def read(self) -> Arpa:
        counts = self.read_header()
        words, unigrams, missing = self.read_unigrams(counts[0], len(counts) == 1)
        tables = [unigrams]
        for order, count in enumerate(counts[1:], 2):
            table, missing_here = self.read_ngrams(order, count, order == len(counts), tables[-1], missing, words)
            tables.append(table)
            missing = missing_here
        self.expect(b"\\end\\")
        return Arpa(words, tuple(tables))

    def read_rows(
        self, order: int, count: int, highest: bool
    ) -> tuple[int, NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """Read a section; return where it begins, its fields (order 1) or ids, its probabilities and weights."""
        from . import arpa_reader_kernels as kernels

        self.expect(b"\\%d-grams:" % order)
        begin = self.at
        room = min(count, (len(self.raw) - min(begin, len(self.raw))) // (2 * order + 1) + 1)  # whatever is promised
        fields = np.empty((room if order == 1 else order, 2), np.int64)
        ids, numbers = np.empty((room, order), np.int32), np.empty((room, 2), np.float32)
        status, done = kernels.ODD, 0
        while status == kernels.ODD:
            status, done, self.at = kernels.read_rows(
                self.data, self.at, highest, self.table, fields, ids, numbers, done
            )
            if status == kernels.ODD:
                self.read_odd_row(order, count, highest, fields[done : done + 1], ids[done], numbers[done])
                done += 1
        if done < count and self.at >= len(self.raw):
            raise self.fail(f"the file ends inside the {order}-gram section; it was cut short")
        if done < count:
            raise self.fail(f"the {order}-gram section has fewer n-grams than the {count} that the header promises")
        if done:
            self.pass_line()
        return begin, fields, ids, numbers

    def read_odd_row(
        self,
        order: int,
        count: int,
        highest: bool,
        fields: NDArray[np.int64],
        ids: NDArray[np.int32],
        numbers: NDArray[np.float32],
    ) -> None:
        """Read the line in hand with care, to its end; raises what is wrong with it."""
        from .arpa_reader_kernels import word_number

        line = self.raw[self.at : self.line_end(self.at)]
        parts = line.split()
        if len(parts) not in (order + 1, order + 2 - highest):
            if self.line_end(self.at) == len(self.raw):
                raise self.fail("the file ends in the middle of a line; it was cut short")
            raise self.fail(
                f"a {order}-gram line has {len(parts)} fields, not a log10 probability, {order} word(s)"
                + ("" if highest else " and perhaps a back-off weight")
            )
        numbers[0] = self.number(parts[0], "probability")
        if numbers[0] > 0:
            raise self.fail("a log10 probability above 0")
        numbers[1] = self.number(parts[-1], "back-off weight") if len(parts) > order + 1 else np.nan
        if order == 1:
            begin = self.at + line.index(parts[1], line.index(parts[0]) + len(parts[0]))
            fields[0] = begin, begin + len(parts[1])
        else:
            for place, word in enumerate(parts[1 : order + 1]):
                number = 0 if word in _UNKNOWN else word_number(self.table, np.frombuffer(word, np.uint8))
                if number < 0:
                    raise self.fail(f"the word {shown(word)!r} is not among the unigrams")
                ids[place] = number
        self.at = self.line_end(self.at)

    def read_unigrams(self, count: int, highest: bool) -> tuple[tuple[str, ...], NgramTable, NDArray[np.bool_]]:
        """Return the words, their table, and which of them lack a back-off weight."""
        _, fields, _, numbers = self.read_rows(1, count, highest)
        names = [bytes(self.raw[start:end]) for start, end in fields[:count].tolist()]
        rows = {name: row for row, name in enumerate(names)}
        longest = max(range(count), key=lambda row: len(names[row]), default=0)
        if names and len(names[longest]) >= 1 << LENGTH_BITS:
            raise self.fail("a word is longer than 16 MB", int(fields[longest, 0]))
        number_of = np.full(count + 1, -1, np.int32)
        numbers = np.concatenate([numbers[:count], np.array([[MISSING_UNKNOWN_LOG10, 0]], np.float32)])
        special = [rows.get(b"<unk>", rows.get(b"<UNK>", count))]
        for name in SPECIAL_WORDS[1:]:
            if name.encode() not in rows:
                raise self.fail(f"the unigrams lack {name}, without which no sentence can be scored", self.at - 1)
            special.append(rows[name.encode()])
        number_of[special] = range(3)
        rest = np.flatnonzero(number_of[:count] < 0)
        number_of[rest] = np.arange(3, 3 + len(rest))
        self.table, repeated = table_of(self.data, fields[:count], number_of[:count])
        if repeated < 0 and _UNKNOWN.issubset(rows):
            repeated = max(rows[name] for name in _UNKNOWN)
        if repeated >= 0:
            name = shown(b"<unk>" if names[repeated] in _UNKNOWN else names[repeated])
            raise self.fail(f"the unigram {name!r} stands there twice", int(fields[repeated, 0]))
        order = np.concatenate([special, rest])
        try:
            words = (*SPECIAL_WORDS, *(names[row].decode("utf8") for row in rest.tolist()))
        except UnicodeDecodeError as problem:
            at = int(fields[names.index(problem.object), 0])
            raise self.fail(f"the word {problem.object!r} is not UTF-8; convert the file", at) from None
        missing = np.isnan(numbers[order, 1])
        backoff = np.where(missing, np.float32(0), numbers[order, 1])
        ids = np.arange(len(order), dtype=np.int32)[:, None]
        return words, NgramTable(ids, np.ascontiguousarray(numbers[order, 0]), backoff), missing

    def read_ngrams(
        self,
        order: int,
        count: int,
        highest: bool,
        shorter: NgramTable,
        missing: NDArray[np.bool_],
        words: tuple[str, ...],
    ) -> tuple[NgramTable, NDArray[np.bool_]]:
        """Return the sorted table of an order, and which of its n-grams lack a back-off weight."""
        from .arpa_reader_kernels import first_not_rising, sorting_order
        from .automaton_kernels import context_rows

        begin, _, ids, numbers = self.read_rows(order, count, highest)
        ids, numbers = ids[:count], numbers[:count]
        place = np.zeros(0, np.int32)
        if first_not_rising(read_only(ids)) < count:
            place = sorting_order(read_only(ids), len(words) - 1)
            ids, numbers = ids[place], numbers[place]
            repeated = int(first_not_rising(read_only(ids)))
            if repeated < count:
                raise self.fail("an n-gram stands there twice", self.row_begin(begin, int(place[repeated])))
        contexts = context_rows(read_only(ids), read_only(shorter.ids))
        bare = np.flatnonzero(np.append(missing, True)[contexts])  # a context that is not there is -1
        if len(bare):
            row = int(bare[0])
            context = " ".join(words[word] for word in ids[row, :-1])
            at = self.row_begin(begin, int(place[row]) if len(place) else row)
            what = "has no back-off weight" if contexts[row] >= 0 else f"is not among the {order - 1}-grams"
            raise self.fail(f"the context {context!r} of this n-gram {what}", at)
        without = np.isnan(numbers[:, 1])
        backoff = np.where(without, np.float32(0), numbers[:, 1])
        return NgramTable(np.ascontiguousarray(ids), np.ascontiguousarray(numbers[:, 0]), backoff), without
