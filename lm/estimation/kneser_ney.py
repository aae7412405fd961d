"""Modified, interpolated Kneser-Ney smoothing (Chen and Goodman 1998, section 4.1.6), as KenLM's lmplz computes it."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .backoff_tables import BackoffTable, BackoffTables
from .count_tables import CountTable, NgramCounts
from .discounts import count_of_counts, discounts
from .ngram_rows import END_ID, START_ID, read_only

_THREADS = 2
_MOST_COUNT = (1 << 32) - 1
_ALL = np.zeros(0, np.int32)
"""Stands for the rows of an order that loses none."""

Room = Callable[[int, Any], NDArray[Any]]
"""Makes an array of a length and a dtype."""


@dataclass(frozen=True, slots=True)
class SmoothingOptions:
    """How counts become probabilities.

    ``cutoffs``: n-grams that occur at most this often are left out, a number for every order, the last one for all
    higher orders too; none may be smaller than the one before (words that order 1 leaves out leave the vocabulary).
    ``discount_fallback``: discounts for counts 1, 2 and 3 or more (the last number given serves for the rest) where the
    text is too small or too strange to estimate them; None refuses such a text, as lmplz and ``harken lm estimate`` do
    unless they are given --discount-fallback. ``continuation_counts``: shorter n-grams are counted by the number of
    different words before them (Kneser-Ney); without it, by how often they occur, which loses less where most long
    n-grams are pruned away afterwards (Chelba et al. 2010).
    """

    cutoffs: tuple[int, ...] = (0,)
    discount_fallback: tuple[float, ...] | None = (0.5, 1.0, 1.5)
    continuation_counts: bool = True

    def __post_init__(self) -> None:
        if not self.cutoffs or self.cutoffs[0] < 0 or list(self.cutoffs) != sorted(self.cutoffs):
            raise OptionsError(
                f"cutoffs (--prune) must be numbers from 0 up that never fall, not {_listed(self.cutoffs)}."
            )
        fallback = self.discount_fallback
        if fallback is not None and not _are_discounts(fallback):
            raise OptionsError(
                "discount_fallback (--discount-fallback) must hold one to three numbers, within 0..1, 0..2 and 0..3, "
                f"not {_listed(fallback)}."
            )

    def cutoff(self, n: int) -> int:
        """Return the cut-off for order ``n``, no higher than counts get."""
        return min(self.cutoffs[min(n, len(self.cutoffs)) - 1], _MOST_COUNT)


def _listed(given: tuple[float, ...]) -> str:
    return " ".join(map(str, given)) or "none"


def _three(given: tuple[float, ...]) -> tuple[float, float, float]:
    return given[0], given[min(1, len(given) - 1)], given[-1]


def _are_discounts(given: tuple[float, ...]) -> bool:
    return 1 <= len(given) <= 3 and all(0 <= value <= most for most, value in enumerate(_three(given), 1))


def smooth(
    counts: NgramCounts,
    options: SmoothingOptions | None = None,
    limit: Collection[str] | None = None,
    room: Room = np.empty,
) -> BackoffTables:
    """Return the smoothed back-off model of ``counts``.

    With ``limit``, n-grams that hold another word than these are left out, however often they occur, after they have
    been counted (lmplz's --limit_vocab_file). ``room`` makes the large arrays. Tables that lose no rows share them with
    the counts.
    """
    options = options or SmoothingOptions()
    amounts = _discounts(counts, options)
    total = float(counts.tables[0].occurrences.sum(dtype=np.int64))
    words, table, kept_words = _unigrams(counts, options, amounts[0], total, limit)
    tables, kept = [table], kept_words
    for n, source in enumerate(counts.tables[1:], 2):
        table, kept = _higher(source, options, n, amounts[n - 1], tables[-1], (kept, kept_words), total, room)
        tables.append(table)
    return BackoffTables(words, tuple(tables))


def _adjusted(table: CountTable, options: SmoothingOptions) -> NDArray[np.uint32]:
    return table.continuations if options.continuation_counts else table.occurrences


def _discounts(counts: NgramCounts, options: SmoothingOptions) -> list[NDArray[np.float64]]:
    having = count_of_counts(counts, options.continuation_counts)
    fallback = None if options.discount_fallback is None else _three(options.discount_fallback)
    return [discounts(numbers, n, fallback) for n, numbers in enumerate(having, 1)]


def _unigrams(
    counts: NgramCounts,
    options: SmoothingOptions,
    amounts: NDArray[np.float64],
    total: float,
    limit: Collection[str] | None,
) -> tuple[tuple[str, ...], BackoffTable, NDArray[np.int32]]:
    """Return the words that stay, their table, and the new ids of the old words (_ALL where none goes)."""
    table, words = counts.tables[0], counts.words
    stays = table.occurrences > options.cutoff(1) if options.cutoff(1) else np.ones(len(words), np.bool_)
    if limit is not None:
        allowed = limit if isinstance(limit, (set, frozenset)) else frozenset(limit)
        stays &= np.fromiter((word in allowed for word in words), np.bool_, len(words))
    stays[: END_ID + 1] = True
    adjusted = _adjusted(table, options).astype(np.float64)
    discount = amounts[np.minimum(adjusted, 3).astype(np.int64)]
    denominator = adjusted.sum()
    # What the discounts and the words that go leave is shared evenly by all words that can follow: all but <s>.
    even = np.where(stays, discount, adjusted).sum() / denominator / (np.count_nonzero(stays) - 1)
    prob = ((adjusted - discount) / denominator + even).astype(np.float32)
    prob[START_ID] = 1
    frequency = (table.occurrences / total).astype(np.float32)
    frequency[START_ID] = frequency[END_ID]  # a sentence begins as often as one ends
    kept = _ALL
    if not stays.all():
        kept = np.cumsum(stays, dtype=np.int32) - np.int32(1)
        kept[~stays] = -1
        prob, frequency = prob[stays], frequency[stays]
        words = tuple(word for word, stay in zip(words, stays.tolist(), strict=True) if stay)
    none = np.zeros(len(words), np.int32)
    made = BackoffTable(np.arange(len(words), dtype=np.int32), none, none, prob, np.ones_like(prob), frequency)
    return words, made, kept


def _higher(
    source: CountTable,
    options: SmoothingOptions,
    n: int,
    amounts: NDArray[np.float64],
    below: BackoffTable,
    numbering: tuple[NDArray[np.int32], NDArray[np.int32]],
    total: float,
    room: Room,
) -> tuple[BackoffTable, NDArray[np.int32]]:
    """Return the table of order ``n`` and where its rows went; set the back-off weights of the order below.

    ``numbering`` says where the rows of the order below and the words went.
    """
    from .smoothing_kernels import Counted, Cut, keep_rows, smooth_rows, take_kept

    kept_below, kept_words = map(read_only, numbering)

    word, context, suffix = map(read_only, (source.word, source.context, source.suffix))
    occurrences = read_only(source.occurrences)
    count, kept = len(word), _ALL
    if options.cutoff(n) or len(kept_words):
        kept = room(len(word), np.int32)
        count = keep_rows(occurrences, options.cutoff(n), word, context, kept_words, kept_below, kept)
    if count == len(word) and not len(kept_below):
        kept = _ALL
    prob, backoff, frequency = (room(count, np.float32) for _ in range(3))
    backoff[:] = 1
    columns = Counted(
        read_only(_adjusted(source, options)), context, suffix, read_only(kept), kept_below, read_only(below.prob)
    )

    def part(rows: tuple[int, int]) -> None:
        smooth_rows(columns, amounts, rows[0], rows[1], prob, below.backoff)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(part, _parts(context, _THREADS)))
    made = Cut(source.word, source.context, source.suffix, frequency)
    if len(kept):
        made = Cut(room(count, np.int32), room(count, np.int32), room(count, np.int32), frequency)
        take_kept((word, context, suffix, occurrences), total, read_only(kept), kept_below, kept_words, made)
    else:
        np.divide(occurrences, np.float32(total), out=frequency, dtype=np.float32, casting="same_kind")
    return BackoffTable(made.word, made.context, made.suffix, prob, backoff, frequency), kept


def _parts(context: NDArray[Any], count: int) -> list[tuple[int, int]]:
    """Return ``count`` ranges of rows, about equally long, between which no context is torn."""
    cuts = [0]
    for part in range(1, count):
        row = len(context) * part // count
        cuts.append(int(np.searchsorted(context, context[row])) if row < len(context) else 0)
    return list(zip(cuts, [*cuts[1:], len(context)], strict=True))
