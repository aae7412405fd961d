"""Merging histories that no continuation tells apart: the same words at the same costs to the same states.

Bottom-up like the sharing of subtrees, but between the states of the word automaton, over which paths go round: merging
some can make others equal, so it is repeated until nothing changes.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ngram_states import NgramStates


def merge_equal_histories(histories: NgramStates) -> NgramStates:
    """Return ``histories`` with one state for all that are equal, the lowest; the others keep their order."""
    while True:
        leader = _leaders(histories)
        kept = leader == np.arange(histories.states)
        if kept.all():
            return histories
        number = (np.cumsum(kept) - 1)[leader].astype(np.int32)
        count = np.diff(histories.begin)
        rows = np.repeat(kept, count)
        backoff = histories.backoff_targets[kept]
        histories = replace(
            histories,
            start=int(number[histories.start]),
            begin=np.concatenate([[0], np.cumsum(count[kept])]),
            words=histories.words[rows],
            costs=histories.costs[rows],
            targets=number[histories.targets[rows]],
            backoff_targets=np.where(backoff < 0, backoff, number[backoff]),
            backoff_costs=histories.backoff_costs[kept],
            final_costs=histories.final_costs[kept],
        )


def _leaders(histories: NgramStates) -> NDArray[np.int64]:
    """Return the lowest equal state of every state: found by a hash, then compared in full."""
    row_hashes = _mix(histories.words, histories.costs, histories.targets)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(row_hashes, dtype=np.uint64)])
    begin, count = histories.begin, np.diff(histories.begin)
    own = (histories.backoff_targets, histories.backoff_costs, histories.final_costs, count)
    hashes = _mix(*own, sums[begin[1:]] - sums[begin[:-1]])
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    leader: NDArray[np.int64] = first[group].astype(np.int64)
    for column in own:
        leader = np.where(column == column[leader], leader, np.arange(histories.states))
    follower = np.flatnonzero(leader != np.arange(histories.states))
    which = np.repeat(follower, count[follower])
    place = np.arange(len(which)) - np.repeat(np.cumsum(count[follower]) - count[follower], count[follower])
    theirs, ours = begin[which] + place, begin[leader[which]] + place
    for column in (histories.words, histories.costs, histories.targets):
        differing = which[column[theirs] != column[ours]]
        leader[differing] = differing
    return leader


def _mix(*columns: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of every row (a multiplicative one, with the finaliser of SplitMix64)."""
    hashes = np.full(len(columns[0]), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in columns:
        hashes = (hashes ^ column.astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
        hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        hashes ^= hashes >> np.uint64(31)
    return hashes
