"""Transducers as text in the form of the AT&T tools, which OpenFst's fstcompile and fstprint read and write.

A line is an arc: source, target, input, output, cost; or a final state: state, cost. A cost may be left out, it is 0
then; an acceptor leaves out the output. The state of the first line is the start. Labels are numbers, or names where a
symbol table is given.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .files import Place, name_of, named_bytes, write_bytes
from .symbols import SymbolTable
from .text_lines import LineReader
from .transducer import SEMIRINGS, Fst

_SHORT = 2**16
"""Bytes up to which a text is read line by line, which is done before compiled kernels are loaded."""


def read_text(
    source: Place,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    keep_state_numbering: bool = False,
    semiring: str = "tropical",
) -> Fst:
    """Read a machine from a text file or a binary file object; the tables become those of the machine.

    See ``parse_text`` for the rest. Raises FormatError, naming the file and the line.
    """
    _check_semiring(semiring, name_of(source))
    name, data = named_bytes(source)
    return _parse(data, isymbols, osymbols, ssymbols, acceptor, keep_state_numbering, semiring, name)


def parse_text(
    text: str,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    keep_state_numbering: bool = False,
    semiring: str = "tropical",
    name: str = "text",
) -> Fst:
    """Return the machine that ``text`` describes.

    States are numbered as they first appear, unless ``keep_state_numbering``; ``ssymbols`` names them. Lines have up
    to five columns, those of an ``acceptor`` up to four. Raises FormatError, naming ``name`` and the line.
    """
    _check_semiring(semiring, name)
    data = np.frombuffer(text.encode("utf8", "surrogateescape"), dtype=np.uint8)
    return _parse(data, isymbols, osymbols, ssymbols, acceptor, keep_state_numbering, semiring, name)


def _check_semiring(semiring: str, name: str) -> None:
    if semiring not in SEMIRINGS:
        raise OptionsError(f"{name}: semiring {semiring!r} is none of {', '.join(SEMIRINGS)}.")


def _parse(
    data: NDArray[np.uint8],
    isymbols: SymbolTable | None,
    osymbols: SymbolTable | None,
    ssymbols: SymbolTable | None,
    acceptor: bool,
    keep_state_numbering: bool,
    semiring: str,
    name: str,
) -> Fst:
    if acceptor and osymbols is None:
        osymbols = isymbols
    outputs = isymbols if acceptor else osymbols
    if len(data) > _SHORT:
        from .text_rows import parse_rows_of

        fst = parse_rows_of(data, (isymbols, outputs, ssymbols), acceptor, keep_state_numbering, semiring, name)
        if fst is not None:
            return replace(fst, isymbols=isymbols, osymbols=osymbols)
    reader = LineReader(name, isymbols, outputs, ssymbols, acceptor, keep_state_numbering)
    return reader.read(data.tobytes().decode("utf8", "surrogateescape"), semiring, osymbols)


def write_text(
    fst: Fst,
    target: Place,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    show_weight_one: bool = False,
    missing_symbol: str | None = None,
) -> None:
    """Write ``to_text(fst, ...)`` to a path, never half a file, or to a binary file object."""
    from .text_print import print_fst

    tables = (isymbols, osymbols, ssymbols)
    write_bytes(target, [print_fst(fst, tables, acceptor, show_weight_one, missing_symbol)])


def to_text(
    fst: Fst,
    isymbols: SymbolTable | None = None,
    osymbols: SymbolTable | None = None,
    ssymbols: SymbolTable | None = None,
    acceptor: bool = False,
    show_weight_one: bool = False,
    missing_symbol: str | None = None,
) -> str:
    """Return ``fst`` as fstprint prints it: the start state first; labels as numbers where no table is given.

    ``acceptor`` leaves out the outputs where they all equal the inputs; ``show_weight_one`` writes costs of 0 too;
    ``missing_symbol`` stands for a label that its table does not name, which is a FormatError otherwise.
    """
    from .text_print import print_fst

    tables = (isymbols, osymbols, ssymbols)
    return print_fst(fst, tables, acceptor, show_weight_one, missing_symbol).tobytes().decode("utf8", "surrogateescape")
