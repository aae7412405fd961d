"""An interpolated Kneser-Ney n-gram over graphone sequences, pruned by relative entropy, as a trie.

Modified Kneser-Ney after Chen and Goodman (1999), with counts of distinct left contexts below the highest order; the
pruning is Stolcke's (1998), with the histories' probabilities taken from the raw counts, since those that Kneser-Ney
gives to short histories are not meant as such. All n-grams of an order are worked on at once, as arrays.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrieArrays:
    """Nodes breadth-first: symbol, number of children, natural-log probability and back-off weight of each."""

    symbol: NDArray[np.uint16]
    children: NDArray[np.uint16]
    log_prob: Floats
    backoff: Floats


@dataclass
class _Order:
    """The distinct n-grams of one order, sorted by (history, symbol)."""

    parent: Ints
    symbol: Ints
    suffix: Ints
    raw: Ints
    count: Ints
    prob: Floats
    backoff: Floats
    keep: NDArray[np.bool_]


def _count_orders(tokens: Ints, remaining: Ints, order: int, begin: int) -> list[_Order]:
    """Count all n-grams; ``remaining`` says how many tokens are left in the word from each position on."""
    size = len(tokens)
    vocabulary = int(tokens.max()) + 1
    nodes = np.zeros(size + 1, np.int64)
    starts = np.arange(size)
    orders: list[_Order] = []
    for n in range(1, order + 1):
        starts = starts[remaining[starts] >= n]
        keys, first, inverse, raw = np.unique(
            nodes[starts] * vocabulary + tokens[starts + n - 1],
            return_index=True, return_inverse=True, return_counts=True,
        )  # fmt: skip
        first = starts[first]
        suffix = nodes[first + 1] if n > 1 else np.zeros(len(keys), np.int64)
        fresh = np.full(size + 1, -1, np.int64)
        fresh[starts] = inverse
        nodes = fresh
        count = len(keys)
        orders.append(
            _Order(keys // vocabulary, keys % vocabulary, suffix, raw, raw.copy(), np.zeros(count), np.zeros(count),
                   np.ones(count, np.bool_))
        )  # fmt: skip
    for lower, upper in pairwise(orders):
        left = np.bincount(upper.suffix, minlength=len(lower.symbol))
        lower.count = np.where(left > 0, left, lower.raw)  # nothing ever stands before the start of a word
    orders[0].count[orders[0].symbol == begin] = 0
    return orders


def _discounts(counts: Ints) -> Floats:
    """Return what to take from counts of 0, 1, 2 and 3 or more."""
    ones, twos, threes, fours = (max(int((counts == n).sum()), 1) for n in (1, 2, 3, 4))
    base = ones / (ones + 2.0 * twos)
    values = np.array([0.0, 1 - 2 * base * twos / ones, 2 - 3 * base * threes / twos, 3 - 4 * base * fours / threes])
    clipped: Floats = np.clip(values, 0.0, [0.0, 0.95, 1.9, 2.85])
    return clipped


def _smooth(orders: list[_Order], vocabulary: int) -> None:
    for n, table in enumerate(orders):
        histories = 1 if n == 0 else len(orders[n - 1].symbol)
        discount = _discounts(table.count)[np.minimum(table.count, 3)]
        mass = np.bincount(table.parent, table.count, histories)
        with np.errstate(divide="ignore", invalid="ignore"):
            freed = np.where(mass > 0, np.bincount(table.parent, discount, histories) / mass, 1.0)
            table.prob = np.where(mass[table.parent] > 0, (table.count - discount) / mass[table.parent], 0.0)
        if n == 0:
            seen = table.count > 0
            table.prob = np.where(seen, table.prob + freed[0] / vocabulary, 0.0)
            table.prob /= table.prob.sum()
        else:
            table.prob += freed[table.parent] * orders[n - 1].prob[table.suffix]
            orders[n - 1].backoff = np.log(np.maximum(freed, 1e-30))


def _prune(orders: list[_Order], threshold: float) -> None:
    """Drop the n-grams whose loss changes the model's entropy least; those that longer ones stand on are kept."""
    total = float(orders[0].raw.sum())
    needed = np.zeros(len(orders[-1].symbol), np.bool_)
    for n in range(len(orders) - 1, 0, -1):
        table, lower = orders[n], orders[n - 1]
        share = lower.raw[table.parent] / total
        backed = np.exp(lower.backoff[table.parent]) * lower.prob[table.suffix]
        gain = share * table.prob * (np.log(table.prob) - np.log(backed))
        table.keep = needed | (gain > threshold)
        needed = np.zeros(len(lower.symbol), np.bool_)
        needed[table.parent[table.keep]] = True
        needed[table.suffix[table.keep]] = True
        left = 1.0 - np.bincount(table.parent[table.keep], table.prob[table.keep], len(lower.symbol))
        below = 1.0 - np.bincount(
            table.parent[table.keep], lower.prob[table.suffix[table.keep]], len(lower.symbol)
        )  # fmt: skip
        has = np.bincount(table.parent[table.keep], minlength=len(lower.symbol)) > 0
        lower.backoff = np.where(has, np.log(np.maximum(left, 1e-12)) - np.log(np.maximum(below, 1e-12)), 0.0)


def _flatten(orders: list[_Order]) -> TrieArrays:
    """Lay the kept n-grams out breadth-first, node 0 the empty history."""
    symbols, children, probs, backoffs = [np.zeros(1, np.int64)], [], [np.zeros(1)], [np.zeros(1)]
    above = np.zeros(1, np.int64)  # the old number of every node of the level above
    for n, table in enumerate(orders):
        kept = np.flatnonzero(table.keep)
        counts = np.bincount(table.parent[kept], minlength=1 if n == 0 else len(orders[n - 1].symbol))
        children.append(counts[above])
        symbols.append(table.symbol[kept])
        probs.append(np.log(np.maximum(table.prob[kept], 1e-30)))
        backoffs.append(table.backoff[kept])
        above = kept
    children.append(np.zeros(len(above), np.int64))
    return TrieArrays(
        np.concatenate(symbols).astype(np.uint16), np.concatenate(children).astype(np.uint16),
        np.concatenate(probs), np.concatenate(backoffs),
    )  # fmt: skip


def estimate(words: NDArray[Any], lengths: NDArray[Any], vocabulary: int, order: int, threshold: float) -> TrieArrays:
    """Estimate the n-gram of the sequences in ``words`` (one after the other, ``lengths`` symbols each, 1 and up).

    Symbol 0 ends every word; symbol ``vocabulary`` begins it, and has no probability of its own. Every symbol of
    0..vocabulary-1 gets a probability, seen or not.
    """
    count = len(lengths)
    begins = np.concatenate(([0], np.cumsum(lengths + 2)))
    tokens = np.zeros(int(begins[-1]), np.int64)
    place = np.arange(len(words)) + 1 + 2 * np.repeat(np.arange(count), lengths)
    tokens[place] = words
    tokens[begins[:-1]] = vocabulary
    remaining = np.repeat(begins[1:], lengths + 2) - np.arange(len(tokens))
    unseen = np.setdiff1d(np.arange(vocabulary), tokens)
    # An unseen symbol stands alone, where it makes a unigram of count one and nothing longer.
    tokens = np.concatenate((tokens, unseen))
    remaining = np.concatenate((remaining, np.ones(len(unseen), np.int64)))
    orders = _count_orders(tokens, remaining, order, vocabulary)
    _smooth(orders, vocabulary)
    _prune(orders, threshold)
    return _flatten(orders)
