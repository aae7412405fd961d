"""Names of labels: the table that turns what a transducer reads or writes into words, phones or units.

As text, a table is a line a label, its name and its number, parted by tabs or spaces (Kaldi's ``words.txt``, OpenFst's
``--isymbols``).
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import BinaryIO

from ...errors import FormatError
from .files import named_text, write_bytes


class SymbolTable:
    """Labels and their names, one to one: ``table.name(3)``, ``table.label("the")``; label 0 is ``<eps>`` by custom.

    ``title`` is what OpenFst stores as a table's own name, mostly the file that it came from; tables are equal where
    their labels and names are.
    """

    def __init__(self, names: Mapping[int, str], title: str = "") -> None:
        self._names = dict(names)
        self.title = title
        if len(self._labels) != len(self._names):
            raise FormatError("symbols: a name stands for two labels; give every label a name of its own.")

    @classmethod
    def of_words(cls, words: Iterable[str]) -> "SymbolTable":
        """Return the table that numbers ``words`` from 0 on."""
        return cls(dict(enumerate(words)))

    @classmethod
    def from_text(cls, text: str, name: str = "symbols") -> "SymbolTable":
        """Parse a table written as text; FormatError names ``name`` and the line that cannot be read."""
        names: dict[int, str] = {}
        lines: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            fields = line.rstrip("\r").replace("\t", " ").split(" ")
            if len(fields) != 2 or not fields[0]:
                fields = [field for field in fields if field]
                if not fields:
                    continue
            if len(fields) != 2 or not (fields[1].isascii() and fields[1].isdecimal()) or len(fields[1]) > 18:
                raise FormatError(f"{name}: line {number} is not a name and a number from 0 on, parted by a space.")
            symbol, label = fields[0], int(fields[1])
            if label in names or symbol in lines:
                before = f"label {label}" if label in names else f"{symbol!r} (line {lines[symbol]})"
                raise FormatError(f"{name}: line {number} gives {before} a second time; remove one.")
            names[label] = symbol
            lines[symbol] = number
        return cls(names, title=name)

    def to_text(self) -> str:
        """Return the table as text; FormatError where a name is empty or holds a blank, which text cannot hold."""
        for label, name in self._names.items():
            if not name or any(blank in name for blank in " \t\n\r"):
                raise FormatError(f"symbols: the name {name!r} of label {label} cannot be written as text; rename it.")
        return "".join(f"{name}\t{label}\n" for label, name in self._names.items())

    @cached_property
    def _labels(self) -> dict[str, int]:
        return {name: label for label, name in self._names.items()}

    @property
    def names(self) -> Mapping[int, str]:
        """The names by label."""
        return MappingProxyType(self._names)

    @property
    def labels(self) -> Mapping[str, int]:
        """The labels by name."""
        return MappingProxyType(self._labels)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Go through the pairs (label, name) in their order."""
        return iter(self._names.items())

    def __repr__(self) -> str:
        return f"SymbolTable({self.title!r}, {len(self)} names)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolTable) and self._names == other._names

    __hash__ = None  # type: ignore[assignment]

    def name(self, label: int) -> str:
        """Return the name of ``label``; raises FormatError where it has none."""
        if label not in self._names:
            raise FormatError(f"symbols: label {label} has no name.")
        return self._names[label]

    def label(self, name: str) -> int:
        """Return the label of ``name``; raises FormatError where none has it."""
        if name not in self._labels:
            raise FormatError(f"symbols: {name!r} is not listed.")
        return self._labels[name]


def read_symbols(source: str | os.PathLike[str] | BinaryIO) -> SymbolTable:
    """Read a table from a text file or a binary file object; FormatError where it is missing or malformed."""
    name, text = named_text(source)
    return SymbolTable.from_text(text, name)


def write_symbols(table: SymbolTable, target: str | os.PathLike[str] | BinaryIO) -> None:
    """Write ``table`` as text to a path, never half a file, or to a binary file object."""
    write_bytes(target, [table.to_text().encode("utf8", "surrogateescape")])
