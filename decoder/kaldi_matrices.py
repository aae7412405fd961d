"""Matrices in Kaldi's archives (.ark) and script files (.scp), read only: binary, compressed or text.

The forms are those of Kaldi's matrix/kaldi-matrix.cc and matrix/compressed-matrix.h. Nothing in a file is ever run:
an entry that is a shell pipe is refused.
"""

import mmap
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError

Buffer = mmap.mmap | bytes
_RANGE = re.compile(r"^(.*)\[\s*(\d*):?(\d*)\s*(?:,\s*(\d*):?(\d*)\s*)?\]$")
_LONGEST_KEY = 4096


def read_archive(path: str | os.PathLike[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Go through the matrices of an archive: the key, and float32 (rows, columns).

    Raises FormatError, naming the file and the key, where it is damaged or holds something else.
    """
    data, place = _bytes_of(path), 0
    while True:
        while place < len(data) and data[place : place + 1].isspace():
            place += 1
        if place == len(data):
            return
        space = data.find(b" ", place, place + _LONGEST_KEY)
        if space < 0 or b"\n" in data[place:space]:
            raise FormatError(f"{path}: no key stands at byte {place}; it is no archive, or was cut short.")
        try:
            key = data[place:space].decode("utf8")
        except UnicodeDecodeError:
            raise FormatError(f"{path}: the key at byte {place} is not UTF-8; it is no archive of matrices.") from None
        matrix, place = _matrix(data, space + 1, f"{path}: {key}")
        yield key, matrix


def read_script(path: str | os.PathLike[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Go through the matrices that a script file lists, ``key file[:offset][[rows[,columns]]]`` a line.

    Ranges are ``first:last``, the last included, as Kaldi has it. Raises FormatError, naming the line, where an entry
    cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: cannot be read ({getattr(problem, 'strerror', None) or problem}).") from None
    opened: tuple[str, Buffer] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        key, _, entry = line.strip().partition(" ")
        entry = entry.strip()
        if not entry:
            raise FormatError(f"{where}: {key!r} stands alone; write the key, a space and the file.")
        if entry.startswith("|") or entry.endswith("|"):
            raise FormatError(f"{where}: {entry!r} is a command; run it yourself and list the file that it makes.")
        bounds = _RANGE.match(entry)
        if bounds:
            entry = bounds[1]
        file, colon, offset = entry.rpartition(":")
        if not (colon and offset.isdecimal()):
            file, offset = entry, "0"
        if opened is None or opened[0] != file:
            opened = (file, _bytes_of(file))
        matrix, _ = _matrix(opened[1], int(offset), f"{where}: {file}")
        yield key, _part(matrix, bounds, where) if bounds else matrix


def _bytes_of(path: str | os.PathLike[str]) -> Buffer:
    """Return the content of a file, mapped; of a pipe, read."""
    try:
        with open(path, "rb") as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError):  # a pipe, or an empty file
                return file.read()
    except OSError as problem:
        raise FormatError(f"{path}: cannot be read ({problem.strerror}).") from None


def _matrix(data: Buffer, place: int, name: str) -> tuple[NDArray[np.float32], int]:
    """Return the matrix at ``place`` and where the next key may stand."""
    if data[place : place + 2] != b"\0B":
        return _text_matrix(data, place, name)
    end = data.find(b" ", place + 2, place + 8)
    kind = bytes(data[place + 2 : end]) if end > 0 else b""
    place = end + 1
    if kind in (b"FM", b"DM"):
        dtype = np.dtype("<f4" if kind == b"FM" else "<f8")
        head = data[place : place + 10]
        if len(head) < 10 or head[0] != 4 or head[5] != 4:
            raise FormatError(f"{name}: the matrix has no proper size; the file is damaged.")
        rows, columns = struct.unpack("<i", head[1:5])[0], struct.unpack("<i", head[6:10])[0]
        values, place = _take(data, place + 10, rows, columns, dtype, name)
        return values.reshape(rows, columns).astype(np.float32), place
    if kind in (b"CM", b"CM2", b"CM3"):
        return _compressed(data, place, kind, name)
    raise FormatError(f"{name}: holds {kind.decode('latin1')!r}, not a matrix (FM, DM, CM, CM2 or CM3).")


def _take(
    data: Buffer, place: int, rows: int, columns: int, dtype: np.dtype[Any], name: str
) -> tuple[NDArray[Any], int]:
    """Return ``rows * columns`` values from ``place`` on, and the place behind them; refuse what is not there."""
    if rows < 0 or columns < 0 or (rows == 0) != (columns == 0):
        raise FormatError(f"{name}: a matrix of {rows} rows and {columns} columns cannot be; the file is damaged.")
    end = place + rows * columns * dtype.itemsize
    if end > len(data):
        raise FormatError(f"{name}: ends within a matrix of {rows} rows and {columns} columns; it was cut short.")
    return np.frombuffer(data, dtype, rows * columns, place), end


def _compressed(data: Buffer, place: int, kind: bytes, name: str) -> tuple[NDArray[np.float32], int]:
    head = data[place : place + 16]
    if len(head) < 16:
        raise FormatError(f"{name}: ends within the head of a matrix; it was cut short.")
    least, span, rows, columns = struct.unpack("<ffii", head)
    place += 16
    if kind == b"CM2":
        values, place = _take(data, place, rows, columns, np.dtype("<u2"), name)
        return (least + span / 65535 * values.reshape(rows, columns)).astype(np.float32), place
    if kind == b"CM3":
        values, place = _take(data, place, rows, columns, np.dtype("u1"), name)
        return (least + span / 255 * values.reshape(rows, columns)).astype(np.float32), place
    heads, place = _take(data, place, 4 * (rows > 0), columns, np.dtype("<u2"), name)
    values, place = _take(data, place, rows, columns, np.dtype("u1"), name)
    # The byte runs from the column's least value over its quartiles (at 64 and 192) to its greatest (at 255).
    knots = least + span / 65535 * heads.reshape(columns, -1).astype(np.float64)
    matrix = np.empty((rows, columns), np.float32)
    for column, bytes_ in enumerate(values.reshape(columns, rows)):
        matrix[:, column] = np.interp(np.arange(256), (0, 64, 192, 255), knots[column])[bytes_]
    return matrix, place


def _text_matrix(data: Buffer, place: int, name: str) -> tuple[NDArray[np.float32], int]:
    begin, end = data.find(b"[", place), data.find(b"]", place)
    if begin < 0 or end < begin or data[place:begin].strip():
        raise FormatError(f"{name}: is neither a binary matrix nor one between brackets.")
    rows = [line.split() for line in data[begin + 1 : end].decode("latin1").splitlines()]
    rows = [row for row in rows if row]
    if any(len(row) != len(rows[0]) for row in rows):
        raise FormatError(f"{name}: the rows of the matrix differ in length.")
    try:
        matrix = np.array(rows, dtype=np.float32).reshape(len(rows), len(rows[0]) if rows else 0)
    except ValueError as problem:
        raise FormatError(f"{name}: the matrix holds what is no number ({problem}).") from None
    return matrix, end + 1


def _part(matrix: NDArray[np.float32], bounds: re.Match[str], where: str) -> NDArray[np.float32]:
    slices = []
    for first, last, size in ((bounds[2], bounds[3], matrix.shape[0]), (bounds[4], bounds[5], matrix.shape[1])):
        begin, end = int(first or 0), int(last) + 1 if last else size
        if not begin < end <= size:
            raise FormatError(f"{where}: range {begin}:{end - 1} lies outside the matrix of shape {matrix.shape}.")
        slices.append(slice(begin, end))
    return matrix[tuple(slices)]
