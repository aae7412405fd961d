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
_limiter: Any = None


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the body with the linear algebra library on one thread; nests, and threads may overlap."""
    global _users, _limiter
    with _lock:
        if _users == 0:
            _limiter = _controller().limit(limits=1, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limiter.restore_original_limits()
                _limiter = None


def padded_rows(rows: int) -> int:
    """Return the smallest multiple of `ROWS` that is at least ``rows``."""
    return -(-rows // ROWS) * ROWS
