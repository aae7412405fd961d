"""Compiled reading of an ARPA file's lines: numbers and words of the usual forms; the rest is left to Python."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .word_table import WordTable
from .word_table_kernels import find_word

FINISHED, ENDED, ODD = range(3)
"""All rows are read; a line that begins with a backslash, or the file's end, came first; a row is not of the usual
form, or wrong."""

_NEWLINE, _BACKSLASH, _MINUS, _PLUS, _POINT, _ZERO = 10, 92, 45, 43, 46, 48
_POWERS = 10.0 ** np.arange(23)
_EXACT = 1 << 53
_MOST_DIGITS = 18
_MOST = 100.0


@inlined_kernel
def is_space(byte: int) -> bool:
    """Return whether the byte parts fields: a space, a tab, or another of what ASCII calls white space."""
    return byte == 32 or 9 <= byte <= 13


@inlined_kernel
def skip_spaces(data: NDArray[np.uint8], at: int) -> int:
    """Return the next place that holds no space within the line, or its end."""
    while at < len(data) and data[at] != _NEWLINE and is_space(data[at]):
        at += 1
    return at


@inlined_kernel
def skip_field(data: NDArray[np.uint8], at: int) -> int:
    """Return the end of the field that begins at ``at``."""
    while at < len(data) and not is_space(data[at]):
        at += 1
    return at


@inlined_kernel
def number_at(data: NDArray[np.uint8], at: int, end: int) -> tuple[float, bool]:
    """Return the number ``data[at:end]``, and whether it is of the usual form, where its rounding is exact.

    A product or quotient of two numbers that float64 holds exactly is rounded once (Clinger, 1990): so digits that make
    a number below 2**53, and powers of ten up to the 22nd.
    """
    negative = at < end and data[at] == _MINUS
    if at < end and (negative or data[at] == _PLUS):
        at += 1
    mantissa, scale, digits, point = np.int64(0), 0, 0, False
    while at < end:
        digit = np.int64(data[at]) - _ZERO
        if 0 <= digit <= 9:
            mantissa = mantissa * 10 + digit
            digits += 1
            scale -= 1 if point else 0
            if digits > _MOST_DIGITS:
                return 0.0, False
        elif data[at] == _POINT and not point:
            point = True
        else:
            break
        at += 1
    if digits == 0:
        return 0.0, False
    if at < end:
        if data[at] != 101 and data[at] != 69:  # e, E
            return 0.0, False
        at += 1
        down = at < end and data[at] == _MINUS
        if at < end and (down or data[at] == _PLUS):
            at += 1
        if at >= end or end - at > 3:
            return 0.0, False
        exponent = 0
        while at < end:
            digit = np.int64(data[at]) - _ZERO
            if not 0 <= digit <= 9:
                return 0.0, False
            exponent = exponent * 10 + digit
            at += 1
        scale += -exponent if down else exponent
    if mantissa > _EXACT or not -22 <= scale <= 22:
        return 0.0, False
    value = mantissa / _POWERS[-scale] if scale < 0 else mantissa * _POWERS[scale]
    return -value if negative else value, True


@inlined_kernel
def read_row(
    data: NDArray[np.uint8], at: int, highest: bool, fields: NDArray[np.int64], numbers: NDArray[np.float32]
) -> int:
    """Read the line at ``at``; return the place after its last field, -1 where it is odd.

    ``fields`` (words, 2) takes where the words begin and end, ``numbers`` the probability and the back-off weight, NaN
    where there is none.
    """
    end = skip_field(data, at)
    value, usual = number_at(data, at, end)
    if not usual or value > 0:
        return -1
    numbers[0] = value
    for place in range(len(fields)):
        at = skip_spaces(data, end)
        end = skip_field(data, at)
        if end == at:
            return -1
        fields[place, 0], fields[place, 1] = at, end
    at = skip_spaces(data, end)
    numbers[1] = np.nan
    if at >= len(data) or data[at] == _NEWLINE:
        return at
    end = skip_field(data, at)
    value, usual = number_at(data, at, end)
    at = skip_spaces(data, end)
    if highest or not usual or value >= _MOST or (at < len(data) and data[at] != _NEWLINE):
        return -1
    numbers[1] = value
    return at


@kernel
def read_rows(
    data: NDArray[np.uint8],
    at: int,
    highest: bool,
    table: WordTable,
    fields: NDArray[np.int64],
    ids: NDArray[np.int32],
    numbers: NDArray[np.float32],
    done: int,
) -> tuple[int, int, int]:
    """Read n-grams from ``at`` on into the rows from ``done`` on until all are full.

    ``ids`` (rows, words) takes the words' numbers; without words in the table it is left alone and ``fields``, which
    has two places for every word of a row, holds all rows' instead of one's. Returns FINISHED, ENDED or ODD, the rows
    that are done, and the place of the line that comes next.
    """
    words = ids.shape[1]
    keeps_fields = len(table.slots) == 0
    row_numbers = np.empty(2, np.float32)
    while done < len(numbers):
        while at < len(data) and is_space(data[at]):
            at += 1
        if at >= len(data) or data[at] == _BACKSLASH:
            return ENDED, done, at
        first = done * words if keeps_fields else 0
        here = fields[first : first + words]
        end = read_row(data, at, highest, here, row_numbers)
        if end < 0:
            return ODD, done, at
        if not keeps_fields:
            for place in range(words):
                number = find_word(table, data, here[place, 0], here[place, 1])
                if number < 0:
                    return ODD, done, at
                ids[done, place] = number
        numbers[done, 0], numbers[done, 1] = row_numbers[0], row_numbers[1]
        done += 1
        at = end
    return FINISHED, done, at


@kernel
def word_number(table: WordTable, word: NDArray[np.uint8]) -> int:
    """Return the number of one word, -1 where the table lacks it."""
    return find_word(table, word, 0, len(word))


@kernel
def first_not_rising(rows: NDArray[np.int32]) -> int:
    """Return the first row that does not come after the one before it in lexicographic order, or their number."""
    for row in range(1, len(rows)):
        column = 0
        while column < rows.shape[1] and rows[row, column] == rows[row - 1, column]:
            column += 1
        if column == rows.shape[1] or rows[row, column] < rows[row - 1, column]:
            return row
    return len(rows)


@kernel
def sorting_order(rows: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    """Return the stable order that sorts ``rows`` of numbers from 0 to ``most``: a radix sort, last column first."""
    order, other = np.empty(len(rows), np.int32), np.empty(len(rows), np.int32)
    for row in range(len(rows)):
        order[row] = row
    for column in range(rows.shape[1] - 1, -1, -1):
        starts = np.zeros(most + 2, np.int64)
        for row in range(len(rows)):
            starts[rows[row, column] + 1] += 1
        for number in range(most + 1):
            starts[number + 1] += starts[number]
        for place in range(len(rows)):
            number = rows[order[place], column]
            other[starts[number]] = order[place]
            starts[number] += 1
        order, other = other, order
    return order
