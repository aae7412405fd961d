"""Score matrices in files, from any acoustic model: NumPy's .npy and .npz, Kaldi's archives and script files."""

import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from .kaldi_matrices import read_archive, read_script

SCORES = "scores"
"""The array that holds the scores in an .npz file of one utterance."""


_DAMAGE = (
    ValueError, EOFError, KeyError, SyntaxError, OverflowError, MemoryError, RecursionError, NotImplementedError,
    RuntimeError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_scores(path: str | os.PathLike[str]) -> Iterator[tuple[str | None, NDArray[np.float32]]]:
    """Go through the score matrices of a file: an utterance's key, None where the file holds one alone, and its scores.

    Scores are float32 (frames, units), natural logarithms. The form is told by the name's end, or by ``ark:`` or
    ``scp:`` before the name, as Kaldi has it: .npy, one matrix; .npz, the array ``scores``, or else every matrix in it
    under its name; .ark; .scp. Raises FormatError for a file that is damaged, empty or of another kind.
    """
    name = os.fspath(path)
    kind, _, rest = name.partition(":")
    if kind in ("ark", "scp") and rest:
        name = rest
    else:
        kind = os.path.splitext(name)[1][1:].lower()
    found: Iterator[tuple[str | None, NDArray[np.float32]]]
    if kind in ("npy", "npz"):
        found = _numpy_matrices(name)
    elif kind in ("ark", "scp"):
        found = iter(read_archive(name) if kind == "ark" else read_script(name))
    else:
        raise FormatError(f"{name}: is of no known kind; give .npy, .npz, .ark or .scp.")
    empty = True
    for key, matrix in found:
        empty = False
        if matrix.ndim != 2:
            where = name if key is None else f"{name}: {key}"
            raise FormatError(f"{where}: has {matrix.ndim} dimensions; scores are (frames, units).")
        yield key, matrix
    if empty:
        raise FormatError(f"{name}: holds no matrix.")


def _numpy_matrices(path: str) -> Iterator[tuple[str | None, NDArray[np.float32]]]:
    try:
        with open(path, "rb") as opened:
            loaded = np.load(opened, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                arrays: dict[str | None, NDArray[np.float32]] = {None: loaded}
            elif SCORES in loaded:
                arrays = {None: loaded[SCORES]}
            else:
                arrays = {name: loaded[name] for name in loaded.files}
    except OSError as problem:
        raise FormatError(f"{path}: cannot be read ({problem.strerror or problem}).") from None
    except _DAMAGE as problem:
        raise FormatError(f"{path}: is no NumPy file, or a damaged one ({problem}).") from None
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise FormatError(f"{path}: {key} is no array; save it with numpy.savez.")
        if array.dtype.kind != "f":
            raise FormatError(f"{path}: holds numbers of type {array.dtype}; scores are floating-point logarithms.")
        yield key, array.astype(np.float32, copy=False)
