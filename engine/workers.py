"""Many recordings, one after the other or in several processes; the answers come in order and are the same."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any

from ..errors import HarkenError
from .recognizer import Recognizer
from .result import Result, Timings

Answer = tuple[Result, Timings] | HarkenError
_AHEAD = 4  # recordings in flight for each worker, so that a long list is not all submitted at once
_recognizer: Recognizer | None = None  # of a worker process


def transcribe_all(recognizer: Recognizer, sources: Sequence[str], workers: int = 1) -> Iterator[Answer]:
    """Yield, for each path in order, its result and timings, or the error that refused it.

    ``workers`` processes share the work; with 1, it is done here.
    """
    if workers <= 1 or len(sources) <= 1:
        for source in sources:
            yield _transcribe(recognizer, source)
        return
    start = (recognizer.bundle.folder, recognizer.options)
    count = min(workers, len(sources))
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_start, initargs=start) as pool:
        waiting = iter(sources)
        flying: list[Future[Answer]] = [pool.submit(_work, source) for source in islice(waiting, count * _AHEAD)]
        try:
            while flying:
                yield flying.pop(0).result()
                flying += [pool.submit(_work, source) for source in islice(waiting, 1)]
        finally:
            for future in flying:
                future.cancel()


def default_workers() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start(folder: Any, options: Any) -> None:
    global _recognizer
    _recognizer = Recognizer(folder, options)


def _work(source: str) -> Answer:
    assert _recognizer is not None
    return _transcribe(_recognizer, source)


def _transcribe(recognizer: Recognizer, source: str) -> Answer:
    try:
        return recognizer.transcribe_timed(source)
    except HarkenError as error:
        return error
