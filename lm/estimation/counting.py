"""Counting n-grams in sentences: how often each occurs, and after how many different words.

Everything is sorted arrays: the n-grams of the highest order come from one sort over the whole text, the shorter ones
from those by dropping the first word (Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation").
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError, OptionsError
from ..ngram.arpa import SPECIAL_WORDS
from ..ngram.keys import Keys, NgramKeys, find, run_starts
from .count_tables import CountTable, NgramCounts
from .ngram_rows import END_ID, START_ID, UNKNOWN_ID

__all__ = ["END_ID", "START_ID", "UNKNOWN_ID", "CountTable", "NgramCounts", "count_ngrams", "encode"]

_SENTENCES_AT_ONCE = 1 << 15
_WINDOWS_AT_ONCE = 1 << 22


class _Growing(dict[str, int]):
    """Numbers words as they come."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class _Fixed(dict[str, int]):
    """Takes every word that it does not hold for the unknown one."""

    def __missing__(self, word: str) -> int:
        return UNKNOWN_ID


def encode(sentences: Iterable[str], vocabulary: Sequence[str] | None = None) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Turn sentences (words between spaces) into one array of word ids, ``<s>`` and ``</s>`` around each.

    Words outside ``vocabulary`` become ``<unk>``; without a vocabulary every word of the text gets an id. Sentences
    without words are left out. Returns the ids (uint16 where they fit, else int32) and the words, special ones first.
    Raises FormatError where a sentence holds ``<s>`` or ``</s>``.
    """
    known = [*SPECIAL_WORDS, *(word for word in vocabulary or () if word not in SPECIAL_WORDS)]
    ids = (_Growing if vocabulary is None else _Fixed)({word: number for number, word in enumerate(known)})
    if len(ids) != len(known):
        raise OptionsError("The vocabulary holds a word twice.")
    source = iter(sentences)
    parts: list[NDArray[Any]] = []
    total = 0
    while batch := list(islice(source, _SENTENCES_AT_ONCE)):
        batch = [sentence for sentence in batch if sentence and not sentence.isspace()]
        total += len(batch)
        if batch:
            text = " </s> <s> ".join(batch)
            parts.append(np.array(array("i", map(ids.__getitem__, f"<s> {text} </s>".split())), np.int32))
            if vocabulary is not None and len(known) <= 1 << 16:
                parts[-1] = parts[-1].astype(np.uint16)
    tokens = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    if np.count_nonzero(tokens == START_ID) != total or np.count_nonzero(tokens == END_ID) != total:
        raise FormatError("A sentence of the text holds <s> or </s>, which mark where sentences begin and end.")
    return tokens, tuple(ids) if vocabulary is None else tuple(known)


def count_ngrams(tokens: NDArray[Any], words: tuple[str, ...], order: int) -> NgramCounts:
    """Count the n-grams of orders 1 to ``order`` in ``tokens`` (see ``encode``)."""
    if not 1 <= order <= 6:
        raise OptionsError(f"The order of an n-gram model is 1 to 6, not {order}.")
    if not len(tokens):
        raise FormatError("The text holds no words, so that nothing can be counted.")
    packing = NgramKeys(len(words))
    keys: list[Keys] = [_windows(tokens, packing, order)]
    keys[0].sort()
    begin = run_starts(keys[0])
    occurrences = [np.diff(begin, append=len(keys[0])).astype(np.uint32)]
    keys[0] = keys[0][begin]
    del begin
    continuations = [occurrences[0]]
    for n in range(order - 1, 0, -1):
        shorter, occurs, preceded = _shorten(packing, keys[0], occurrences[0], n, _sentence_starts(tokens, packing, n))
        keys.insert(0, shorter)
        occurrences.insert(0, occurs)
        continuations.insert(0, preceded)
    _complete_unigrams(packing, len(words), keys, occurrences, continuations)
    tables = []
    for n in range(1, order + 1):
        word = packing.column(keys[n - 1], n, n - 1)
        context = suffix = np.zeros(len(word), np.int32)
        if n > 1:
            context = find(keys[n - 2], packing.drop_last(keys[n - 1], n))
            suffix = find(keys[n - 2], packing.drop_first(keys[n - 1], n))
        tables.append(CountTable(word, context, suffix, occurrences[n - 1], continuations[n - 1]))
    return NgramCounts(words, tuple(tables))


def _windows(tokens: NDArray[Any], packing: NgramKeys, n: int) -> Keys:
    """Return the keys of all windows of ``n`` tokens in which ``<s>`` stands nowhere but first."""
    whole = np.ones(max(0, len(tokens) - n + 1), np.bool_)
    for place in range(1 if n > 1 else 0, n):
        whole &= tokens[place : place + len(whole)] != START_ID
    blocks = range(0, len(whole), _WINDOWS_AT_ONCE)  # so that only the answer takes much memory
    keys: Keys = packing.pack([np.zeros(0, np.int32)] * n)
    keys = np.empty(np.count_nonzero(whole), keys.dtype)
    done = 0
    for begin in blocks:
        wanted = whole[begin : begin + _WINDOWS_AT_ONCE]
        part = packing.pack([tokens[begin + place : begin + place + len(wanted)][wanted] for place in range(n)])
        keys[done : done + len(part)] = part
        done += len(part)
    return keys


def _sentence_starts(tokens: NDArray[Any], packing: NgramKeys, n: int) -> tuple[Keys, NDArray[np.uint32]]:
    """Return the n-grams of order ``n`` > 1 that begin with ``<s>``, sorted, and how often each occurs."""
    if n == 1:
        return packing.pack([np.zeros(0, np.int32)]), np.zeros(0, np.uint32)
    at = np.flatnonzero(tokens == START_ID)
    for place in range(1, n):
        at = at[at + place < len(tokens)]
        at = at[tokens[at + place] != START_ID]
    keys = packing.pack([tokens[at + place] for place in range(n)])
    keys.sort()
    begin = run_starts(keys)
    return keys[begin], np.diff(begin, append=len(keys)).astype(np.uint32)


def _shorten(
    packing: NgramKeys, keys: Keys, occurrences: NDArray[np.uint32], n: int, starts: tuple[Keys, NDArray[np.uint32]]
) -> tuple[Keys, NDArray[np.uint32], NDArray[np.uint32]]:
    """Return keys, occurrences and continuation counts of order ``n`` out of those of order ``n + 1``."""
    suffixes = packing.drop_first(keys, n + 1)
    by_suffix = np.argsort(suffixes)
    suffixes = suffixes[by_suffix]
    begin = run_starts(suffixes)
    occurs = np.add.reduceat(occurrences[by_suffix], begin, dtype=np.uint32)
    preceded = np.diff(begin, append=len(suffixes)).astype(np.uint32)
    # No n-gram stands in both: what has a word on its left does not begin with <s>.
    merged = np.concatenate([suffixes[begin], starts[0]])
    order = np.argsort(merged, kind="stable")
    return (
        merged[order],
        np.concatenate([occurs, starts[1]])[order],
        np.concatenate([preceded, starts[1]])[order],
    )


def _complete_unigrams(
    packing: NgramKeys,
    size: int,
    keys: list[Keys],
    occurrences: list[NDArray[np.uint32]],
    continuations: list[NDArray[np.uint32]],
) -> None:
    """Give every word of the vocabulary a unigram, seen or not."""
    seen = packing.column(keys[0], 1, 0)
    for counts in (occurrences, continuations):
        every = np.zeros(size, np.uint32)
        every[seen] = counts[0]
        every[START_ID] = 0
        counts[0] = every
    if len(keys) == 1:
        continuations[0] = occurrences[0]
    keys[0] = packing.pack([np.arange(size, dtype=np.int32)])
