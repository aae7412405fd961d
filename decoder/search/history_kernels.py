"""What a token's history does on an arc: the inner kernels that the search calls where a search has a history.

A history is an int64: LM state << PHRASE_BITS | phrase state. ``model`` is a NamedTuple of arrays (``HistoryArrays``);
a search without a history passes None instead and never calls these functions (the branches are not even compiled).

What the search does with them, for a token (graph state s, history h, cost, ahead), ``ahead`` being the look-ahead cost
that its cost includes:
* an arc s -> t without an output label: cost += weight + acoustic; h stays; only where the arc is flagged
  ("look-ahead may change", because ``points[s] != points[t]``, see ``History.points``) also
  ahead' = look_ahead(model, t, h), cost += ahead' - ahead. Links never hold look-ahead costs.
* an arc with output label w: ``successors`` is asked once, then for each of its answers i
  ahead' = look_ahead(model, t, model.next_history[i]),
  cost' = cost + weight + acoustic + next_lm[i] + next_phrase[i] + ahead' - ahead;
  the link keeps weight, next_lm[i], next_phrase[i] and acoustic apart.
  Before asking, the search drops the arc where cost + weight + acoustic - model.slack is outside the beam: ``slack`` is
  the most by which next_lm + next_phrase + ahead' - ahead may fall below 0.
* at the end (``end_costs``): final cost of the graph state + LM cost of </s> + what was lent to a phrase not ended.

The language model is walked as a static graph would be: a token in an LM state stands for the words that are listed
there, and for no others; where a word leads to a state, tokens are made for that state and for each one below it, with
the costs of backing off. So histories that back off to the same state become one token where they do.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel

PHRASE_BITS = 20


class WordArrays(NamedTuple):
    """A language model as an automaton over ranks of output labels (``Reachability.rank``); no states: there is none.

    State ``s`` lists ``ranks[begin[s]:begin[s + 1]]``, rising (a rank may come twice), with ``costs`` (nats) and
    ``targets``. ``backoff_targets`` is -1 where there is nothing to back off to. ``rank`` maps output labels to ranks.
    State 0 is the empty history, where a rank is listed at ``place[rank]`` or nowhere.

    Most words are not listed after most histories, and that is to be seen at a glance: ``label_mark`` gives each output
    label one of 63 bits (0: no state lists it), ``marks`` holds the bits of all words that a state lists.
    """

    begin: NDArray[np.int64]
    ranks: NDArray[np.int32]
    costs: NDArray[np.float32]
    targets: NDArray[np.int32]
    backoff_targets: NDArray[np.int32]
    backoff_costs: NDArray[np.float32]
    final_costs: NDArray[np.float32]
    rank: NDArray[np.int32]
    place: NDArray[np.int64]
    label_mark: NDArray[np.int64]
    marks: NDArray[np.int64]


class AheadArrays(NamedTuple):
    """What to look ahead to: the sets of a ``Reachability``; ``points`` is empty where there is no look-ahead.

    ``dense`` (2, sets): the least cost of each set in LM state 0 and in the state ``start``; the costs in all other
    states are kept in ``memo_costs``, a direct-mapped table, under ``memo_keys`` (state * sets + set).
    """

    points: NDArray[np.int32]
    begin: NDArray[np.int64]
    lows: NDArray[np.int32]
    highs: NDArray[np.int32]
    ends: NDArray[np.uint8]
    marks: NDArray[np.int64]
    start: int
    dense: NDArray[np.float32]
    memo_keys: NDArray[np.int64]
    memo_costs: NDArray[np.float32]


class PhraseArrays(NamedTuple):
    """The automaton of a phrase list; no states: there is none.

    ``word`` (output labels,) numbers the words that phrases use from 1 on, 0 for all others. State ``s`` goes on
    with the words ``words[begin[s]:begin[s + 1]]``, rising, to ``targets``; with any other word it falls back to
    ``fail[s]``.
    ``held`` is what a state has been lent (nats), ``earned`` what is paid for good on arriving there.
    """

    word: NDArray[np.int32]
    begin: NDArray[np.int32]
    words: NDArray[np.int32]
    targets: NDArray[np.int32]
    fail: NDArray[np.int32]
    held: NDArray[np.float32]
    earned: NDArray[np.float32]


class HistoryArrays(NamedTuple):
    """The arrays behind a history; ``next_*`` are scratch that ``successors`` fills (as long as its longest answer)."""

    next_history: NDArray[np.int64]
    next_lm: NDArray[np.float32]
    next_phrase: NDArray[np.float32]
    slack: float
    lm: WordArrays
    ahead: AheadArrays
    phrases: PhraseArrays


@inlined_kernel
def first_not_below(values: NDArray[np.int32], low: int, high: int, value: int) -> int:
    """Return the first place in ``values[low:high]``, which rise, that is at least ``value``; ``high`` if none."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@inlined_kernel
def move_phrase(phrases: PhraseArrays, state: int, label: int) -> tuple[int, float]:
    """Return the phrase state after ``state`` and the output label ``label``, and what that costs (often below 0)."""
    word = phrases.word[label]
    following = np.int64(0)
    if word != 0:
        at = np.int64(state)
        while at >= 0:
            high = np.int64(phrases.begin[at + 1])
            place = first_not_below(phrases.words, np.int64(phrases.begin[at]), high, word)
            if place < high and phrases.words[place] == word:
                following = np.int64(phrases.targets[place])
                break
            at = np.int64(phrases.fail[at])
    gain = np.float64(phrases.held[following]) - np.float64(phrases.held[state]) + np.float64(phrases.earned[following])
    return following, -gain


@inlined_kernel
def successors(model: HistoryArrays, history: int, label: int) -> int:
    """Fill ``model.next_*`` with what follows ``history`` on output label ``label``; return how many there are."""
    lm, state = model.lm, history >> PHRASE_BITS
    place, high, rank = np.int64(0), np.int64(0), np.int32(0)
    if len(lm.marks) > 0:
        if lm.marks[state] & lm.label_mark[label] == 0:
            return 0
        rank, high = lm.rank[label], lm.begin[state + 1]
        place = lm.place[rank] if state == 0 else first_not_below(lm.ranks, lm.begin[state], high, rank)
        if place == high or lm.ranks[place] != rank:
            return 0
    phrase_state, phrase_cost = np.int64(0), 0.0
    if len(model.phrases.held) > 0:
        phrase_state, phrase_cost = move_phrase(model.phrases, history & ((1 << PHRASE_BITS) - 1), label)
    count = 0
    while place < high and lm.ranks[place] == rank:
        following, cost = np.int64(lm.targets[place]), np.float64(lm.costs[place])
        while following >= 0:
            model.next_history[count] = following << PHRASE_BITS | phrase_state
            model.next_lm[count] = cost
            model.next_phrase[count] = phrase_cost
            count += 1
            cost += np.float64(lm.backoff_costs[following])
            following = np.int64(lm.backoff_targets[following])
        place += 1
    if len(lm.marks) == 0:
        model.next_history[0] = phrase_state
        model.next_lm[0] = 0.0
        model.next_phrase[0] = phrase_cost
        count = 1
    return count


@inlined_kernel
def least_cost(lm: WordArrays, ahead: AheadArrays, state: int, point: int) -> float:
    """Return the least cost of the words that are listed in LM state ``state`` and belong to the set ``point``."""
    low, high = lm.begin[state], lm.begin[state + 1]
    first, last = ahead.begin[point], ahead.begin[point + 1]
    least = np.inf
    if ahead.ends[point] != 0:
        least = np.float64(lm.final_costs[state])
    if high - low <= last - first:
        for place in range(low, high):
            at = first_not_below(ahead.highs, first, last, lm.ranks[place])
            if at < last and ahead.lows[at] <= lm.ranks[place]:
                least = min(least, np.float64(lm.costs[place]))
    else:
        for at in range(first, last):
            low = first_not_below(lm.ranks, low, high, ahead.lows[at])
            while low < high and lm.ranks[low] <= ahead.highs[at]:
                least = min(least, np.float64(lm.costs[low]))
                low += 1
    return least


@inlined_kernel
def look_ahead(model: HistoryArrays, state: int, history: int) -> float:
    """Return the least LM cost of any word still reachable from graph state ``state``; 0 without look-ahead."""
    ahead = model.ahead
    if len(ahead.points) == 0:
        return 0.0
    point = np.int64(ahead.points[state])
    if point == 0:
        return 0.0
    lm_state, sets = history >> PHRASE_BITS, len(ahead.ends)
    if lm_state == 0:
        return np.float64(ahead.dense[0, point])
    if lm_state == ahead.start:
        return np.float64(ahead.dense[1, point])
    if model.lm.marks[lm_state] & ahead.marks[point] == 0:
        return np.inf
    key = lm_state * sets + point
    slot = ((key * 0x9E3779B1) >> 7) & (len(ahead.memo_keys) - 1)
    if ahead.memo_keys[slot] != key:
        ahead.memo_costs[slot] = least_cost(model.lm, ahead, lm_state, point)
        ahead.memo_keys[slot] = key
    return np.float64(ahead.memo_costs[slot])


@kernel
def fill_dense(lm: WordArrays, ahead: AheadArrays) -> None:
    """Fill ``ahead.dense`` (zeros on entry): the least costs of all sets in LM state 0 and in the state ``start``."""
    for point in range(1, len(ahead.ends)):
        ahead.dense[0, point] = least_cost(lm, ahead, 0, point)
        ahead.dense[1, point] = least_cost(lm, ahead, ahead.start, point)


@kernel
def end_costs(
    model: HistoryArrays,
    histories: NDArray[np.int64],
    final: bool,
    lm: NDArray[np.float32],
    phrase: NDArray[np.float32],
) -> None:
    """Set ``lm`` and ``phrase`` (tokens,) to what ending in each history costs; ``final`` False: no </s> is read."""
    for token in range(len(histories)):
        lm[token] = phrase[token] = 0.0
        if final and len(model.lm.final_costs) > 0:
            lm[token] = model.lm.final_costs[histories[token] >> PHRASE_BITS]
        if len(model.phrases.held) > 0:
            phrase[token] = model.phrases.held[histories[token] & ((1 << PHRASE_BITS) - 1)]
