"""What stands before the states in an OpenFst file: the header and the symbol tables (OpenFst 1.3 to 1.8).

Numbers are little-endian; a string is its length, int32, and its bytes. Every length and count is held against the
bytes that are left before anything of that size is made.
"""

import struct
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .symbols import SymbolTable

FST_MAGIC = 2125659606
SYMBOLS_MAGIC = 2125658996
HAS_ISYMBOLS, HAS_OSYMBOLS, IS_ALIGNED = 1, 2, 4
ALIGNMENT = 16
"""Where an aligned file's states and arcs begin: at a multiple of this many bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of an OpenFst header in their order; -1 states means: up to the end of the file."""

    kind: str
    arc_type: str
    version: int
    flags: int
    properties: int
    start: int
    states: int
    arcs: int

    def to_bytes(self) -> bytes:
        """Return the header as it stands in a file."""
        return (
            struct.pack("<i", FST_MAGIC)
            + _string(self.kind)
            + _string(self.arc_type)
            + struct.pack("<iiQqqq", self.version, self.flags, self.properties, self.start, self.states, self.arcs)
        )


class Cursor:
    """A place in the bytes of a file that moves on as values are read and never past the end."""

    def __init__(self, name: str, data: NDArray[np.uint8]) -> None:
        self.name = name
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes have not been read."""
        return len(self.data) - self.at

    def refuse(self, what: str) -> NoReturn:
        """Raise the FormatError that says ``what`` about this file."""
        raise FormatError(f"{self.name}: {what}.")

    def take(self, count: int, what: str) -> NDArray[np.uint8]:
        """Return the next ``count`` bytes, a view; FormatError where fewer are left."""
        if not 0 <= count <= self.left:
            self.refuse(f"is cut short or damaged, for {what} would take {count} bytes and {self.left} are left")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str, what: str) -> int:
        """Return the next integer; ``form`` is its letter in the struct module."""
        size = struct.calcsize("<" + form)
        value: int = struct.unpack("<" + form, self.take(size, what).tobytes())[0]
        return value

    def string(self, what: str) -> str:
        """Return the next string; bytes that are not UTF-8 become surrogates, and the same bytes when written."""
        return self.take(self.number("i", what), what).tobytes().decode("utf8", "surrogateescape")

    def align(self) -> None:
        """Skip the bytes up to the next multiple of ``ALIGNMENT``."""
        self.take(-self.at % ALIGNMENT, "the alignment")


def read_header(cursor: Cursor) -> Header:
    """Read the header; FormatError where the bytes are none."""
    if cursor.left < 4 or cursor.number("i", "the header") != FST_MAGIC:
        cursor.refuse("is not an OpenFst binary file; make one from text with `harken fst compile`")
    kind, arc_type = cursor.string("the type"), cursor.string("the arc type")
    forms = (
        ("i", "the version"),
        ("i", "the flags"),
        ("Q", "the properties"),
        ("q", "the start state"),
        ("q", "the number of states"),
        ("q", "the number of arcs"),
    )
    header = Header(kind, arc_type, *(cursor.number(form, what) for form, what in forms))
    if header.flags & ~(HAS_ISYMBOLS | HAS_OSYMBOLS | IS_ALIGNED):
        cursor.refuse(f"has unknown flags ({header.flags}); the file is damaged")
    return header


def read_symbol_table(cursor: Cursor) -> SymbolTable:
    """Read a symbol table in OpenFst's binary form."""
    if cursor.number("i", "a symbol table") != SYMBOLS_MAGIC:
        cursor.refuse("announces a symbol table where there is none; the file is damaged")
    title = cursor.string("a symbol table")
    cursor.number("q", "a symbol table")  # the next free label
    size = cursor.number("q", "a symbol table")
    if not 0 <= size <= cursor.left // 12:
        cursor.refuse(f"is cut short or damaged, for a symbol table announces {size} names")
    data = cursor.data[cursor.at :].data
    names: dict[int, str] = {}
    at = 0
    for _ in range(size):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little", signed=True)
        if not at + 4 <= end <= len(data) - 8:
            cursor.refuse(f"is cut short or damaged in a symbol table, at byte {cursor.at + at}")
        label = int.from_bytes(data[end : end + 8], "little", signed=True)
        if label < 0 or label in names:
            cursor.refuse(f"has a symbol table with the {'negative' if label < 0 else 'double'} label {label}")
        names[label] = str(data[at + 4 : end], "utf8", "surrogateescape")
        at = end + 8
    cursor.at += at
    try:
        return SymbolTable(names, title)
    except FormatError:
        cursor.refuse("has a symbol table in which a name stands for two labels")


def symbol_table_bytes(table: SymbolTable) -> bytes:
    """Return a symbol table in OpenFst's binary form, its labels rising as OpenFst writes them."""
    free = max(table.names, default=-1) + 1
    head = struct.pack("<i", SYMBOLS_MAGIC) + _string(table.title) + struct.pack("<qq", free, len(table))
    return head + b"".join(_string(name) + struct.pack("<q", label) for label, name in sorted(table))


def _string(text: str) -> bytes:
    data = text.encode("utf8", "surrogateescape")
    return struct.pack("<i", len(data)) + data
