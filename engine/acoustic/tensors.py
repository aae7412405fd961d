"""Reading a network's tensors: by name, in float32, each checked before anything is computed with it."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, ModelError
from ...tensorfile import map_arrays

Float32 = NDArray[np.float32]


class Tensors:
    """The tensors of a network: from a safetensors file, or from a mapping of arrays (float16, float32 or float64)."""

    def __init__(self, weights: Mapping[str, NDArray[Any]] | str | os.PathLike[str]) -> None:
        if isinstance(weights, Mapping):
            self.where, self._arrays = "weights", dict(weights)
        else:
            self.where = str(weights)
            try:
                self._arrays = map_arrays(weights)[0]
            except FormatError as problem:
                raise ModelError(str(problem)) from None
        self._unread = set(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def read(self, name: str, shape: tuple[int | None, ...]) -> Float32:
        """Return tensor ``name`` as float32; ``shape`` says what it must be, None for a dimension that is free."""
        if name not in self._arrays:
            raise ModelError(f"{self.where}: tensor {name!r} is missing.")
        array = np.asarray(self._arrays[name])
        fits = len(array.shape) == len(shape) and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        if not fits or array.size == 0:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise ModelError(
                f"{self.where}: tensor {name!r} has shape {array.shape}, the description wants ({wanted})."
            )
        if array.dtype.kind != "f":
            raise ModelError(f"{self.where}: tensor {name!r} is {array.dtype}; float16 or float32 is wanted.")
        self._unread.discard(name)
        values = array.astype(np.float32)
        if not np.isfinite(values).all():
            raise ModelError(f"{self.where}: tensor {name!r} holds NaN or infinite values.")
        return values

    def read_or(self, name: str, shape: tuple[int | None, ...], default: Float32) -> Float32:
        """Return tensor ``name`` like ``read``, or ``default`` where there is none of that name."""
        return self.read(name, shape) if name in self else default

    def check_all_read(self) -> None:
        """Raise ModelError where a tensor was never asked for: the description and the weights are not of one model."""
        if self._unread:
            raise ModelError(f"{self.where}: no node of the description uses tensor {min(self._unread)!r}.")
