"""Slow twins of the grapheme-to-phoneme model: everything enumerated, dictionaries for arrays."""

import math
from collections import Counter


def graphones(word, phones):
    """Give every way to split a word and its phones into (letters, phones) pairs of the allowed kinds."""
    if not word and not phones:
        yield ()
    for letters, sounds in ((1, 0), (1, 1), (1, 2), (2, 1), (2, 2)):
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


def pronunciations(ngram, spelled, word):
    """Return {phones: probability} of a word: all graphone sequences that spell it, added up and normalised.

    ``ngram``: the model, asked one graphone at a time; ``spelled``: {word id: (letters, phones)}.
    """
    total = Counter()

    def walk(rest, state, phones, log10_prob):
        if not rest:
            total[phones] += 10 ** (log10_prob + ngram.score(state, 2)[0]) if phones else 0.0
            return
        for graphone, (letters, sounds) in spelled.items():
            if rest.startswith(letters):
                more, following = ngram.score(state, graphone)
                walk(rest[len(letters) :], following, phones + sounds, log10_prob + more)

    walk(word, ngram.start_state, (), 0.0)
    mass = sum(total.values())
    return {phones: value / mass for phones, value in total.items() if value}
