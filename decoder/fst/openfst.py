"""OpenFst's binary files: ``vector`` files are read at memory speed, ``const`` files are mapped and not parsed.

The formats are those of OpenFst's vector-fst.h and const-fst.h. A vector file holds record after record, one a state
with its arcs; a const file all states, then all arcs of 16 bytes each, of which the machine's arrays are strided views.
"""

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .files import Place, named_bytes, write_bytes
from .openfst_header import (
    ALIGNMENT,
    HAS_ISYMBOLS,
    HAS_OSYMBOLS,
    IS_ALIGNED,
    Cursor,
    Header,
    read_header,
    read_symbol_table,
    symbol_table_bytes,
)
from .properties import EXPANDED, MUTABLE, all_properties, local_properties, property_bits
from .symbols import SymbolTable
from .transducer import NO_STATE, Fst, read_only

KINDS = ("vector", "const")
ARC_TYPES = {"standard": "tropical", "log": "log"}
"""OpenFst's names for the arcs of the two semirings."""

ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("nextstate", "<i4")])
_COUNTS = {"const": "<u4", "const8": "<u1", "const16": "<u2", "const64": "<u8"}


def read_fst(source: Place) -> Fst:
    """Read an OpenFst binary file, of type vector or const, with standard or log arcs, with its symbol tables.

    ``source`` is a path, whose file is mapped where it is an ordinary one, or a binary file object, which is read to
    its end. Raises FormatError, naming the file, where it is missing, cut short, damaged or of another type.
    """
    name, data = named_bytes(source)
    cursor = Cursor(name, data)
    header = read_header(cursor)
    if header.kind not in ("vector", *_COUNTS):
        cursor.refuse(f"is of type {header.kind!r}; convert it with OpenFst's `fstconvert --fst_type=vector`")
    if header.arc_type not in ARC_TYPES:
        cursor.refuse(f"has arcs of type {header.arc_type!r}; only {' and '.join(ARC_TYPES)} arcs can be read")
    isymbols = read_symbol_table(cursor) if header.flags & HAS_ISYMBOLS else None
    osymbols = read_symbol_table(cursor) if header.flags & HAS_OSYMBOLS else None
    read = _read_vector if header.kind == "vector" else _read_const
    arc_begin, arcs, final_weights = read(cursor, header)
    if not NO_STATE <= header.start < len(final_weights):
        cursor.refuse(f"starts at state {header.start}, which is none of its {len(final_weights)} states")
    ilabels, olabels, weights, nextstates = (arcs[field] for field in ("ilabel", "olabel", "weight", "nextstate"))
    if header.kind == "vector":  # parsed, so it may as well lie as kernels like it
        ilabels, olabels, weights, nextstates = map(np.ascontiguousarray, (ilabels, olabels, weights, nextstates))
    fst = Fst(
        start=header.start,
        arc_begin=arc_begin,
        ilabels=ilabels,
        olabels=olabels,
        weights=weights,
        nextstates=nextstates,
        final_weights=final_weights,
        semiring=ARC_TYPES[header.arc_type],
        isymbols=isymbols,
        osymbols=osymbols,
    )
    fst.check(name)
    return fst


Body = tuple[NDArray[np.int64], NDArray[np.void], NDArray[np.float32]]
"""Where the arcs of each state begin, the arcs (an array of ``ARC``), the final weights."""


def _read_vector(cursor: Cursor, header: Header) -> Body:
    from .openfst_kernels import state_begins

    if header.version != 2:
        cursor.refuse(f"is a vector file of version {header.version}; only version 2 can be read")
    if not NO_STATE <= header.states <= cursor.left // 12:
        cursor.refuse(f"is cut short or damaged, for {header.states} states do not fit into it")
    if cursor.left % 4:
        cursor.refuse("is cut short or damaged, for it ends in the middle of a number")
    words = np.empty(cursor.left // 4, dtype="<i4")
    words.view(np.uint8)[:] = cursor.take(cursor.left, "the states")
    begins, used = state_begins(read_only(words), header.states)
    if used != len(words):
        how = "go on past its end" if used < 0 else "end before it does"
        cursor.refuse(f"is cut short or damaged: its states {how}")
    is_arc = np.ones(len(words), dtype=bool)
    for part in range(3):
        is_arc[begins + part] = False
    arc_begin = np.append(begins, len(words)) - 3 * np.arange(len(begins) + 1)
    return arc_begin // 4, words[is_arc].view(ARC), words[begins].view("<f4")


def _read_const(cursor: Cursor, header: Header) -> Body:
    if header.version not in (1, 2):
        cursor.refuse(f"is a const file of version {header.version}; only versions 1 and 2 can be read")
    aligned = header.version == 1 or bool(header.flags & IS_ALIGNED)
    counts = _COUNTS[header.kind]
    state = np.dtype([("final", "<f4"), *((part, counts) for part in ("begin", "arcs", "ieps", "oeps"))], align=True)
    if aligned:
        cursor.align()
    if not (0 <= header.states <= cursor.left // state.itemsize and 0 <= header.arcs <= cursor.left // ARC.itemsize):
        cursor.refuse(f"is cut short or damaged: {header.states} states and {header.arcs} arcs do not fit into it")
    states = cursor.take(header.states * state.itemsize, "the states").view(state)
    if aligned:
        cursor.align()
    arcs = cursor.take(header.arcs * ARC.itemsize, "the arcs").view(ARC)
    if cursor.left:
        cursor.refuse(f"goes on for {cursor.left} bytes after its last arc; the file is damaged")
    arc_begin = np.append(states["begin"].astype(np.int64), header.arcs)
    if arc_begin[0] != 0 or not np.array_equal(np.diff(arc_begin), states["arcs"].astype(np.int64)):
        cursor.refuse("is damaged: the arcs of its states do not follow each other")
    return arc_begin, arcs, states["final"]


def write_fst(fst: Fst, target: Place, kind: str = "vector", align: bool = False) -> None:
    """Write ``fst`` as an OpenFst binary file of type ``"vector"`` or ``"const"``, with its symbol tables.

    ``align`` (const files alone) lets states and arcs begin at a multiple of 16 bytes, which old versions of OpenFst
    need to map a file. A path gets a whole file or none; anything else is a binary file object. The header holds the
    properties that OpenFst would compute, so that it need not; those of a vector file without following paths.
    """
    if kind not in KINDS:
        raise OptionsError(f"write_fst: kind is {kind!r}; give one of {', '.join(KINDS)}.")
    if align and kind != "const":
        raise OptionsError("write_fst: only const files are aligned; leave align out or give kind='const'.")
    fst.check()
    flags = (HAS_ISYMBOLS if fst.isymbols else 0) | (HAS_OSYMBOLS if fst.osymbols else 0)
    const = kind == "const"
    header = Header(
        kind=kind,
        arc_type=next(arc_type for arc_type, semiring in ARC_TYPES.items() if semiring == fst.semiring),
        version=1 if align else 2,
        flags=flags | (IS_ALIGNED if align else 0),
        properties=property_bits(all_properties(fst) if const else local_properties(fst))
        | (EXPANDED if const else EXPANDED | MUTABLE),
        start=fst.start,
        states=fst.states,
        arcs=fst.arcs if const else 0,
    )
    head = header.to_bytes() + b"".join(map(_table_bytes, (fst.isymbols, fst.osymbols)))
    write_bytes(target, [head, *(_const_body(fst, len(head) if align else None) if const else [_vector_body(fst)])])


def _table_bytes(table: SymbolTable | None) -> bytes:
    return symbol_table_bytes(table) if table else b""


def _vector_body(fst: Fst) -> NDArray[np.int32]:
    words = np.zeros(3 * fst.states + 4 * fst.arcs, dtype="<i4")
    begins = 3 * np.arange(fst.states) + 4 * fst.arc_begin[:-1]
    words[begins] = np.ascontiguousarray(fst.final_weights, dtype="<f4").view("<i4")
    words[begins + 1] = np.diff(fst.arc_begin)
    is_arc = np.ones(len(words), dtype=bool)
    for part in range(3):
        is_arc[begins + part] = False
    words[is_arc] = _arc_records(fst).view("<i4")
    return words


def _const_body(fst: Fst, head: int | None) -> list[bytes | NDArray[np.void]]:
    """Return states and arcs; where ``head`` is the number of bytes before them, padded so that both are aligned."""
    state = np.dtype([("final", "<f4"), ("begin", "<u4"), ("arcs", "<u4"), ("ieps", "<u4"), ("oeps", "<u4")])
    if fst.arcs >= 2**32:
        raise OptionsError(f"write_fst: {fst.arcs} arcs are too many for a const file; write a vector file.")
    states = np.empty(fst.states, dtype=state)
    states["final"], states["begin"] = fst.final_weights, fst.arc_begin[:-1]
    states["arcs"] = np.diff(fst.arc_begin)
    for part, labels in (("ieps", fst.ilabels), ("oeps", fst.olabels)):
        before = np.concatenate([[0], np.cumsum(labels == 0)])
        states[part] = before[fst.arc_begin[1:]] - before[fst.arc_begin[:-1]]
    if head is None:
        return [states, _arc_records(fst)]
    first = b"\0" * (-head % ALIGNMENT)
    return [first, states, b"\0" * (-(head + len(first) + states.nbytes) % ALIGNMENT), _arc_records(fst)]


def _arc_records(fst: Fst) -> NDArray[np.void]:
    arcs = np.empty(fst.arcs, dtype=ARC)
    arcs["ilabel"], arcs["olabel"], arcs["weight"], arcs["nextstate"] = (
        fst.ilabels,
        fst.olabels,
        fst.weights,
        fst.nextstates,
    )
    return arcs
