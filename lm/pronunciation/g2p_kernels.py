"""Compiled beam search for the pronunciations of a word, over an n-gram model of graphones.

Hypotheses stand at a place of the word, the number of letters that they have spelled; each knows the state of the
n-gram model that it is in. The states' words are graphones sorted by their letters, so that those that can spell the
next letters are a range of each state's list.
"""

from typing import Any, NamedTuple

import numpy as np

from ...jit import inlined_kernel, kernel

END_ID = 2
SPECIAL = 3
"""The first graphone's word id: <unk>, <s> and </s> come before it."""


class Model(NamedTuple):
    """A back-off automaton in plain arrays (see NgramAutomaton), natural logarithms, and its graphones' phones.

    begin, words, next_state, backoff_state int32; log_prob, backoff float64. State 0 lists every word at its own id.
    ``first`` and ``second`` (int16) are the phones of each graphone, -1 for none.
    """

    begin: Any
    words: Any
    log_prob: Any
    next_state: Any
    backoff: Any
    backoff_state: Any
    first: Any
    second: Any


class Hypotheses(NamedTuple):
    """What a search holds: ``room`` slots for every place of a word, ``count`` and ``top`` score of each place.

    score float64, state int32, back (the hypothesis before it) int32, graphone int32, said (a hash of the phones so
    far) int64, all (letters + 1) * room long; count int32 and top float64 have letters + 1.
    """

    score: Any
    state: Any
    back: Any
    graphone: Any
    said: Any
    count: Any
    top: Any


@inlined_kernel
def add_logs(one: float, other: float) -> float:
    """Return the logarithm of the sum of two probabilities given as logarithms."""
    high, low = max(one, other), min(one, other)
    return high if low == -np.inf else high + np.log1p(np.exp(low - high))


@inlined_kernel
def find_word(model: Model, state: int, word: int) -> int:
    """Return the first arc of ``state`` whose word is ``word`` or a later one (the end of its arcs if none is)."""
    low, high = np.int64(model.begin[state]), np.int64(model.begin[state + 1])
    while low < high:
        middle = (low + high) >> 1
        if model.words[middle] < word:
            low = middle + 1
        else:
            high = middle
    return low


@inlined_kernel
def end_score(model: Model, state: int) -> float:
    """Return the log-probability that a word ends in ``state``."""
    value = 0.0
    while True:
        arc = find_word(model, state, END_ID)
        if state == 0 or (arc < model.begin[state + 1] and model.words[arc] == END_ID):
            return value + model.log_prob[arc]
        value += model.backoff[state]
        state = np.int64(model.backoff_state[state])


@inlined_kernel
def select(held: Hypotheses, place: int, room: int, beam: float, kept: Any, left: Any) -> int:
    """Write the best hypotheses of a place to ``kept``, best first, equals merged; return how many.

    ``left`` has ``room`` values for the scores of those not yet chosen.
    """
    alive = 0
    begin, count = place * room, held.count[place]
    for slot in range(count):
        left[slot] = held.score[begin + slot]
    while alive < len(kept):
        best = -np.inf
        chosen = 0
        for slot in range(count):
            if left[slot] > best:
                best, chosen = left[slot], slot
        if best == -np.inf or best < held.top[place] - beam:
            break
        left[chosen] = -np.inf
        entry = begin + chosen
        twin = -1
        for other in range(alive):
            if held.said[kept[other]] == held.said[entry] and held.state[kept[other]] == held.state[entry]:
                twin = kept[other]
                break
        if twin >= 0:
            held.score[twin] = add_logs(held.score[twin], best)
        else:
            kept[alive] = entry
            alive += 1
    return alive


@inlined_kernel
def put(model: Model, held: Hypotheses, room: int, entry: int, place: int, arc: int, value: float) -> None:
    """Add the hypothesis that ``entry`` becomes by the graphone of ``arc``; in a full place the worst one goes."""
    slot = place * room + held.count[place]
    if held.count[place] < room:
        held.count[place] += 1
    else:
        slot = place * room
        for other in range(slot, slot + room):
            if held.score[other] < held.score[slot]:
                slot = other
        if not value > held.score[slot]:
            return
    graphone = model.words[arc] - SPECIAL
    said = np.int64(held.said[entry])
    if model.first[graphone] >= 0:
        said = (said * 32771 + model.first[graphone] + 1) % 140737488355213
    if model.second[graphone] >= 0:
        said = (said * 32771 + model.second[graphone] + 1) % 140737488355213
    held.score[slot], held.state[slot], held.back[slot] = value, model.next_state[arc], entry
    held.graphone[slot], held.said[slot] = graphone, said
    held.top[place] = max(held.top[place], value)


@inlined_kernel
def extend(
    model: Model, held: Hypotheses, room: int, entry: int, place: int, low: int, high: int, limit: float, seen: Any,
    stamp: int,
) -> None:  # fmt: skip
    """Extend a hypothesis to ``place`` by the graphones ``low`` to ``high``, those of shorter histories included.

    ``seen`` holds the stamp of each graphone that a longer history listed. Scores below ``limit`` of the best go.
    """
    state = np.int64(held.state[entry])
    so_far = held.score[entry]
    while so_far >= held.top[place] - limit:
        arc = find_word(model, state, low + SPECIAL)
        end = np.int64(model.begin[state + 1])
        while arc < end and model.words[arc] < high + SPECIAL:
            graphone = model.words[arc] - SPECIAL
            if seen[graphone] != stamp:
                seen[graphone] = stamp
                value = so_far + model.log_prob[arc]
                if value >= held.top[place] - limit:
                    put(model, held, room, entry, place, arc, value)
            arc += 1
        if state == 0:
            return
        so_far += model.backoff[state]
        state = np.int64(model.backoff_state[state])


@kernel
def search(
    model: Model, held: Hypotheses, ranges: Any, start: int, beam: float, width: int, phones: Any, shares: Any
) -> int:
    """Search the pronunciations of one word from state ``start``; return how many were found.

    ``held``: empty, with room for the search. ``ranges`` int32 (letters, 4): the first graphone and the one after the
    last that spell the letter, and the same for it and the next letter. Hypotheses ``beam`` nats below the best of
    their place are dropped, at most ``width`` extended at each. Those with the same phones and state are added up, and
    so are the ways to split the word in the end. Fills ``phones`` int16 (n, 2 * letters), -1 behind the last one, and
    ``shares`` float64 (n,), the likeliest first: natural logarithms, normalised over all finished hypotheses.
    """
    letters = len(ranges)
    room = len(held.score) // (letters + 1)
    seen = np.zeros(len(model.first), np.int32)
    kept = np.zeros(width, np.int64)
    left = np.zeros(room)
    stamp = 0
    held.score[0], held.state[0], held.back[0], held.said[0] = 0.0, start, -1, 1
    held.count[0], held.top[0] = 1, 0.0
    for place in range(letters):
        alive = select(held, place, room, beam, kept, left)
        for number in range(alive):
            for more in range(2):
                if place + more < letters and ranges[place, 2 * more] < ranges[place, 2 * more + 1]:
                    stamp += 1
                    extend(
                        model, held, room, kept[number], place + more + 1, ranges[place, 2 * more],
                        ranges[place, 2 * more + 1], beam, seen, stamp,
                    )  # fmt: skip
    alive = select(held, letters, room, beam, kept, left)
    total = np.full(alive, -np.inf)
    everything = -np.inf
    for number in range(alive):
        entry = kept[number]
        if held.said[entry] == 1:  # nothing is said at all
            continue
        value = held.score[entry] + end_score(model, np.int64(held.state[entry]))
        everything = add_logs(everything, value)
        way = 0
        while held.said[kept[way]] != held.said[entry]:
            way += 1
        total[way] = add_logs(total[way], value)
    found = 0
    while found < len(phones) and alive > 0:
        way = int(np.argmax(total))
        if total[way] == -np.inf:
            break
        shares[found] = total[way] - everything
        total[way] = -np.inf
        spell(model, held, kept[way], phones[found])
        found += 1
    return found


@inlined_kernel
def spell(model: Model, held: Hypotheses, entry: int, phones: Any) -> None:
    """Write the phones of a hypothesis to the front of ``phones``, which holds -1."""
    length = 0
    while held.back[entry] >= 0:
        graphone = held.graphone[entry]
        if model.second[graphone] >= 0:
            phones[length] = model.second[graphone]
            length += 1
        if model.first[graphone] >= 0:
            phones[length] = model.first[graphone]
            length += 1
        entry = held.back[entry]
    for k in range(length // 2):
        phones[k], phones[length - 1 - k] = phones[length - 1 - k], phones[k]
