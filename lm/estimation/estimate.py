"""From text to a back-off n-gram model: the front door of counting, smoothing, mixing and pruning.

model = estimate_files(["books.txt.bz2"], order=3)
write_arpa(prune(model, PruneOptions(total=100_000)), "small.arpa.gz")
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ngram.bare_strings import refuse_bare_string
from .backoff_tables import BackoffTables
from .counting import CountingOptions, Sentences, count_text, text_files
from .kneser_ney import SmoothingOptions, smooth
from .mixture import mix
from .prune import PruneOptions, prune
from .spill import Column
from .text_pieces import Progress

__all__ = [
    "PruneOptions", "SmoothingOptions", "commonest_words", "estimate", "estimate_files", "mix", "prune",
]  # fmt: skip


def estimate(
    sentences: Iterable[str],
    order: int = 3,
    vocabulary: Sequence[str] | None = None,
    options: SmoothingOptions | None = None,
) -> BackoffTables:
    """Return the modified interpolated Kneser-Ney model of ``sentences``, words between spaces.

    Words outside ``vocabulary`` count as ``<unk>``; without one, every word of the text is in the model. The model is
    the one that KenLM's lmplz makes. By default a text that is too small or strange to estimate discounts from gets
    those of ``SmoothingOptions.discount_fallback``; lmplz, and ``harken lm estimate`` without --discount-fallback,
    refuse it, as ``SmoothingOptions(discount_fallback=None)`` does here. Orders 1 to 6. Raises OptionsError,
    FormatError.
    """
    return smooth(count_text([Sentences(sentences)], order, vocabulary), options)


def estimate_files(
    paths: Sequence[str | os.PathLike[str]],
    order: int = 3,
    vocabulary: Sequence[str] | None = None,
    options: SmoothingOptions | None = None,
    *,
    limit: Collection[str] | None = None,
    memory: int | None = None,
    temporary: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> BackoffTables:
    """Return the modified interpolated Kneser-Ney model of text files, one sentence a line, words between spaces.

    ``paths``: plain files, gzip or bzip2, ``-`` for standard input. ``vocabulary``, ``order`` and ``options`` as for
    ``estimate``. ``limit``: words that alone may stand in n-grams, once all have been counted (lmplz's
    --limit_vocab_file). ``memory``: the bytes that a block of text and its n-grams may take, 2**20 or more; None takes
    half of what is free. What does not fit goes to temporary files in the folder ``temporary`` (None: the system's),
    the model too (see ``CountingOptions``). ``progress`` is called with the bytes that have been read and those of all
    files. Unlike lmplz's, the last sentence ends where its new-line is missing. Raises OptionsError, FormatError.
    """
    refuse_bare_string(paths, "paths", "put it in a list, as in [path]")
    counting = CountingOptions(memory=memory, folder=temporary)
    name = ", ".join("standard input" if path == "-" else os.fspath(path) for path in paths)
    counts = count_text(text_files(paths, progress), order, vocabulary, counting, name)
    spilled = any(isinstance(table.word.base, np.memmap) for table in counts.tables)
    return smooth(counts, options, limit, partial(_in_file, temporary) if spilled else np.empty)


def _in_file(folder: str | os.PathLike[str] | None, length: int, dtype: Any) -> NDArray[Any]:
    """Return an array in a temporary file, where the counts that did not fit in memory are too."""
    column = Column(folder, dtype)
    column.extend(length)
    return column.array()


def commonest_words(counts: Counter[str], size: int, always: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the ``size`` commonest words of ``counts`` and all of ``always``, in alphabetic order.

    Words that are equally common are taken in alphabetic order, so that the answer depends on the counts alone.
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted({word for word, _ in ranked[:size]}.union(always)))
