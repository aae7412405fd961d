"""The one decorator for compiled kernels, and the place where their machine code is cached.

Numba's own cache watches only the file of the kernel itself, so a changed helper in another file would leave stale
machine code behind. Here all kernels share one cache directory, named after a hash over every kernel file (files that
end in ``_kernels.py``): any change starts a fresh directory.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@cache
def cache_directory() -> Path:
    """Return the directory of the compiled kernels: below ``NUMBA_CACHE_DIR`` where set, else the user's cache."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for path in sorted(Path(__file__).parent.rglob("*_kernels.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(given) if given else home / "harken") / f"kernels-{digest.hexdigest()[:16]}"


def cache_is_cold() -> bool:
    """Return whether no kernel was compiled on this machine yet, so that the next call has to wait for the compiler."""
    directory = cache_directory()
    return not (directory.is_dir() and any(directory.rglob("*.nbi")))


def kernel(function: F) -> F:
    """Compile ``function`` with Numba when it is first called, without the GIL, its machine code kept between runs.

    With ``NUMBA_DISABLE_JIT=1`` the function runs as plain Python.
    """
    return _compiled(function, no_cpython_wrapper=False)


def inner_kernel(function: F) -> F:
    """Compile ``function`` like ``kernel``, to be called by other kernels alone, which saves compiling a way in."""
    return _compiled(function, no_cpython_wrapper=True)


def _compiled(function: F, no_cpython_wrapper: bool) -> F:
    import numba

    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_directory())
    try:
        compiled: F = numba.njit(
            cache=True,
            nogil=True,
            error_model="numpy",
            no_cfunc_wrapper=True,  # nobody passes a kernel on as a C function
            no_cpython_wrapper=no_cpython_wrapper,
        )(function)
    finally:
        numba.config.CACHE_DIR = kept
    return compiled
