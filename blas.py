"""Keeps the linear algebra library on one thread while harken multiplies, so that a row's bits never depend on cores.

OpenBLAS gives a row of a product the same bits for any row count that is a multiple of 48 (`ROWS`), but only on one
thread. The limit is the process's, so it is counted: the first caller sets it, the last one takes it back, whichever
Python threads they run in.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

ROWS = 48
"""Row counts of every product are made a multiple of this (zero rows added, then dropped)."""

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
    """Return the smallest multiple of `ROWS` that holds ``rows``."""
    return -(-rows // ROWS) * ROWS
