"""Named arrays in one file that is mapped, not parsed: the safetensors format.

The layout (https://github.com/huggingface/safetensors): eight bytes with the length of a JSON header, the header with
dtype, shape and byte range of every array, then the bytes. The writer is the safetensors package; the reader is a
memory map, so that opening a graph of many megabytes takes no time and several processes share its pages.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .errors import FormatError

_DTYPES = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32,
    "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F16": np.float16, "F32": np.float32, "F64": np.float64,
}  # fmt: skip


def save_arrays(
    path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write ``arrays`` (any shapes and plain dtypes) to ``path``: written aside, then renamed, never half a file."""
    from safetensors.numpy import save

    data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata=dict(metadata or {}))
    # The writer keeps no order among the metadata; sorted, equal content gives equal bytes.
    body = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:body])
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf8")
    text += b" " * (-len(text) % 8)
    write_aside(path, len(text).to_bytes(8, "little") + text + data[body:])


@contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a binary file that becomes ``path`` at the end: whoever reads never sees half a file.

    It lies beside ``path`` until then and is removed where something goes wrong. A link stays one, to what is written;
    pipes and devices are written straight away. Raises OSError, whose filename is ``path``.
    """
    target = Path(os.path.realpath(path))
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as out:
                yield out
            return
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
        try:
            with os.fdopen(handle, "wb") as out:
                yield out
            os.chmod(aside, 0o644)
            os.replace(aside, target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror or str(problem), os.fspath(path)) from None


def write_aside(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to ``path``, as ``written_aside`` does."""
    with written_aside(path) as out:
        out.write(data)


def map_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Map the arrays of ``path`` read-only; return them by name, and the file's metadata.

    Raises FormatError where the file is missing, truncated or not of this format.
    """
    try:
        whole = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as problem:
        raise FormatError(f"{path}: cannot be mapped ({problem}).") from None
    try:
        length = int(whole[:8].view("<u8")[0])
        header: dict[str, Any] = json.loads(bytes(whole[8 : 8 + length]).decode("utf8"))
        metadata: dict[str, str] = header.pop("__metadata__", {})
        body = whole[8 + length :]
        arrays: dict[str, NDArray[Any]] = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            if not 0 <= begin <= end <= body.size:
                raise ValueError(f"array {name} lies outside the file")
            arrays[name] = np.asarray(body[begin:end]).view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, UnicodeDecodeError) as problem:
        raise FormatError(f"{path}: not a whole safetensors file ({problem}).") from None
    return arrays, metadata
