"""What a token's history does on an arc: the inner kernels that the search calls where a search has a history.

A history is an int64: LM state << PHRASE_BITS | phrase state. ``model`` is a NamedTuple of arrays (``HistoryArrays``);
a search without a history passes None instead and never calls these functions (the branches are not even compiled).

What the search does with them, for a token (graph state s, history h, cost, ahead), ``ahead`` being the look-ahead cost
that its cost includes:
* an arc s -> t without an output label: cost += weight + acoustic; where the arc is flagged ("look-ahead may
  change", because ``points[s] != points[t]``, see ``History.points``) also (h, ahead', paid) =
  narrow(model, points[t], h) and cost += paid + ahead' - ahead. What is paid counts as a cost of the language model,
  what is looked ahead to does not.
* an arc with output label w: ``successors`` is asked once, then for each of its answers i
  cost' = cost + weight + acoustic + next_lm[i] + next_phrase[i] - ahead, and ahead' = 0: right behind a word nothing is
  looked ahead to. The link keeps weight, next_lm[i], next_phrase[i] and acoustic apart.
  Before asking, the search drops the arc where cost + weight + acoustic - model.slack is outside the beam: ``slack`` is
  the most by which these steps may lower the cost apart from weight and acoustic.
* at the end (``end_costs``): final cost of the graph state + LM cost of </s> + what was lent to a phrase not ended.

The language model is walked as a static graph would be: a token in an LM state stands for the words that are listed
there, and for no others; where a word leads to a state, tokens are made for that state and for each one below it, with
the costs of backing off. So histories that back off to the same state become one token where they do.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel
from .prefetch_kernels import prefetch

PHRASE_BITS = 20


class WordArrays(NamedTuple):
    """A language model as an automaton over ranks of output labels (``Reachability.rank``); no states: there is none.

    State ``s`` lists ``ranks[begin[s]:begin[s + 1]]``, rising (a rank may come twice), with ``costs`` (nats) and
    ``targets``. ``backoff_targets`` is -1 where there is nothing to back off to. ``rank`` maps output labels to ranks.
    State 0 is the empty history, where a rank is listed at ``place[rank]`` or nowhere. ``same`` is the first place with
    the same rank and target.

    A number from the number of states on is no state but a word that is sure to come: that at the place which is left
    after subtracting the number of states.

    Most words are not listed after most histories, and that is to be seen at a glance. ``marks`` and ``tops`` are those
    of word_marks.py, empty without look-ahead. ``listed`` holds a Bloom filter for each state, a power of two of 64-bit
    words from ``listed_begin`` on: where the bit ``listed_bit`` of a rank is not set, the state does not list the rank.
    ``hashes`` (states,) are filters of one such word, for a first glance (``word_marks.word_bits``).
    """

    begin: NDArray[np.int64]
    ranks: NDArray[np.int32]
    costs: NDArray[np.float32]
    targets: NDArray[np.int32]
    backoff_targets: NDArray[np.int32]
    backoff_costs: NDArray[np.float32]
    final_costs: NDArray[np.float32]
    rank: NDArray[np.int32]
    same: NDArray[np.int32]
    place: NDArray[np.int64]
    listed_begin: NDArray[np.int32]
    listed: NDArray[np.int64]
    marks: NDArray[np.int64]
    tops: NDArray[np.int64]
    hashes: NDArray[np.int64]


class AheadArrays(NamedTuple):
    """What to look ahead to: the sets of a ``Reachability``; ``points`` is empty where there is no look-ahead.

    ``marks`` (sets,) are those of word_marks.py. ``dense`` (2, sets): the least cost of each set in LM state 0 and in
    the state ``start``; the costs in all other states are kept in a direct-mapped table: ``memo_keys`` holds state *
    sets + set in every other place, and ``memo_costs`` and ``memo_places``, the same memory read as float32 and int32,
    the cost behind it and the place of the word, where a set and a state have but one in common, else -1
    (``dense_places`` likewise).
    """

    points: NDArray[np.int32]
    begin: NDArray[np.int64]
    lows: NDArray[np.int32]
    highs: NDArray[np.int32]
    ends: NDArray[np.uint8]
    marks: NDArray[np.int64]
    start: int
    dense: NDArray[np.float32]
    dense_places: NDArray[np.int32]
    memo_keys: NDArray[np.int64]
    memo_costs: NDArray[np.float32]
    memo_places: NDArray[np.int32]


class PhraseArrays(NamedTuple):
    """The automaton of a phrase list; no states: there is none.

    ``word`` (output labels,) numbers the words that phrases use from 1 on, 0 for all others. State ``s`` goes on
    with the words ``words[begin[s]:begin[s + 1]]``, rising, to ``targets``; with any other word it falls back to
    ``fail[s]``. State 0 goes on to ``first`` (by number of the word; 0 where no phrase begins with it).
    ``held`` is what a state has been lent (nats), ``earned`` what is paid for good on arriving there.
    """

    word: NDArray[np.int32]
    first: NDArray[np.int32]
    begin: NDArray[np.int32]
    words: NDArray[np.int32]
    targets: NDArray[np.int32]
    fail: NDArray[np.int32]
    held: NDArray[np.float32]
    earned: NDArray[np.float32]


class HistoryArrays(NamedTuple):
    """The arrays behind a history; ``next_*`` are scratch that ``successors`` fills (as long as its longest answer).

    ``arc_keys`` (2 * arcs of the graph,), empty without a language model: of each arc in turn what a history is to have
    in common with it (see ``can_follow``), and the rank of its word, else the set of the state behind it.
    """

    next_history: NDArray[np.int64]
    next_lm: NDArray[np.float32]
    next_phrase: NDArray[np.float32]
    slack: float
    arc_keys: NDArray[np.int64]
    lm: WordArrays
    ahead: AheadArrays
    phrases: PhraseArrays


@inlined_kernel
def listed_bit(rank: int) -> int:
    """Return the number of the bit for a rank, to be cut to the size of a filter."""
    return np.int64(rank) * 0x9E3779B1 >> 12


@kernel
def fill_listed(lm: WordArrays, listed: NDArray[np.int64]) -> None:
    """Set the bits of all that the states list in ``listed``, zeros on entry."""
    for state in range(len(lm.final_costs)):
        first, words = lm.listed_begin[state], lm.listed_begin[state + 1] - lm.listed_begin[state]
        for place in range(lm.begin[state], lm.begin[state + 1]):
            bit = listed_bit(lm.ranks[place])
            listed[first + ((bit >> 6) & (words - 1))] |= np.int64(1) << (bit & 63)


@inlined_kernel
def history_marks(model: HistoryArrays, history: int) -> tuple[int, int, int]:
    """Return the marks of a history that ``can_follow`` compares: for words, for sets, and for the first sets."""
    state = history >> PHRASE_BITS
    if len(model.arc_keys) == 0 or state >= len(model.lm.final_costs):
        return np.int64(-1), np.int64(-1), np.int64(-1)
    return model.lm.hashes[state], model.lm.marks[state], model.lm.tops[state]


@inlined_kernel
def can_follow(model: HistoryArrays, marks: tuple[int, int, int], arc: int, word: bool) -> bool:
    """Return False where a history with these marks is seen at a glance to list no word that the arc leads to."""
    if len(model.arc_keys) == 0:
        return True
    mark = model.arc_keys[2 * arc]
    return (marks[0] if word else marks[1] if mark >= 0 else marks[2]) & mark != 0


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
    word, following = phrases.word[label], np.int64(-1)
    at = np.int64(state) if word != 0 else np.int64(0)
    while at > 0 and following < 0:
        high = np.int64(phrases.begin[at + 1])
        place = first_not_below(phrases.words, np.int64(phrases.begin[at]), high, word)
        if place < high and phrases.words[place] == word:
            following = np.int64(phrases.targets[place])
        at = np.int64(phrases.fail[at])
    if following < 0:
        following = np.int64(phrases.first[word])
    gain = np.float64(phrases.held[following]) - np.float64(phrases.held[state]) + np.float64(phrases.earned[following])
    return following, -gain


@inlined_kernel
def rank_of(model: HistoryArrays, arc: int, label: int) -> int:
    """Return the rank of an output label; ``arc`` is one that has it."""
    if len(model.arc_keys) > 0:
        return model.arc_keys[2 * arc + 1]
    return np.int64(model.lm.rank[label]) if len(model.lm.rank) > 0 else np.int64(0)


@inlined_kernel
def successors(model: HistoryArrays, history: int, label: int, rank: int) -> int:
    """Fill ``model.next_*`` with what follows ``history`` on output label ``label``; return how many there are.

    ``rank`` is the label's (``rank_of``).
    """
    lm, state, states = model.lm, history >> PHRASE_BITS, len(model.lm.final_costs)
    place, high, sure = np.int64(0), np.int64(0), 1.0
    if states > 0:
        if state >= states:
            place, sure = state - states, 0.0
            high = place + 1
        elif rank < 0:
            return 0
        elif state == 0:
            place, high = lm.place[rank], lm.begin[1]
        else:
            bit, filters = listed_bit(rank), np.int64(lm.listed_begin[state])
            words = lm.listed_begin[state + 1] - filters
            if (lm.listed[filters + ((bit >> 6) & (words - 1))] >> (bit & 63)) & 1 == 0:
                return 0
            high = lm.begin[state + 1]
            place = first_not_below(lm.ranks, lm.begin[state], high, rank)
        if place == high or lm.ranks[place] != rank:
            return 0
    phrase_state, phrase_cost = np.int64(0), 0.0
    if len(model.phrases.held) > 0:
        phrase_state, phrase_cost = move_phrase(model.phrases, history & ((1 << PHRASE_BITS) - 1), label)
    count = 0
    while place < high and lm.ranks[place] == rank:
        following, cost = np.int64(lm.targets[place]), sure * np.float64(lm.costs[place])
        while following >= 0:
            model.next_history[count] = following << PHRASE_BITS | phrase_state
            model.next_lm[count] = cost
            model.next_phrase[count] = phrase_cost
            count += 1
            cost += np.float64(lm.backoff_costs[following])
            following = np.int64(lm.backoff_targets[following])
        place += 1
    if states == 0:
        model.next_history[0] = phrase_state
        model.next_lm[0] = 0.0
        model.next_phrase[0] = phrase_cost
        count = 1
    return count


@inlined_kernel
def common_words(lm: WordArrays, ahead: AheadArrays, state: int, point: int) -> tuple[float, int]:
    """Return the least cost of the words that LM state ``state`` lists and that belong to the set ``point``.

    And the place of the word, where there is one alone and nothing can end there; else -1.
    """
    low, high = lm.begin[state], lm.begin[state + 1]
    first, last = ahead.begin[point], ahead.begin[point + 1]
    least, found, only = np.inf, 0, np.int64(-1)
    if ahead.ends[point] != 0:
        least, found = np.float64(lm.final_costs[state]), 2
    if high - low <= last - first:
        for place in range(low, high):
            at = first_not_below(ahead.highs, first, last, lm.ranks[place])
            if at < last and ahead.lows[at] <= lm.ranks[place]:
                least = min(least, np.float64(lm.costs[place]))
                found += 1
                only = np.int64(place)
    else:
        for at in range(first, last):
            low = first_not_below(lm.ranks, low, high, ahead.lows[at])
            while low < high and lm.ranks[low] <= ahead.highs[at]:
                least = min(least, np.float64(lm.costs[low]))
                found += 1
                only = np.int64(low)
                low += 1
    return least, only if found == 1 else np.int64(-1)


@inlined_kernel
def memo_slot(ahead: AheadArrays, state: int, point: int) -> int:
    """Return the slot of the table of look-ahead costs for an LM state and a set."""
    return ((state * 0x9E3779B1 >> 8) + point) & (len(ahead.memo_keys) // 2 - 1)


@inlined_kernel
def expect(model: HistoryArrays, history: int, arc: int, word: bool) -> None:
    """Ask for the memory that following an arc with a history is going to read."""
    state = history >> PHRASE_BITS
    if len(model.arc_keys) == 0 or state >= len(model.lm.final_costs):
        return
    key = model.arc_keys[2 * arc + 1]
    if word:
        first = np.int64(model.lm.listed_begin[state])
        words = model.lm.listed_begin[state + 1] - first
        prefetch(model.lm.listed, first + ((listed_bit(key) >> 6) & (words - 1)))
    elif state == 0 or state == model.ahead.start:
        row = np.int64(0 if state == 0 else len(model.ahead.ends))
        prefetch(model.ahead.dense, row + key)
        prefetch(model.ahead.dense_places, row + key)
    else:
        prefetch(model.ahead.memo_keys, 2 * memo_slot(model.ahead, state, key))


@inlined_kernel
def expect_history(model: HistoryArrays, history: int) -> None:
    """Ask for the memory that tells what a history has in common with arcs."""
    state = history >> PHRASE_BITS
    prefetch(model.lm.marks, state)
    prefetch(model.lm.hashes, state)
    prefetch(model.lm.listed_begin, state)


@inlined_kernel
def narrow(model: HistoryArrays, point: int, history: int) -> tuple[int, float, np.float32]:
    """Return the history where only the words of set ``point`` can come next, its look-ahead cost, and what is paid.

    The look-ahead cost is the least of any word that is listed and can come next, infinite where there is none. Where
    there is one alone, the history becomes that word, which is paid at once: nothing is left to look ahead to, and
    histories that come to the same word and the same state behind it are one.
    """
    ahead, lm, states = model.ahead, model.lm, len(model.lm.final_costs)
    lm_state = history >> PHRASE_BITS
    if point == 0:
        return history, 0.0, np.float32(0.0)
    if lm_state >= states:
        rank, last = lm.ranks[lm_state - states], ahead.begin[point + 1]
        at = first_not_below(ahead.highs, ahead.begin[point], last, rank)
        return history, 0.0 if at < last and ahead.lows[at] <= rank else np.inf, np.float32(0.0)
    if lm_state == 0 or lm_state == ahead.start:
        row = 0 if lm_state == 0 else 1
        cost, place = ahead.dense[row, point], ahead.dense_places[row, point]
    else:
        # Sets beside each other, which sisters in a tree have, stand beside each other.
        key = lm_state * len(ahead.ends) + point
        slot = memo_slot(ahead, lm_state, point)
        if ahead.memo_keys[2 * slot] != key:
            ahead.memo_keys[2 * slot] = key
            least, only = common_words(lm, ahead, lm_state, point)
            ahead.memo_costs[4 * slot + 2], ahead.memo_places[4 * slot + 3] = least, only
        cost, place = ahead.memo_costs[4 * slot + 2], ahead.memo_places[4 * slot + 3]
    if place >= 0:
        sure = states + np.int64(lm.same[place])
        return sure << PHRASE_BITS | history & ((1 << PHRASE_BITS) - 1), 0.0, cost
    return history, np.float64(cost), np.float32(0.0)


@kernel
def fill_dense(lm: WordArrays, ahead: AheadArrays) -> None:
    """Fill ``ahead.dense`` and ``ahead.dense_places`` for all sets in LM state 0 and in the state ``start``."""
    for point in range(1, len(ahead.ends)):
        ahead.dense[0, point], ahead.dense_places[0, point] = common_words(lm, ahead, 0, point)
        ahead.dense[1, point], ahead.dense_places[1, point] = common_words(lm, ahead, ahead.start, point)


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
            state = histories[token] >> PHRASE_BITS
            lm[token] = model.lm.final_costs[state] if state < len(model.lm.final_costs) else np.inf
        if len(model.phrases.held) > 0:
            phrase[token] = model.phrases.held[histories[token] & ((1 << PHRASE_BITS) - 1)]
