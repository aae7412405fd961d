"""Lattices in files: one .npz each, plain arrays alone."""

import io
import json
import os
import tokenize
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...tensorfile import write_aside
from .lattice import ARRAY_DTYPES, LABEL_DTYPES, LabelTable, Lattice

FORMAT = "harken-lattice-1"


def save_lattice(lattice: Lattice, path: str | os.PathLike[str]) -> None:
    """Write ``lattice`` to ``path`` (.npz, compressed; numpy.load reads its arrays); written aside, then renamed."""
    arrays: dict[str, Any] = {name: getattr(lattice, name) for name in ARRAY_DTYPES}
    if lattice.label_table is not None:
        arrays |= lattice.label_table._asdict()
    arrays["words_table"] = _text("\n".join(lattice.words_table))
    notes = {"format": FORMAT, "acoustic_scale": lattice.acoustic_scale, "words": len(lattice.words_table)}
    arrays["notes"] = _text(json.dumps(notes))
    arrays["beam"] = np.array([lattice.beam])
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    write_aside(path, out.getvalue())


def load_lattice(path: str | os.PathLike[str]) -> Lattice:
    """Read the lattice that ``save_lattice`` wrote; raises FormatError where ``path`` is damaged or another file."""
    try:
        arrays = _read(path)
        notes = json.loads(arrays["notes"].tobytes())
        if notes["format"] != FORMAT:
            raise ValueError(f"its format is {notes['format']!r}")
        words = tuple(arrays["words_table"].tobytes().decode("utf8").split("\n")) if notes["words"] else ()
        table = LabelTable(*(arrays[name] for name in LABEL_DTYPES)) if "score_column" in arrays else None
        lattice = Lattice(
            **{name: arrays[name] for name in ARRAY_DTYPES},  # type: ignore[arg-type]
            acoustic_scale=float(notes["acoustic_scale"]),
            words_table=words,
            label_table=table,
            beam=float(arrays["beam"][0]),
        )
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError, MemoryError,
            tokenize.TokenError, zipfile.BadZipFile, NotImplementedError, _zlib_error()) as problem:  # fmt: skip
        raise FormatError(f"{path}: not a whole lattice file ({problem}); save it again.") from None
    lattice.check(str(path))
    return lattice


def _read(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read all arrays; each member is read whole, its checksum compared, before anything in it is believed."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            data = io.BytesIO(archive.read(member))
            arrays[member.removesuffix(".npy")] = np.lib.format.read_array(data, allow_pickle=False)
    return arrays


def _text(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf8"), np.uint8)


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error
