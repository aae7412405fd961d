"""Slow twins of the grapheme-to-phoneme model: everything enumerated, dictionaries for arrays."""

import math
from collections import Counter, defaultdict


def graphones(word, phones):
    """Give every way to split a word and its phones into (letters, phones) pairs of the allowed kinds."""
    if not word and not phones:
        yield ()
    for letters, sounds in ((1, 0), (1, 1), (1, 2), (2, 1)):
        if len(word) >= letters and len(phones) >= sounds:
            for rest in graphones(word[letters:], phones[sounds:]):
                yield ((word[:letters], phones[:sounds]), *rest)


def expected_counts(pairs, probability):
    """Return how often every graphone is expected, the log-likelihood, and how many words could be aligned."""
    counts, total, aligned = Counter(), 0.0, 0
    for word, phones in pairs:
        weights = {way: math.prod(probability(part) for part in way) for way in graphones(word, phones)}
        mass = sum(weights.values())
        if mass > 0:
            aligned += 1
            total += math.log(mass)
            for way, weight in weights.items():
                for part in way:
                    counts[part] += weight / mass
    return counts, total, aligned


def cheapest(word, phones, cost):
    """Return the cost of the cheapest way, infinity where there is none."""
    return min((sum(cost(part) for part in way) for way in graphones(word, phones)), default=math.inf)


class KneserNey:
    """Interpolated modified Kneser-Ney over symbol sequences, asked one probability at a time."""

    def __init__(self, sequences, vocabulary, order):
        self.vocabulary, self.order = vocabulary, order
        raw = [Counter() for _ in range(order + 1)]
        for sequence in sequences:
            tokens = (vocabulary, *sequence, 0)
            for n in range(1, order + 1):
                for start in range(len(tokens) - n + 1):
                    raw[n][tokens[start : start + n]] += 1
        for symbol in range(vocabulary):
            if not raw[1][(symbol,)]:
                raw[1][(symbol,)] = 1
        self.counts = [Counter() for _ in range(order + 1)]
        for n in range(1, order + 1):
            left = Counter(gram[1:] for gram in raw[n + 1]) if n < order else {}
            for gram, count in raw[n].items():
                self.counts[n][gram] = left[gram] if left and left[gram] else count
        self.counts[1].pop((vocabulary,))
        self.followers = [defaultdict(list) for _ in range(order + 1)]
        for n in range(1, order + 1):
            for gram in self.counts[n]:
                self.followers[n][gram[:-1]].append(gram)

    def discount(self, n, count):
        of = Counter(self.counts[n].values())
        ones, twos, threes, fours = (max(of[c], 1) for c in (1, 2, 3, 4))
        base = ones / (ones + 2 * twos)
        if count == 1:
            return min(max(1 - 2 * base * twos / ones, 0), 0.95)
        if count == 2:
            return min(max(2 - 3 * base * threes / twos, 0), 1.9)
        return min(max(3 - 4 * base * fours / threes, 0), 2.85)

    def probability(self, history, symbol):
        """Return P(symbol | history), the history already cut to order - 1 symbols."""
        n = len(history) + 1
        grams = self.followers[n][history]
        if n > 1 and not grams:
            return self.probability(history[1:], symbol)
        mass = sum(self.counts[n][gram] for gram in grams)
        freed = sum(self.discount(n, self.counts[n][gram]) for gram in grams) / mass
        count = self.counts[n][(*history, symbol)]
        own = (count - self.discount(n, count)) / mass if count else 0.0
        return own + freed * (self.probability(history[1:], symbol) if n > 1 else 1 / self.vocabulary)


def grams(trie):
    """Return {n-gram: (log-probability, back-off weight)} of a trie's arrays."""
    found = {(): (0.0, float(trie.backoff[0]))}
    level, begin = [()], 1
    place = 0
    while level:
        below = []
        for gram in level:
            for _ in range(int(trie.children[place])):
                found[(*gram, int(trie.symbol[begin]))] = (float(trie.log_prob[begin]), float(trie.backoff[begin]))
                below.append((*gram, int(trie.symbol[begin])))
                begin += 1
            place += 1
        level = below
    return found


def score(found, history, symbol):
    """Return the log-probability of a symbol after a history of any length, with back-off."""
    cost = 0.0
    while (*history, symbol) not in found:
        cost += found.get(history, (0.0, 0.0))[1] if history else -math.inf
        history = history[1:]
    return cost + found[(*history, symbol)][0]


def pronunciations(found, spelled, order, start, word):
    """Return {phones: probability} of a word: all graphone sequences that spell it, added up and normalised.

    ``spelled``: {symbol: (letters, phones)}; ``start``: the symbols before the word.
    """
    total = Counter()

    def walk(rest, history, phones, log_prob):
        if not rest:
            total[phones] += math.exp(log_prob + score(found, history, 0)) if phones else 0.0
            return
        for symbol, (letters, sounds) in spelled.items():
            if rest.startswith(letters):
                value = log_prob + score(found, history, symbol)
                walk(
                    rest[len(letters) :],
                    (*history, symbol)[-(order - 1) :] if order > 1 else (),
                    phones + sounds,
                    value,
                )

    walk(word, start if order > 1 else (), (), 0.0)
    mass = sum(total.values())
    return {phones: value / mass for phones, value in total.items() if value}
