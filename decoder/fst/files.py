"""Where transducers come from and go to: files, which are mapped; pipes and file objects, which are read to the end."""

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError

Place = str | os.PathLike[str] | BinaryIO


def named_bytes(source: Place) -> tuple[str, NDArray[np.uint8]]:
    """Return the name of ``source`` for messages, and its bytes: read-only, mapped where it is an ordinary file.

    Raises FormatError where it cannot be read.
    """
    if not isinstance(source, str | os.PathLike):
        return name_of(source), np.frombuffer(source.read(), dtype=np.uint8)
    name = name_of(source)
    try:
        if stat.S_ISREG(os.stat(source).st_mode) and os.path.getsize(source) > 0:
            return name, np.asarray(np.memmap(source, dtype=np.uint8, mode="r"))
        return name, np.frombuffer(Path(source).read_bytes(), dtype=np.uint8)
    except (OSError, ValueError) as problem:
        said = problem.strerror if isinstance(problem, OSError) else None
        raise FormatError(f"{name}: cannot be read ({said or problem}).") from None


def named_text(source: Place) -> tuple[str, str]:
    """Return the name of ``source`` for messages, and its text; bytes that are not UTF-8 survive a round trip."""
    name, data = named_bytes(source)
    return name, data.tobytes().decode("utf8", "surrogateescape")


def name_of(place: Place) -> str:
    """Return what messages call a path or a file object."""
    if isinstance(place, str | os.PathLike):
        return os.fspath(place)
    name = getattr(place, "name", None)
    return name if isinstance(name, str) else "transducer"


def write_bytes(target: Place, chunks: Iterable[bytes | NDArray[Any]]) -> None:
    """Write ``chunks`` one after the other.

    An ordinary file is written aside and then renamed, so that nobody ever sees half of it; pipes, devices and binary
    file objects are written straight away.
    """
    if not isinstance(target, str | os.PathLike):
        _write(target, chunks)
        target.flush()
        return
    path = Path(os.path.realpath(target))  # through a link, which stays a link
    if path.exists() and not path.is_file():
        with path.open("wb") as out:
            _write(out, chunks)
        return
    try:
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, os.fspath(target)) from None
    try:
        with os.fdopen(handle, "wb") as out:
            _write(out, chunks)
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _write(out: BinaryIO, chunks: Iterable[bytes | NDArray[Any]]) -> None:
    for chunk in chunks:
        out.write(chunk if isinstance(chunk, bytes) else np.ascontiguousarray(chunk).data.cast("B"))
