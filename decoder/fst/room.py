"""Room for results whose size is not known beforehand: arrays that double while they fit the memory."""

import os
import re
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...errors import SearchError

Columns = TypeVar("Columns", bound=tuple[NDArray[Any], ...])

FREE_OF_COURSE = 1 << 28  # bytes below which nobody counts


def grown(column: NDArray[Any], length: int) -> NDArray[Any]:
    """Return an array of ``length`` that begins with ``column``; the rest holds anything."""
    longer = np.empty(length, dtype=column.dtype)
    longer[: len(column)] = column
    return longer


def doubled(columns: Columns, name: str) -> Columns:
    """Return the arrays of a named tuple, each with twice the room.

    Raises SearchError, which begins with ``name``, where they would not fit the memory of the machine.
    """
    check_memory(2 * sum(column.nbytes for column in columns), name)
    return type(columns)(*(grown(column, 2 * len(column)) for column in columns))


def check_memory(needed: int, name: str) -> None:
    """Raise SearchError, before the system stops the program, where ``needed`` bytes are more than are free."""
    if needed > FREE_OF_COURSE and needed > _available_memory():
        raise SearchError(f"{name}: the result needs {needed >> 20} MB or more; prune the machine before.")


def _available_memory() -> int:
    """Return how many bytes programs can still take; without such a count as many as there are, or any."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(encoding="ascii"), re.MULTILINE)
        if found:
            return int(found[1]) << 10
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 1 << 62
