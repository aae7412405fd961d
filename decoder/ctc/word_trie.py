"""Words as a trie of characters in flat arrays, grown level by level."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .alphabet import codes_of
from .prefix_arrays import PREFIX_OF_WORD, WHOLE_WORD, Trie


def build_trie(words: Sequence[str]) -> tuple[Trie, NDArray[np.int32]]:
    """Return the trie of ``words`` (sorted, distinct, not empty) and the node of each; all its nodes are flagged.

    ``value`` is -1 everywhere.
    """
    lengths = np.array([len(word) for word in words], np.int64)
    first = np.cumsum(lengths) - lengths
    codes = codes_of("".join(words))
    node_of = np.zeros(len(words), np.int32)
    parents, letters = [np.zeros(1, np.int32)], [np.zeros(1, np.int32)]
    count = 1
    alive = np.arange(len(words))
    for depth in range(int(lengths.max(initial=0))):
        alive = alive[lengths[alive] > depth]
        parent, code = node_of[alive], codes[first[alive] + depth]
        new = np.ones(len(alive), np.bool_)
        new[1:] = (parent[1:] != parent[:-1]) | (code[1:] != code[:-1])
        parents.append(parent[new])
        letters.append(code[new])
        node_of[alive] = count - 1 + np.cumsum(new)
        count += int(new.sum())
    parent_of = np.concatenate(parents)
    begin = 1 + np.searchsorted(parent_of[1:], np.arange(count + 1))
    flags = np.full(count, PREFIX_OF_WORD, np.uint8)
    flags[node_of] |= WHOLE_WORD
    return Trie(begin.astype(np.int32), np.concatenate(letters), np.full(count, -1, np.int32), flags), node_of


def parents_of(trie: Trie) -> NDArray[np.int32]:
    """Return the parent of every node; the root's is the root."""
    children = np.diff(trie.begin)
    return np.concatenate([np.zeros(1, np.int32), np.repeat(np.arange(len(children), dtype=np.int32), children)])


def spread_up(trie: Trie, values: NDArray[np.int32], merge: np.ufunc) -> None:
    """Merge the value of every node into its ancestors', the deepest first."""
    parent = parents_of(trie)
    level = np.zeros(1, np.int64)
    levels = []
    while len(level):
        levels.append(level)
        counts = trie.begin[level + 1] - trie.begin[level]
        low = int(trie.begin[level[0]])
        level = np.arange(low, low + int(counts.sum()))
    for level in reversed(levels[1:]):
        merge.at(values, parent[level], values[level])


def hot_trie(words: Sequence[str]) -> Trie:
    """Return the trie of ``words`` (sorted, distinct) whose values are the length of the shortest word below a node."""
    trie, node_of = build_trie(words)
    shortest = np.full(len(trie.flags), np.iinfo(np.int32).max, np.int32)
    shortest[node_of] = [len(word) for word in words]
    spread_up(trie, shortest, np.minimum)
    return trie._replace(value=shortest)


def vocabulary_trie(words: Sequence[str], ids: NDArray[np.int32], known: NDArray[np.bool_]) -> Trie:
    """Return the trie of ``words`` (sorted, distinct) with their ids in a language model, -1 for none.

    Only prefixes of ``known`` words and the known words themselves are flagged as such.
    """
    trie, node_of = build_trie(words)
    trie.value[node_of] = ids
    prefix = np.zeros(len(trie.flags), np.int32)
    prefix[node_of] = known * np.int32(PREFIX_OF_WORD)
    whole = prefix * WHOLE_WORD
    spread_up(trie, prefix, np.bitwise_or)
    return trie._replace(flags=(prefix | whole).astype(np.uint8))
