"""The table that ties acoustics to phones: (window of phones, HMM state) -> the pdfs, which are columns of scores.

A window holds ``context_width`` phones around the one that is said, which stands at ``central_position`` (counted from
0); 0 stands for no phone, before the first and after the last. Whatever decides the pdf, a decision tree or a rule, is
multiplied out into rows, of which a table needs those that a graph asks for. A row has two pdfs: of the state's first
frame and of its further frames, often the same.

The text form (``save``, ``load``), white space between fields, lines that begin with ``#`` ignored:

    harken-pdf-table 1
    phones SIL AA AE B
    context-width 2
    central-position 1
    * SIL 0 0 1
    <eps> AA 0 2 3
    SIL AA 0 4 5

First the four header lines in this order; then a row a line: the phones of the window, the HMM state, the pdf of the
first frame, the pdf of further frames. ``<eps>`` is no phone, ``*`` any phone or none (in the centre: any phone).
"""

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import FormatError, OptionsError

HEADER = "harken-pdf-table 1"
NO_PHONE, ANY = "<eps>", "*"
_MOST_ROWS = 1 << 25


@dataclass(frozen=True, slots=True, eq=False)
class PdfTable:
    """The rows, sorted by window and HMM state: ``windows`` int32 (rows, context_width), the rest int32 (rows,).

    Phone ``p`` is ``phones[p - 1]``. Make one by ``from_rows``, ``load`` or the functions of ``context_tables``.
    """

    phones: tuple[str, ...]
    central_position: int
    windows: NDArray[np.int32]
    hmm_states: NDArray[np.int32]
    forward_pdfs: NDArray[np.int32]
    self_loop_pdfs: NDArray[np.int32]

    @property
    def context_width(self) -> int:
        """The number of phones of a window."""
        return int(self.windows.shape[1])

    @property
    def pdfs(self) -> int:
        """The number of pdfs: the highest, plus one."""
        return 1 + int(max(self.forward_pdfs.max(initial=-1), self.self_loop_pdfs.max(initial=-1)))

    @classmethod
    def from_rows(
        cls, phones: Iterable[str], central_position: int, windows: ArrayLike, columns: ArrayLike
    ) -> "PdfTable":
        """Build a table from rows in any order: ``windows`` (rows, context_width) and ``columns`` (rows, 3).

        The columns are HMM state, pdf of the first frame, pdf of further frames. Raises OptionsError where a number is
        out of range, a row stands twice, or there is none.
        """
        names = tuple(phones)
        window = np.atleast_2d(np.asarray(windows, dtype=np.int64))
        rest = np.atleast_2d(np.asarray(columns, dtype=np.int64))
        if window.size == 0 or rest.shape != (len(window), 3):
            raise OptionsError("table of pdfs: give windows (rows, context width) and as many rows of three columns.")
        if not 0 <= central_position < window.shape[1]:
            raise OptionsError(f"table of pdfs: central position {central_position} lies outside the window.")
        if window.min() < 0 or window.max() > len(names) or window[:, central_position].min() < 1:
            raise OptionsError(f"table of pdfs: a window holds none of the {len(names)} phones, or none in its centre.")
        if rest.min() < 0 or rest.max() >= 2**31:
            raise OptionsError("table of pdfs: an HMM state or a pdf is negative or above 2^31 - 1.")
        order = np.lexsort((rest[:, 0], *window.T[::-1]))
        window, rest = window[order], rest[order]
        same = (window[1:] == window[:-1]).all(axis=1) & (rest[1:, 0] == rest[:-1, 0])
        if same.any():
            at = int(np.flatnonzero(same)[0])
            name = " ".join(_name(names, phone) for phone in window[at])
            raise OptionsError(f"table of pdfs: the window {name} has two rows for HMM state {rest[at, 0]}.")
        states, forward, loop = (column.astype(np.int32) for column in rest.T)
        return cls(names, central_position, window.astype(np.int32), states, forward, loop)

    def look_up(self, windows: NDArray[np.int32], hmm_states: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the two pdfs of every pair of a window (n, context_width) and HMM state (n,), as (n, 2).

        Raises OptionsError, naming the window, where the table lacks one.
        """
        if windows.shape[1] != self.context_width:
            raise OptionsError(f"table of pdfs: windows have {self.context_width} phones, not {windows.shape[1]}.")
        found = self._rows_of(np.column_stack([windows, hmm_states]).astype(np.int64))
        if np.any(found < 0):
            at = int(np.flatnonzero(found < 0)[0])
            name = " ".join(_name(self.phones, phone) for phone in windows[at])
            raise OptionsError(f"table of pdfs: the window {name} has no row for HMM state {hmm_states[at]}; add it.")
        return np.column_stack([self.forward_pdfs[found], self.self_loop_pdfs[found]])

    def _rows_of(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of every window and HMM state, -1 where there is none: column by column, by bisection."""
        rows = np.column_stack([self.windows, self.hmm_states]).astype(np.int64)
        # Rows whose first columns are equal are one group, numbered in their order; what is asked for falls into them.
        group, found = np.zeros(len(rows), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
        for column in range(rows.shape[1]):
            span = 1 + int(max(rows[:, column].max(initial=0), wanted[:, column].max(initial=0)))
            keys, group = np.unique(group * span + rows[:, column], return_inverse=True)
            group = group.reshape(-1)
            key = np.where(found >= 0, found * span + wanted[:, column], -1)
            place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            found = np.where(keys[place] == key, place, -1)
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the text form, every row in full; aside first, then renamed."""
        target = Path(path)
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf8", newline="\n") as out:
                out.write("\n".join(self._lines()) + "\n")
            os.chmod(aside, 0o644)
            os.replace(aside, target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    def _lines(self) -> Iterator[str]:
        yield HEADER
        yield " ".join(("phones", *self.phones))
        yield f"context-width {self.context_width}"
        yield f"central-position {self.central_position}"
        names = (NO_PHONE, *self.phones)
        for window, *rest in zip(
            self.windows.tolist(), self.hmm_states, self.forward_pdfs, self.self_loop_pdfs, strict=True
        ):
            yield " ".join((*(names[phone] for phone in window), *map(str, rest)))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "PdfTable":
        """Read the text form; raises FormatError, naming file and line, where it is malformed."""
        try:
            text = Path(path).read_text(encoding="utf8")
        except (OSError, UnicodeDecodeError) as problem:
            raise FormatError(f"{path}: cannot be read as a table of pdfs in UTF-8 ({problem}).") from None
        return _Reader(str(path), text).read()


class _Reader:
    """Reads the lines and knows where it is."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        lines = enumerate(text.split("\n"), 1)
        self.lines = iter([(number, line.split()) for number, line in lines if line.strip() and line[0] != "#"])
        self.number = 0

    def fail(self, problem: str) -> FormatError:
        return FormatError(f"{self.path}, line {self.number}: {problem}.")

    def header(self, name: str) -> list[str]:
        self.number, fields = next(self.lines, (self.number + 1, []))
        if not fields or fields[0] != name:
            raise self.fail(f"{name!r} should stand here")
        return fields[1:]

    def count(self, name: str, least: int, most: int) -> int:
        fields = self.header(name)
        if len(fields) != 1 or not fields[0].isdecimal() or not least <= int(fields[0]) <= most:
            raise self.fail(f"{name} must be a whole number from {least} to {most}")
        return int(fields[0])

    def read(self) -> PdfTable:
        if self.header(HEADER.split()[0]) != HEADER.split()[1:]:
            raise self.fail(f"this version is unknown; {HEADER!r} should stand here")
        phones = self.header("phones")
        numbers = {NO_PHONE: 0} | {phone: number for number, phone in enumerate(phones, start=1)}
        if not phones or len(numbers) != len(phones) + 1 or ANY in numbers or any(name[0] == "#" for name in phones):
            raise self.fail(f"name one phone at least, each once, none {NO_PHONE}, {ANY} or with a leading #")
        width = self.count("context-width", 1, 16)
        central = self.count("central-position", 0, width - 1)
        windows: list[tuple[int, ...]] = []
        columns: list[list[int]] = []
        seen: dict[tuple[int, ...], int] = {}
        for number, fields in self.lines:
            self.number = number
            values = self.values(fields, width)
            for window in itertools.product(*self.choices(fields[:width], numbers, central)):
                before = seen.setdefault((*window, values[0]), number)
                if before != number:
                    raise self.fail(f"line {before} has the same window and HMM state already")
                windows.append(window)
                columns.append(values)
                if len(windows) > _MOST_ROWS:
                    raise self.fail(f"the table has more than {_MOST_ROWS} rows")
        if not windows:
            raise self.fail("the table has no rows")
        return PdfTable.from_rows(phones, central, windows, columns)

    def values(self, fields: list[str], width: int) -> list[int]:
        numbers = fields[width:]
        good = len(numbers) == 3 and all(number.isdecimal() and int(number) < 2**31 for number in numbers)
        if not good:
            raise self.fail(f"a row has {width} phones, the HMM state and two pdfs (whole numbers below 2^31)")
        return [int(number) for number in numbers]

    def choices(self, names: list[str], numbers: dict[str, int], central: int) -> list[list[int]]:
        found = []
        for position, name in enumerate(names):
            if name == ANY:
                found.append([number for number in numbers.values() if number or position != central])
            elif name not in numbers:
                raise self.fail(f"the phone {name!r} is not listed above")
            elif name == NO_PHONE and position == central:
                raise self.fail(f"{NO_PHONE} stands in the centre of the window, where a phone is said")
            else:
                found.append([numbers[name]])
        return found


def _name(phones: tuple[str, ...], phone: int) -> str:
    return phones[phone - 1] if phone else NO_PHONE
