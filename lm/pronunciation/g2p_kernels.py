"""Compiled loops of the grapheme-to-phoneme model: alignment lattices, the suffix links of a trie, the beam search.

A graphone pairs one or two letters with phones: one letter with none, one or two, two letters with one. Its index in
a table over ``A`` letters and ``F`` phones is ``letter * (1 + F + F * F) + tail`` where tail is 0 for no phone,
``1 + p`` for one and ``1 + F + p * F + q`` for two; two letters come after those: ``A * (1 + F + F * F) +
(letter * A + letter2) * F + p``.
"""

from typing import Any, NamedTuple

import numpy as np

from ...jit import kernel


class Pairs(NamedTuple):
    """Words and their phones, one after the other: letters uint8, phones uint8, and where each word begins."""

    letters: Any
    letter_begin: Any
    phones: Any
    phone_begin: Any


class Trie(NamedTuple):
    """The n-gram in arrays; node 0 is the empty history, the children of a node lie together, sorted by symbol.

    Symbol 0 ends a word, the others are graphones sorted by their letters; ``chunk_begin`` says which symbols spell
    a letter (A of them) or a pair of letters (A * A); ``first`` and ``second`` are their phones, -1 for none.
    """

    symbol: Any
    child_begin: Any
    log_prob: Any
    backoff: Any
    suffix: Any
    chunk_begin: Any
    first: Any
    second: Any


@kernel
def _arc(letters: Any, phones: Any, i: int, j: int, kind: int, sizes: tuple[int, int]) -> int:
    """Return the table index of the arc of this kind that ends at letter i and phone j, -1 where there is none."""
    A, F = sizes
    tails = 1 + F + F * F
    if i < (2 if kind == 3 else 1) or j < (1 if kind == 3 else kind):
        return -1
    letter = int(letters[i - 1])
    if kind == 0:
        return letter * tails
    phone = int(phones[j - 1])
    if kind == 1:
        return letter * tails + 1 + phone
    if kind == 2:
        return letter * tails + 1 + F + int(phones[j - 2]) * F + phone
    return A * tails + (int(letters[i - 2]) * A + letter) * F + phone


@kernel
def expect(pairs: Any, table: Any, counts: Any, sizes: tuple[int, int]) -> tuple[float, int]:
    """Add the expected number of uses of every graphone to ``counts``; return the log-likelihood and words aligned.

    ``table`` holds the graphones' probabilities. A word that cannot be aligned (more than two phones a letter) adds
    nothing.
    """
    total = 0.0
    aligned = 0
    for word in range(len(pairs.letter_begin) - 1):
        letters = pairs.letters[pairs.letter_begin[word] : pairs.letter_begin[word + 1]]
        phones = pairs.phones[pairs.phone_begin[word] : pairs.phone_begin[word + 1]]
        L, P = len(letters), len(phones)
        forward = np.zeros((L + 1, P + 1))
        backward = np.zeros((L + 1, P + 1))
        forward[0, 0] = 1.0
        for i in range(1, L + 1):
            for j in range(P + 1):
                mass = 0.0
                for kind in range(4):
                    arc = _arc(letters, phones, i, j, kind, sizes)
                    if arc >= 0:
                        mass += forward[i - 1 - (kind == 3), j - (kind if kind < 3 else 1)] * table[arc]
                forward[i, j] = mass
        likelihood = forward[L, P]
        if not likelihood > 0.0:
            continue
        total += np.log(likelihood)
        aligned += 1
        backward[L, P] = 1.0 / likelihood
        for i in range(L, 0, -1):
            for j in range(P, -1, -1):
                if backward[i, j] == 0.0:
                    continue
                for kind in range(4):
                    arc = _arc(letters, phones, i, j, kind, sizes)
                    if arc >= 0:
                        before_i, before_j = i - 1 - (kind == 3), j - (kind if kind < 3 else 1)
                        share = table[arc] * backward[i, j]
                        backward[before_i, before_j] += share
                        counts[arc] += share * forward[before_i, before_j]
    return total, aligned


@kernel
def align(pairs: Any, costs: Any, out: Any, lengths: Any, sizes: tuple[int, int]) -> None:
    """Write every word's cheapest graphone sequence to ``out`` from its ``letter_begin`` on, and its length.

    ``costs`` are those of the table's graphones; a word without an alignment gets length 0.
    """
    for word in range(len(pairs.letter_begin) - 1):
        begin = pairs.letter_begin[word]
        letters = pairs.letters[begin : pairs.letter_begin[word + 1]]
        phones = pairs.phones[pairs.phone_begin[word] : pairs.phone_begin[word + 1]]
        L, P = len(letters), len(phones)
        best = np.full((L + 1, P + 1), np.inf)
        taken = np.zeros((L + 1, P + 1), np.int8)
        best[0, 0] = 0.0
        for i in range(1, L + 1):
            for j in range(P + 1):
                for kind in range(4):
                    arc = _arc(letters, phones, i, j, kind, sizes)
                    if arc >= 0:
                        cost = best[i - 1 - (kind == 3), j - (kind if kind < 3 else 1)] + costs[arc]
                        if cost < best[i, j]:
                            best[i, j] = cost
                            taken[i, j] = kind
        lengths[word] = 0
        if not best[L, P] < np.inf:
            continue
        i, j, count = L, P, 0
        while i > 0:
            kind = int(taken[i, j])
            out[begin + count] = _arc(letters, phones, i, j, kind, sizes)
            i, j = i - 1 - (kind == 3), j - (kind if kind < 3 else 1)
            count += 1
        lengths[word] = count
        for k in range(count // 2):
            out[begin + k], out[begin + count - 1 - k] = out[begin + count - 1 - k], out[begin + k]


@kernel
def find_child(symbol: Any, child_begin: Any, node: int, wanted: int) -> int:
    """Return the first child of ``node`` whose symbol is ``wanted`` or larger (the end of its children if none)."""
    low, high = child_begin[node], child_begin[node + 1]
    while low < high:
        middle = (low + high) // 2
        if symbol[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return int(low)


@kernel
def link_suffixes(symbol: Any, child_begin: Any, suffix: Any) -> int:
    """Fill ``suffix``: the node of each history without its oldest symbol; return the first node without one, or -1."""
    suffix[0] = 0
    for node in range(len(symbol)):
        for child in range(child_begin[node], child_begin[node + 1]):
            if node == 0:
                suffix[child] = 0
                continue
            shorter = find_child(symbol, child_begin, suffix[node], symbol[child])
            if shorter == child_begin[suffix[node] + 1] or symbol[shorter] != symbol[child]:
                return child
            suffix[child] = shorter
    return -1


class Hypotheses(NamedTuple):
    """What a search holds: ``room`` places for every number of letters read, ``count`` and ``top`` score of each.

    score float64, context (trie node of the history) int32, back (earlier hypothesis) int32, graphone int32, said (a
    hash of the phones so far) int64; lengths (letters + 1) * room, count and top letters + 1.
    """

    score: Any
    context: Any
    back: Any
    graphone: Any
    said: Any
    count: Any
    top: Any


@kernel
def _add(one: float, other: float) -> float:
    """Return the logarithm of the sum of two probabilities given as logarithms."""
    high, low = max(one, other), min(one, other)
    return high if low == -np.inf else high + np.log1p(np.exp(low - high))


@kernel
def _select(held: Any, position: int, room: int, beam: float, kept: Any) -> int:
    """Write the best hypotheses of a position to ``kept``, best first, equals merged; return how many."""
    alive = 0
    begin, end = position * room, position * room + held.count[position]
    left = held.score[begin:end].copy()
    while alive < len(kept):
        best = -np.inf
        entry = -1
        for place in range(len(left)):
            if left[place] > best:
                best, entry = left[place], begin + place
        if entry < 0 or best < held.top[position] - beam:
            break
        left[entry - begin] = -np.inf
        merged = False
        for other in kept[:alive]:
            if held.said[other] == held.said[entry] and held.context[other] == held.context[entry]:
                held.score[other] = _add(held.score[other], best)
                merged = True
                break
        if not merged:
            kept[alive] = entry
            alive += 1
    return alive


@kernel
def _put(trie: Any, held: Any, room: int, entry: int, position: int, child: int, value: float) -> None:
    """Add the hypothesis that ``entry`` becomes by the graphone at trie node ``child``; the worst one makes room."""
    slot = position * room + held.count[position]
    if held.count[position] < room:
        held.count[position] += 1
    else:
        slot = position * room
        for other in range(slot, slot + room):
            if held.score[other] < held.score[slot]:
                slot = other
        if not value > held.score[slot]:
            return
    after = child
    while after != 0 and trie.child_begin[after] == trie.child_begin[after + 1]:
        after = trie.suffix[after]
    graphone = trie.symbol[child]
    said = int(held.said[entry])
    for phone in (trie.first[graphone], trie.second[graphone]):
        if phone >= 0:
            said = (said * 521 + int(phone) + 1) % 9007199254740881
    held.score[slot], held.context[slot], held.back[slot] = value, after, entry
    held.graphone[slot], held.said[slot] = graphone, said
    held.top[position] = max(held.top[position], value)


@kernel
def _end(trie: Any, node: int) -> float:
    """Return the log-probability that a word ends after the history at ``node``."""
    value = 0.0
    while True:
        child = find_child(trie.symbol, trie.child_begin, node, 0)
        if child < trie.child_begin[node + 1] and trie.symbol[child] == 0:
            return float(value + trie.log_prob[child])
        value += trie.backoff[node]
        node = trie.suffix[node]


@kernel
def search(trie: Any, held: Any, letters: Any, start: int, beam: float, width: int, phones: Any, shares: Any) -> int:
    """Search the pronunciations of one word from history ``start``; return how many were found.

    ``held``: empty, with room for the search. ``letters``: uint8. Hypotheses ``beam`` nats below the best of their
    position are dropped, at most ``width`` extended at each. Those with the same phones and history are added up, and
    so are the ways to split the word in the end. Fills ``phones`` int16 (n, 2 * letters), -1 behind the last one, and
    ``shares`` float64 (n,), the most probable first: natural logarithms, normalised over all finished hypotheses.
    """
    L = len(letters)
    A = int(np.sqrt(len(trie.chunk_begin) - 1.0))
    room = len(held.score) // (L + 1)
    seen = np.zeros(len(trie.first), np.int32)
    kept = np.zeros(width, np.int32)
    stamp = 0
    held.score[0], held.context[0], held.back[0], held.said[0] = 0.0, start, -1, 1
    held.count[0], held.top[0] = 1, 0.0
    for i in range(L):
        for entry in kept[: _select(held, i, room, beam, kept)]:
            for position in range(i + 1, min(i + 2, L) + 1):
                chunk = int(letters[i]) if position == i + 1 else A + int(letters[i]) * A + int(letters[i + 1])
                low, high = trie.chunk_begin[chunk], trie.chunk_begin[chunk + 1]
                stamp += 1
                node = held.context[entry]
                so_far = held.score[entry]
                while low < high and so_far >= held.top[position] - beam:
                    child = find_child(trie.symbol, trie.child_begin, node, low)
                    while child < trie.child_begin[node + 1] and trie.symbol[child] < high:
                        value = so_far + trie.log_prob[child]
                        if seen[trie.symbol[child]] != stamp:
                            seen[trie.symbol[child]] = stamp
                            if value >= held.top[position] - beam:
                                _put(trie, held, room, entry, position, child, value)
                        child += 1
                    if node == 0:
                        break
                    so_far += trie.backoff[node]
                    node = trie.suffix[node]
    alive = _select(held, L, room, beam, kept)
    total = np.full(alive, -np.inf)
    everything = -np.inf
    for k in range(alive):
        if held.said[kept[k]] == 1:
            continue
        value = held.score[kept[k]] + _end(trie, held.context[kept[k]])
        everything = _add(everything, value)
        way = 0
        while held.said[kept[way]] != held.said[kept[k]]:
            way += 1
        total[way] = _add(total[way], value)
    found = 0
    while found < len(phones):
        way = 0
        for k in range(alive):
            if total[k] > total[way]:
                way = k
        if alive == 0 or total[way] == -np.inf:
            break
        shares[found] = total[way] - everything
        total[way] = -np.inf
        _spell(trie, held, kept[way], phones[found])
        found += 1
    return found


@kernel
def _spell(trie: Any, held: Any, entry: int, phones: Any) -> None:
    """Write the phones of a hypothesis to the front of ``phones``, which holds -1."""
    length = 0
    while held.back[entry] >= 0:
        graphone = held.graphone[entry]
        for phone in (trie.second[graphone], trie.first[graphone]):
            if phone >= 0:
                phones[length] = phone
                length += 1
        entry = held.back[entry]
    for k in range(length // 2):
        phones[k], phones[length - 1 - k] = phones[length - 1 - k], phones[k]
