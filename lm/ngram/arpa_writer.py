"""ARPA files written from sorted arrays."""

import gzip
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from .arpa import Arpa

_LINES_AT_ONCE = 1 << 16


def write_arpa(arpa: Arpa, path: str | os.PathLike[str]) -> None:
    """Write ``arpa`` to ``path``, gzip-compressed where the name ends in ``.gz``; aside first, then renamed.

    Every number is the shortest that reads back as the same float32. Raises FormatError for a model with a value that
    is not finite or a word that an ARPA file cannot hold.
    """
    for word in arpa.words:
        if not word or word.encode("utf8").split() != [word.encode("utf8")]:
            raise FormatError(f"{path}: the word {word!r} is empty or holds white space, so that ARPA cannot hold it.")
    for table in arpa.tables:
        if not (np.isfinite(table.log10_prob).all() and np.isfinite(table.log10_backoff).all()):
            raise FormatError(f"{path}: the model holds a probability or back-off weight that is not finite.")
    target = Path(path)
    handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as raw:
            if target.suffix == ".gz":
                with gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
                    _write(arpa, packed)
            else:
                _write(arpa, raw)
        os.chmod(aside, 0o644)
        os.replace(aside, target)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _write(arpa: Arpa, out: Any) -> None:
    header = "".join(f"ngram {order}={count}\n" for order, count in enumerate(arpa.counts, 1))
    out.write(f"\\data\\\n{header}".encode())
    words = np.array(arpa.words, object)
    for order, table in enumerate(arpa.tables, 1):
        out.write(f"\n\\{order}-grams:\n".encode())
        for begin in range(0, len(table.ids), _LINES_AT_ONCE):
            here = slice(begin, begin + _LINES_AT_ONCE)
            columns = [words[table.ids[here, place]].tolist() for place in range(order)]
            grams = columns[0] if order == 1 else map(" ".join, zip(*columns, strict=True))
            fields = [_shortest(table.log10_prob[here]), grams]
            if order < arpa.order:
                fields.append(_shortest(table.log10_backoff[here]))
            out.write(("\n".join(map("\t".join, zip(*fields, strict=True))) + "\n").encode("utf8"))
    out.write(b"\n\\end\\\n")


def _shortest(values: NDArray[np.float32]) -> list[str]:
    """Return every float32 as the shortest decimal that reads back as the same number; 0 without a point."""
    return ["0" if value == 0 else str(value) for value in values.astype(np.float32)]
