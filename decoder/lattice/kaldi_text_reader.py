"""Reading lattices that Kaldi wrote in text (the form is told in kaldi_text.py)."""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import FormatError
from .assemble import Pieces, assemble
from .lattice import LabelTable, Lattice


class _Row(NamedTuple):
    """A line of a lattice: an arc, or with target -1 a final state; labels read, and graph and acoustic costs."""

    source: int
    target: int
    word: int
    labels: tuple[int, ...]
    graph: float
    acoustic: float


def read_kaldi_text(
    path: str | os.PathLike[str],
    words_table: tuple[str, ...] | None = None,
    label_table: LabelTable | None = None,
    acoustic_scale: float = 1.0,
) -> Iterator[tuple[str, Lattice]]:
    """Read a text archive, of either kind: give each key and its lattice, in the order of the file.

    Words may be numbers, as Kaldi writes them, or words of ``words_table``; without a table, the words of the file are
    numbered as they come (a number is its own name). States that lie on no whole path go; frames are counted from the
    labels. Raises FormatError, naming the line, where the text makes no sense.
    """
    try:
        lines = Path(path).read_text(encoding="utf8").split("\n")
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be read ({getattr(problem, 'strerror', problem)}).") from None
    number, ids = 0, _WordIds(words_table)
    while number < len(lines):
        columns = lines[number].split()
        number += 1
        if not columns:
            continue
        if len(columns) > 1:
            raise FormatError(f"{path}: line {number} is no key of a lattice; an empty line is missing before it.")
        first = number
        while number < len(lines) and lines[number].split():
            number += 1
        rows = _rows(lines[first:number], f"{path}: line", first + 1, ids)
        table = ids.table if words_table is None else words_table
        yield columns[0], _lattice(rows, f"{path}: {columns[0]}", table, label_table, acoustic_scale)


class _WordIds:
    """The numbers of words: those of a table, or new ones as words come."""

    def __init__(self, table: tuple[str, ...] | None) -> None:
        self.is_given = table is not None
        self.ids = {word: number for number, word in enumerate(table or ("<eps>",))}

    @property
    def table(self) -> tuple[str, ...]:
        """All words so far, by number."""
        return tuple(self.ids)

    def number(self, text: str) -> int:
        if self.is_given:
            return _natural(text) if text.isdecimal() else self.ids[text]
        return 0 if text == "0" else self.ids.setdefault(text, len(self.ids))


def _rows(lines: Sequence[str], where: str, first: int, ids: _WordIds) -> list[_Row]:
    split = [line.split() for line in lines]
    weights = [columns[-1].count(",") for columns in split]
    longest = max((len(columns) for columns in split), default=0)
    compact = 2 in weights or (1 not in weights and longest <= 3)
    rows = []
    for number, columns in enumerate(split, start=first):
        try:
            rows.append(_row(columns, compact, ids))
        except (ValueError, IndexError, KeyError) as problem:
            raise FormatError(f"{where} {number} is no arc or final state of a lattice ({problem}).") from None
    return rows


def _row(columns: list[str], compact: bool, ids: _WordIds) -> _Row:
    is_weighted = "," in columns[-1] and len(columns) in (2, 4, 5)
    weight = columns.pop().split(",") if is_weighted else ["0", "0", ""][: 2 + compact]
    if len(weight) != 2 + compact:
        raise ValueError(f"{len(weight)} parts of a weight")
    graph, acoustic = float(weight[0]), float(weight[1])
    labels = tuple(int(label) for label in weight[2].split("_")) if compact and weight[2] else ()
    if len(columns) == 1:
        if math.isnan(graph + acoustic):
            raise ValueError("a cost is no number")
        return _Row(_natural(columns[0]), -1, 0, labels, graph, acoustic)
    if len(columns) != (3 if compact else 4):
        raise ValueError(f"{len(columns)} columns")
    if not math.isfinite(graph + acoustic):
        raise ValueError("a cost is not finite")
    if not compact and (label := _natural(columns[2])):
        labels = (label,)
    if min(labels, default=1) < 1 or max(labels, default=1) >= 2**31:
        raise ValueError("a label is outside 1..2^31 - 1")
    return _Row(_natural(columns[0]), _natural(columns[1]), ids.number(columns[-1]), labels, graph, acoustic)


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) >= 2**31:
        raise ValueError(f"{text!r} is no number from 0 to 2^31 - 1")
    return int(text)


def _lattice(
    rows: Sequence[_Row],
    name: str,
    words_table: tuple[str, ...],
    label_table: LabelTable | None,
    acoustic_scale: float,
) -> Lattice:
    number: dict[int, int] = {}
    for row in rows:
        number.setdefault(row.source, len(number))
        if row.target >= 0:
            number.setdefault(row.target, len(number))
    final_costs = np.zeros((len(number) + 1, 4))
    final_costs[:, 0] = np.inf
    arcs = []
    for row in rows:
        if row.target < 0 and not row.labels:
            final_costs[number[row.source], :2] = row.graph, row.acoustic if math.isfinite(row.graph) else 0.0
        elif math.isfinite(row.graph):
            target = len(number) if row.target < 0 else number[row.target]
            arcs.append((number[row.source], target, row.word, row.labels, row.graph, row.acoustic))
            if row.target < 0:
                final_costs[len(number)] = 0.0
    columns = list(zip(*arcs, strict=True)) or [(), (), (), (), (), ()]
    costs = np.zeros((len(arcs), 4))
    costs[:, 0], costs[:, 1] = columns[4], columns[5]
    pieces = Pieces(
        sources=np.array(columns[0], np.int64),
        nextstates=np.array(columns[1], np.int64),
        words=np.array(columns[2], np.int64),
        label_begin=np.concatenate([[0], np.cumsum([len(labels) for labels in columns[3]])]).astype(np.int64),
        labels=np.array([label for labels in columns[3] for label in labels], np.int32),
        costs=costs,
        final_costs=final_costs,
    )
    try:
        lattice = assemble(pieces, 0, acoustic_scale, words_table, label_table)
    except FormatError as problem:
        raise FormatError(f"{name}: {problem}") from None
    lattice.check(name)
    return lattice
