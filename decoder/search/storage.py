"""The arrays of a search: made empty, and made larger when they are full."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .token_arrays import LIST_ROOM, LISTS, Frames, Links, Lists, Tokens, Trace, Work

_DTYPES = {
    "state": np.int32, "cost": np.float64, "back": np.int32, "extra": np.float64, "moved": np.int32,
    "history": np.int64, "ahead": np.float64,
    "source": np.int32, "target": np.int32, "arc": np.int32, "added": np.float32, "acoustic": np.float32,
    "lm": np.float32, "phrase": np.float32,
    "token_begin": np.int64, "link_begin": np.int64,
    "tokens": np.int32, "followed": np.int32, "best": np.float64, "cutoff": np.float64, "bound": np.uint8,
}  # fmt: skip
_OF_HISTORY = ("history", "lm", "phrase")


def _made(kind: Any, length: int, without: tuple[str, ...] = ()) -> list[NDArray[Any]]:
    """Return arrays for all fields of ``kind``; those of the fields ``without`` are empty and stay so."""
    return [np.empty(0 if field in without else length, _DTYPES[field]) for field in kind._fields]


def make_tokens(history: bool, ahead: bool) -> Tokens:
    """Return room for tokens, with histories and look-ahead costs or without."""
    without = (() if history else _OF_HISTORY) + (() if ahead else ("ahead",))
    return Tokens(*_made(Tokens, 1 << 15, without))


def make_links(language_model: bool) -> Links:
    """Return room for links, with the costs of a language model and phrases or without."""
    return Links(*_made(Links, 1 << 16, () if language_model else _OF_HISTORY))


def make_frames() -> Frames:
    """Return room for frames, the first beginning at token 0 and link 0."""
    frames = Frames(*_made(Frames, 256))
    frames.token_begin[0] = frames.link_begin[0] = 0
    return frames


def make_work(labels: int, levels: int, trace: bool, history: bool) -> Work:
    """Return scratch space for a graph of ``labels`` input labels (epsilon is one) and ``levels`` of epsilon arcs."""
    lists = LISTS if history else 0
    return Work(
        table=np.full(1 << 13, -1, np.int32),
        scaled=np.zeros(labels, np.float64),
        acoustic=np.zeros(labels, np.float32),
        level_head=np.empty(levels, np.int32),
        order=np.empty(1 << 15, np.float64),
        trace=Trace(*_made(Trace, 256 if trace else 0)),
        lists=Lists(
            state=np.empty(lists, np.int32),
            least=np.empty(lists, np.float64),
            length=np.empty(lists, np.int32),
            arcs=np.empty(lists * LIST_ROOM, np.int32),
            steps=np.empty(lists * LIST_ROOM, np.float64),
            picked=np.empty(LIST_ROOM + 1, np.int32),
        ),
    )


def grown(arrays: Any, length: int) -> Any:
    """Return the tuple of arrays with ``length`` entries each, what is there kept; empty ones stay empty."""
    larger = []
    for old in arrays:
        new = np.empty(length if len(old) else 0, old.dtype)
        new[: len(old)] = old
        larger.append(new)
    return type(arrays)(*larger)


def grown_work(work: Work, tokens: int, table: bool) -> Work:
    """Return scratch space for ``tokens`` tokens, its table empty, and twice as large if ``table`` says so."""
    places = len(work.table) * (2 if table else 1)
    return work._replace(order=np.empty(tokens, np.float64), table=np.full(places, -1, np.int32))
