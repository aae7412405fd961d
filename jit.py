"""The one decorator for compiled kernels, and the place where their machine code is cached.

Numba's own cache watches only the file of the kernel itself, so a changed helper in another file would leave stale
machine code behind. Here every file of kernels has a cache directory of its own, named after a hash over that file and
all files of this package that it imports from, and so on: any change among them starts a fresh directory.
"""

import gc
import hashlib
import os
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_IMPORT = re.compile(r"^from (\.+)([\w.]*) import ", re.MULTILINE)


@cache
def cache_root() -> Path:
    """Return the directory of all compiled kernels: below ``NUMBA_CACHE_DIR`` where set, else the user's cache."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(given) if given else home / "harken") / "kernels-{}.{}".format(*sys.version_info)


def sources_of(path: Path) -> set[Path]:
    """Return ``path`` and the files of this package that it imports from, directly or through others."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found.add(here)
        for dots, name in _IMPORT.findall(here.read_text(encoding="utf8")):
            module = here.parents[len(dots) - 1].joinpath(*name.split(".")).with_suffix(".py")
            if module.is_file():
                waiting.append(module)
    return found


@cache
def cache_directory(path: Path) -> Path:
    """Return the directory for the machine code of the kernels in the file ``path``."""
    digest = hashlib.sha256()
    for source in sorted(sources_of(path)):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return cache_root() / f"{path.stem}-{digest.hexdigest()[:16]}"


_waiting: list[Callable[[], None]] = []
"""Who wants to hear of the next compilation."""


def before_compiling(say: Callable[[], None]) -> None:
    """Have ``say`` called once, before the next kernel of this process for which the cache has no machine code."""
    _waiting[:] = [say]


_RARELY = 50_000
"""Objects between collections of garbage while Numba compiles. Python's own threshold costs an eighth of that time, and
no collections at all a third more memory."""


@cache
def _listen() -> None:
    """Have Numba tell whoever is waiting that it compiles, which it does not where it finds machine code.

    Numba tells it of one compilation at a time, and of those that one compilation calls for inside it.
    """
    from numba.core import event

    kept: list[tuple[int, int, int]] = []

    class Listener(event.Listener):  # type: ignore[misc]
        def on_start(self, event: object) -> None:
            kept.append(gc.get_threshold())
            gc.set_threshold(max(kept[-1][0], _RARELY) if kept[-1][0] else 0, *kept[-1][1:])
            if _waiting:
                _waiting.pop()()

        def on_end(self, event: object) -> None:
            gc.set_threshold(*kept.pop())

    event.register("numba:compile", Listener())


def kernel(function: F) -> F:
    """Compile ``function`` with Numba when it is first called, without the GIL, its machine code kept between runs.

    With ``NUMBA_DISABLE_JIT=1`` the function runs as plain Python.
    """
    return _compiled(function, no_cpython_wrapper=False)


def lean_kernel(function: F) -> F:
    """Compile ``function`` like ``kernel``, without counting references: it allocates nothing, nor does what it calls.

    For functions that take many arrays, of which less machine code is made.
    """
    return _compiled(function, no_cpython_wrapper=False, _nrt=False)


def inner_kernel(function: F) -> F:
    """Compile ``function`` like ``kernel``, to be called by other kernels alone, which saves compiling a way in."""
    return _compiled(function, no_cpython_wrapper=True)


def inlined_kernel(function: F) -> F:
    """Compile ``function`` like ``inner_kernel`` and put it into its callers, each time it is called.

    For the functions of hot loops that take tuples of arrays. Numba counts references whenever an array is taken out of
    a tuple, which can cost ten times what the function does; here nothing is counted, so nothing may be allocated.
    """
    return _compiled(function, no_cpython_wrapper=True, forceinline=True, _nrt=False)


def _compiled(function: F, no_cpython_wrapper: bool, **more: bool) -> F:
    import numba

    _listen()
    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_directory(Path(function.__code__.co_filename)))
    try:
        compiled: F = numba.njit(
            cache=True,
            nogil=True,
            error_model="numpy",
            no_cfunc_wrapper=True,  # nobody passes a kernel on as a C function
            no_cpython_wrapper=no_cpython_wrapper,
            **more,
        )(function)
    finally:
        numba.config.CACHE_DIR = kept
    return compiled
