"""What is alive in a CTC search, read out: texts, frames of words, and the parts of the scores."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .alphabet import Alphabet
from .prefix_arrays import (
    END,
    ENTRIES,
    GROUP,
    HOT_WORDS,
    LENGTH,
    MODEL,
    NODE,
    PARTIAL,
    SIDE,
    SPAN,
    START,
    STATE,
    Beam,
    Store,
)


class Ending(NamedTuple):
    """One beam at the end: its text, the word begun in it, the words' frames, and the parts of its score.

    ``logit`` is the alignments' log-probability; ``model`` and ``hot`` are the language model's and the hot words'
    shares for what is complete, after which the model is in ``state``.
    """

    text: str
    begun: str
    frames: tuple[tuple[int, int], ...]
    logit: float
    model: float
    hot: float
    state: int


def read_endings(beam: Beam, store: Store, alphabet: Alphabet, with_frames: bool) -> list[Ending]:
    """Return what is alive, the best first (of equal ones the earlier); without their frames where not wanted."""
    side = int(beam.position[SIDE])
    mass = beam.mass[side, : beam.position[ENTRIES]]
    order = np.argsort(-mass, kind="stable")
    entries = beam.entry_numbers[side, order]
    numbers = beam.group_numbers[side, entries[:, GROUP]]
    values = beam.group_values[side, entries[:, GROUP]]
    logits = np.log(mass[order]) + beam.offset[0] - values[:, MODEL] - values[:, HOT_WORDS] - values[:, PARTIAL]
    nodes, which = np.unique(numbers[:, NODE], return_inverse=True)
    texts = _texts(nodes, store, alphabet)
    frames = _word_frames(entries, numbers[:, LENGTH] > 0, store) if with_frames else [()] * len(entries)
    return [
        Ending(text, text[len(text) - length :], spans, logit, model, hot, state)
        for text, length, spans, logit, model, hot, state in zip(
            [texts[place] for place in which.tolist()],
            numbers[:, LENGTH].tolist(),
            frames,
            logits.tolist(),
            values[:, MODEL].tolist(),
            values[:, HOT_WORDS].tolist(),
            numbers[:, STATE].tolist(),
            strict=True,
        )
    ]


def _texts(nodes: NDArray[np.int64], store: Store, alphabet: Alphabet) -> list[str]:
    """Return the text that each of ``nodes`` ends."""
    begin, path = _traced(nodes, store.parents)
    symbols = store.symbols[path]
    pieces = alphabet.pieces
    if alphabet.spelled_once:
        # A character a node, so the text of all is one array of code points.
        points = np.array([ord(piece[-1:] or " ") for piece in pieces], "<u4")[symbols]
        text = points.tobytes().decode("utf-32-le", "surrogatepass")
        return [text[low:high] for low, high in pairwise(begin.tolist())]
    spelled = [pieces[symbol] for symbol in symbols.tolist()]
    return ["".join(spelled[low:high]) for low, high in pairwise(begin.tolist())]


def _word_frames(
    entries: NDArray[np.int64], begun: NDArray[np.bool_], store: Store
) -> list[tuple[tuple[int, int], ...]]:
    """Return the frames of the words of each of ``entries``, of which some have ``begun`` another."""
    begin, path = _traced(entries[:, SPAN], store.earlier)
    pairs = list(zip(store.starts[path].tolist(), store.ends[path].tolist(), strict=True))
    last = zip(entries[:, START].tolist(), entries[:, END].tolist(), begun.tolist(), strict=True)
    return [
        (*pairs[low:high], (start, end)) if more else tuple(pairs[low:high])
        for (low, high), (start, end, more) in zip(pairwise(begin.tolist()), last, strict=True)
    ]


def _traced(nodes: NDArray[np.int64], parents: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    from .path_kernels import trace

    nodes = np.ascontiguousarray(nodes)
    begin = np.zeros(len(nodes) + 1, np.int64)
    path = np.empty(trace(nodes, parents, begin, np.empty(0, np.int32)), np.int32)
    trace(nodes, parents, begin, path)
    return begin, path
