"""Matrix products whose rows have the same bits however many rows are multiplied, on however many cores.

A linear algebra library picks its kernel by the size of the product, and adds in an order that also depends on a row's
place in it: measured, OpenBLAS takes other kernels below a million multiplications on AVX-512, and on Haswell the bits
of a row repeat with a period of 12 rows. So here products are made of slices of exactly 48 rows, and row t of a
recording is always row t % 48 of its slice.
The library is kept on one thread meanwhile. That limit is the whole process's, so it is counted: the first user sets
it and the last one takes it back, whichever Python threads they run in.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

ROWS = 48
"""Rows of a slice."""

_lock = threading.Lock()
_users = 0
_limited: list[tuple[Any, int]] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the body with the linear algebra library on one thread; nests, and threads may overlap."""
    global _users
    with _lock:
        _users += 1
        # Asked at every entry: somebody else may have raised it, and some libraries count for each thread apart.
        for library in _libraries():
            threads = library.num_threads
            if threads != 1:
                _set_threads(library, 1)
                _limited.append((library, threads))
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                while _limited:
                    _set_threads(*_limited.pop())


@cache
def _libraries() -> tuple[Any, ...]:
    """Return the handles of the libraries loaded when first asked: NumPy's among them, which does the products here."""
    import numpy  # noqa: F401  (its library must be loaded to be found)
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def _set_threads(library: Any, threads: int) -> None:
    """Set the thread count, though threadpoolctl (from 3.7 on) ignores all Python threads but the first that asked."""
    release = getattr(library, "clear_controlling_thread", None)
    library.set_num_threads(threads)
    if library.num_threads != threads and release is not None:
        release(force=True)
        library.set_num_threads(threads)
    if release is not None:
        release()


def padded_rows(rows: int) -> int:
    """Return the smallest multiple of `ROWS` that is at least ``rows``."""
    return -(-rows // ROWS) * ROWS
