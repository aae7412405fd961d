"""Graphones, the units of a pronunciation model: one or two letters together with none, one or two phones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError


@dataclass(frozen=True)
class Graphones:
    """The graphones of a model, sorted by their letters, then by their phones.

    ``chunks``: the letters, or pairs of letters, that graphones spell; those of the k-th are number ``begin[k]`` to
    ``begin[k + 1]`` (int32, one more than chunks). ``first``, ``second`` (int16): the phones of each graphone, as
    places in ``phones``, -1 for none. Every letter has a graphone of its own.
    """

    chunks: tuple[str, ...]
    phones: tuple[str, ...]
    begin: NDArray[np.int32]
    first: NDArray[np.int16]
    second: NDArray[np.int16]

    def __len__(self) -> int:
        """Return the number of graphones."""
        return len(self.first)

    def names(self) -> tuple[str, ...]:
        """Return every graphone as text, ``ph:F`` or ``x:K S``, for looking into a model."""
        spelled = np.repeat(np.array(self.chunks), np.diff(self.begin)).tolist()
        said = [
            [self.phones[phone] for phone in pair if phone >= 0] for pair in zip(self.first, self.second, strict=True)
        ]
        return tuple(f"{chunk}:{' '.join(phones)}" for chunk, phones in zip(spelled, said, strict=True))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a file holds of the graphones besides the names of chunks and phones."""
        return {"chunk_begin": self.begin, "first_phone": self.first, "second_phone": self.second}

    @classmethod
    def of(cls, chunks: Sequence[str], phones: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> "Graphones":
        """Return the graphones that a file holds; raises ModelError, KeyError or TypeError for damaged ones."""
        # Copies, since Numba compiles a second time for arrays that are mapped read-only.
        begin, first, second = (np.array(arrays[name]) for name in ("chunk_begin", "first_phone", "second_phone"))
        made = cls(tuple(map(str, chunks)), tuple(map(str, phones)), begin, first, second)
        if not made._is_sound():
            raise ModelError("its graphones do not belong together; copy the model again.")
        return made

    def _is_sound(self) -> bool:
        phones = (self.first, self.second)
        return (
            self.begin.dtype == np.int32
            and all(array.dtype == np.int16 and array.ndim == 1 and len(array) == len(self) for array in phones)
            and self.begin.shape == (len(self.chunks) + 1,)
            and len(self) > 0
            and self.begin[0] == 0
            and self.begin[-1] == len(self)
            and bool((np.diff(self.begin) > 0).all())
            and all(bool(((array >= -1) & (array < len(self.phones))).all()) for array in phones)
            and all(1 <= len(chunk) <= 2 for chunk in self.chunks)
            and len(set(self.chunks)) == len(self.chunks)
        )
