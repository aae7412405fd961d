"""KenLM's trie files read into plain tables, so that they can be mixed and pruned.

The trie is keyed from the last word backwards: the children of a node are the n-grams with one more word in front, so
that an n-gram's suffix is its parent.
"""

import os
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .arpa import MOST_LOG10, SPECIAL_WORDS, Arpa, NgramTable
from .kenlm_file import Bins, KenlmFile, TrieLevel, TrieParts, is_kenlm_binary

__all__ = ["is_kenlm_binary", "read_kenlm_trie"]

_NODES_AT_ONCE: Final = 1 << 20


def read_kenlm_trie(path: str | os.PathLike[str]) -> Arpa:
    """Read the model in ``path``: a trie that build_binary made (plain or -q, -b; with or without -a).

    Scores are those of the file, quantised where it is. Suffixes that a pruned model lacks are among the n-grams, with
    the probability that backing off gives, since the trie lists them too. The special words come first, the others in
    the file's order. Raises FormatError for KenLM's probing files, which keep only hashes of their n-grams, and for
    files that are damaged, cut short or of another kind.
    """
    file = KenlmFile(path)
    parts = file.trie()
    words, new_id = _our_order(parts.words)
    return Arpa(words, tuple(_tables(file, parts, new_id)))


def _our_order(words: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the words, special ones first, and our number of each of the file's."""
    begin, end = words.index(SPECIAL_WORDS[1]), words.index(SPECIAL_WORDS[2])
    order = np.array([0, begin, end, *(place for place in range(1, len(words)) if place not in (begin, end))])
    new_id = np.empty(len(words), np.int32)
    new_id[order] = np.arange(len(words), dtype=np.int32)
    return tuple(words[place] for place in order), new_id


def _tables(file: KenlmFile, parts: TrieParts, new_id: NDArray[np.int32]) -> Iterator[NgramTable]:
    """Yield the n-grams of every order."""
    prob, backoff, first_child = (np.ascontiguousarray(parts.unigrams[field]) for field in ("f0", "f1", "f2"))
    size = parts.counts[0]
    ids = new_id[:, None]
    yield _table(file, ids, prob[:size], backoff[:size], 1)
    pointers = first_child[: size + 1].astype(np.int64)
    for n, level in enumerate(parts.levels, 2):
        if pointers[0] != 0 or pointers[-1] != level.count or (pointers[1:] < pointers[:-1]).any():
            raise file.fail(f"the KenLM file is damaged: its {n - 1}-grams point at no sound range of {n}-grams")
        words, prob, backoff, following = _decode(file, level, None if parts.bins is None else parts.bins[n - 2])
        if len(words) and words.max() >= size:
            raise file.fail(f"the KenLM file is damaged: a {n}-gram holds a word beyond its vocabulary")
        longer = np.empty((level.count, n), np.int32)
        longer[:, 1:] = np.repeat(ids, np.diff(pointers), axis=0)
        longer[:, 0] = new_id[words]
        ids, pointers = longer, following
        yield _table(file, ids, prob, backoff, n)


def _decode(
    file: KenlmFile, level: TrieLevel, bins: Bins | None
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return word, probability and back-off weight of every node, and the pointers, one more than nodes."""
    words, pointers = np.empty(level.count, np.int32), np.zeros(level.count + 1, np.int64)
    prob, backoff = np.empty(level.count, np.float32), np.zeros(level.count, np.float32)
    # Eight bytes from every byte on; the nodes of a level are followed by eight bytes more for this very end.
    windows = np.ndarray((len(file.data) - 7,), "<u8", file.data.data, 0, (1,))
    for begin in range(0, level.count + 1, _NODES_AT_ONCE):
        end = min(begin + _NODES_AT_ONCE, level.count + 1)
        bit = np.arange(begin, end, dtype=np.int64) * level.width

        def field(offset: int, bits: int, bit: NDArray[np.int64] = bit) -> NDArray[np.uint64]:
            place = bit + offset
            read: NDArray[np.uint64] = windows[level.start + (place >> 3)] >> (place & 7).astype(np.uint64)
            return read & np.uint64((1 << bits) - 1)

        here = slice(begin, min(end, level.count))
        nodes = here.stop - here.start
        at = level.word_bits
        words[here] = field(0, at)[:nodes]
        if bins is None:  # a probability is never above 0, so its sign is not kept
            prob[here] = (field(at, 31)[:nodes].astype(np.uint32) | np.uint32(1 << 31)).view(np.float32)
            at += 31
            if not level.highest:
                backoff[here] = field(at, 32)[:nodes].astype(np.uint32).view(np.float32)
                at += 32
        else:
            for values, decoded in reversed(list(zip(bins, (prob, backoff), strict=False))):
                bits = len(values).bit_length() - 1
                decoded[here] = values[field(at, bits)[:nodes].astype(np.int64)]
                at += bits
        if level.pointer_bits:
            pointers[begin:end] = field(at, level.pointer_bits).astype(np.int64)
    if level.high_parts is not None:
        high = np.searchsorted(level.high_parts, np.arange(level.count + 1), side="right") - 1
        pointers |= high << level.pointer_bits
    return words, prob, backoff, pointers


def _table(
    file: KenlmFile, ids: NDArray[np.int32], prob: NDArray[np.float32], backoff: NDArray[np.float32], n: int
) -> NgramTable:
    sound = np.isfinite(prob).all() and (prob <= 0).all() and np.isfinite(backoff).all()
    if not sound or (backoff >= MOST_LOG10).any():
        raise file.fail(f"the KenLM file is damaged: a {n}-gram has no sound probability or back-off weight")
    order = np.lexsort(ids.T[::-1])  # they stood by their last words first
    ids, prob, backoff = ids[order], prob[order], backoff[order] + np.float32(0)  # no -0
    if (ids[1:] == ids[:-1]).all(axis=1).any():
        raise file.fail(f"the KenLM file is damaged: a {n}-gram stands there twice")
    return NgramTable(ids, prob, backoff)
