"""Many matrices through a pool of processes that fork: the children find the decoder where their parent left it."""

import functools
import logging
import multiprocessing
import weakref
from collections.abc import Iterable
from typing import Any

from ...errors import OptionsError

_decoders: "weakref.WeakValueDictionary[int, Any]" = weakref.WeakValueDictionary()
logger = logging.getLogger(__name__)


def announce(decoder: Any) -> None:
    """Let processes that are forked from now on find ``decoder``."""
    _decoders[id(decoder)] = decoder


def map_over(pool: Any, decoder: Any, method: str, options: tuple[Any, ...], matrices: Iterable[Any]) -> list[Any]:
    """Return what ``decoder.method(matrix, *options)`` gives for every matrix, in their order.

    Without a pool, or with one whose processes do not fork, one matrix is read after the other here.
    """
    if pool is not None and not isinstance(getattr(pool, "_ctx", None), multiprocessing.context.BaseContext):
        raise OptionsError(f"pool: {type(pool).__name__} is no multiprocessing pool; give one, or None.")
    starts = None if pool is None else pool._ctx.get_start_method()
    if starts not in (None, "fork"):
        logger.warning("A pool whose processes are started by %r cannot share the decoder: working without it.", starts)
    if starts != "fork":
        return [getattr(decoder, method)(matrix, *options) for matrix in matrices]
    return list(pool.map(functools.partial(_one, id(decoder), method, options), matrices))


def _one(key: int, method: str, options: tuple[Any, ...], matrix: Any) -> Any:
    decoder = _decoders.get(key)
    if decoder is None:
        raise OptionsError("pool: its processes were started before the decoder was built; make the pool afterwards.")
    return getattr(decoder, method)(matrix, *options)
