"""Compiled loops of the grapheme-to-phoneme model: alignment lattices, the suffix links of a trie, the beam search.

A graphone pairs one or two letters with phones: one letter with none, one or two, two letters with one. Its index in
a table over ``A`` letters and ``F`` phones is ``letter * (1 + F + F * F) + tail`` where tail is 0 for no phone,
``1 + p`` for one and ``1 + F + p * F + q`` for two; two letters come after those: ``A * (1 + F + F * F) +
(letter * A + letter2) * F + p``.
"""

from typing import Any, NamedTuple

import numpy as np

from ..jit import kernel


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
    if kind == 0:
        return letters[i - 1] * tails if i >= 1 else -1
    if kind == 1:
        return letters[i - 1] * tails + 1 + phones[j - 1] if i >= 1 and j >= 1 else -1
    if kind == 2:
        return letters[i - 1] * tails + 1 + F + phones[j - 2] * F + phones[j - 1] if i >= 1 and j >= 2 else -1
    if i >= 2 and j >= 1:
        return A * tails + (letters[i - 2] * A + letters[i - 1]) * F + phones[j - 1]
    return -1


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
                        mass += forward[i - 1 - (kind == 3), j - (kind + 1) // 2 + (kind == 3)] * table[arc]
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
                        before_i, before_j = i - 1 - (kind == 3), j - (kind + 1) // 2 + (kind == 3)
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
                        cost = best[i - 1 - (kind == 3), j - (kind + 1) // 2 + (kind == 3)] + costs[arc]
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
            i, j = i - 1 - (kind == 3), j - (kind + 1) // 2 + (kind == 3)
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


@kernel
def search(trie: Any, letters: Any, start: int, beam: float, width: int, best: int) -> tuple[Any, Any, Any]:
    """Search the pronunciations of one word from history ``start``; return the ``best`` most probable ones.

    ``letters``: uint8. ``beam``: hypotheses this many nats below the best of their position are dropped; at most
    ``width`` are extended at a position. Hypotheses with the same phones and history are added up. Returns phones
    int16 (n, 2 * letters), their number int32 (n,) and natural-log probabilities (n,), the ways of splitting a word
    added up, normalised over all finished hypotheses.
    """
    A = int(np.sqrt(len(trie.chunk_begin)))
    if len(trie.chunk_begin) != A * A + A + 1:
        A -= 1
    L = len(letters)
    room = width * 32
    score = np.full((L + 1) * room, -np.inf)
    context = np.zeros((L + 1) * room, np.int32)
    back = np.full((L + 1) * room, -1, np.int32)
    taken = np.zeros((L + 1) * room, np.int32)
    said = np.zeros((L + 1) * room, np.int64)
    count = np.zeros(L + 1, np.int32)
    top = np.full(L + 1, -np.inf)
    seen = np.zeros(len(trie.first), np.int32)
    stamp = 0
    score[0], context[0], count[0], top[0], said[0] = 0.0, start, 1, 0.0, 1
    kept = np.zeros(width, np.int32)
    for i in range(L + 1):
        order = np.argsort(-score[i * room : i * room + count[i]])
        alive = 0
        for place in order:
            entry = i * room + place
            if score[entry] < top[i] - beam:
                break
            merged = False
            for k in range(alive):
                other = kept[k]
                if said[other] == said[entry] and context[other] == context[entry]:
                    score[other] += np.log1p(np.exp(score[entry] - score[other]))
                    merged = True
                    break
            if not merged and alive < width:
                kept[alive] = entry
                alive += 1
        if i == L:
            break
        for k in range(alive):
            entry = kept[k]
            for size in range(1, 3):
                target = i + size
                if target > L:
                    continue
                chunk = letters[i] if size == 1 else A + letters[i] * A + letters[i + 1]
                low, high = trie.chunk_begin[chunk], trie.chunk_begin[chunk + 1]
                if low == high:
                    continue
                stamp += 1
                node = context[entry]
                so_far = score[entry]
                while so_far >= top[target] - beam:
                    child = find_child(trie.symbol, trie.child_begin, node, low)
                    while child < trie.child_begin[node + 1] and trie.symbol[child] < high:
                        graphone = trie.symbol[child]
                        value = so_far + trie.log_prob[child]
                        if seen[graphone] != stamp:
                            seen[graphone] = stamp
                            if value >= top[target] - beam:
                                slot = target * room + count[target]
                                if count[target] == room:
                                    slot = target * room + np.argmin(score[target * room : (target + 1) * room])
                                else:
                                    count[target] += 1
                                if value > score[slot]:
                                    top[target] = max(top[target], value)
                                    after = child
                                    while after != 0 and trie.child_begin[after] == trie.child_begin[after + 1]:
                                        after = trie.suffix[after]
                                    hashed = said[entry]
                                    if trie.first[graphone] >= 0:
                                        hashed = hashed * 1000003 + trie.first[graphone] + 1
                                    if trie.second[graphone] >= 0:
                                        hashed = hashed * 1000003 + trie.second[graphone] + 1
                                    score[slot], context[slot], back[slot] = value, after, entry
                                    taken[slot], said[slot] = graphone, hashed
                        child += 1
                    if node == 0:
                        break
                    so_far += trie.backoff[node]
                    node = trie.suffix[node]
    ways = 0
    total = np.full(width, -np.inf)
    for k in range(alive):
        entry = kept[k]
        if said[entry] == 1:
            continue
        node = context[entry]
        value = score[entry]
        while True:
            child = find_child(trie.symbol, trie.child_begin, node, 0)
            if child < trie.child_begin[node + 1] and trie.symbol[child] == 0:
                value += trie.log_prob[child]
                break
            value += trie.backoff[node]
            node = trie.suffix[node]
        merged = False
        for way in range(ways):
            if said[kept[way]] == said[entry]:
                total[way] = np.logaddexp(total[way], value)
                merged = True
                break
        if not merged:
            kept[ways] = entry
            total[ways] = value
            ways += 1
    order = np.argsort(-total[:ways])[:best]
    phones = np.full((len(order), 2 * L), -1, np.int16)
    lengths = np.zeros(len(order), np.int32)
    log_probs = np.zeros(len(order))
    everything = -np.inf
    for way in range(ways):
        everything = np.logaddexp(everything, total[way])
    for row in range(len(order)):
        entry = kept[order[row]]
        log_probs[row] = total[order[row]] - everything
        length = 0
        while back[entry] >= 0:
            graphone = taken[entry]
            if trie.second[graphone] >= 0:
                phones[row, length] = trie.second[graphone]
                length += 1
            if trie.first[graphone] >= 0:
                phones[row, length] = trie.first[graphone]
                length += 1
            entry = back[entry]
        phones[row, :length] = phones[row, :length][::-1].copy()
        lengths[row] = length
    return phones, lengths, log_probs
