"""Slow twins of tokenizing and counting: dictionaries and loops, straight from the definitions."""

import re
from collections import Counter

UNKNOWN, START, END = "<unk>", "<s>", "</s>"


def sentences_of(text):
    """The words of each line; a last line without a new-line counts where it has words."""
    lines = text.split("\n")
    last = lines.pop()
    split = [[word for word in re.split("[\0\t\v\f\r ]", line) if word] for line in [*lines, last]]
    return split if split[-1] else split[:-1]


def numbered(sentences, vocabulary=None):
    """The words in the order of their numbers, and the numbers of each sentence between <s> and </s>."""
    words = [UNKNOWN, START, END, *(vocabulary or ())]
    numbers = []
    for sentence in sentences:
        ids = [1]
        for word in sentence:
            if word not in words and vocabulary is None:
                words.append(word)
            ids.append(words.index(word) if word in words else 0)
        numbers.append([*ids, 2])
    return words, numbers


def count_tables(sentences, size, order):
    """For every order: sorted n-grams and for each context, suffix, occurrences and continuations.

    ``sentences`` are lists of numbers below ``size``, from 1 to 2.
    """
    occurrences = [Counter() for _ in range(order)]
    before = [{} for _ in range(order)]
    for tokens in sentences:
        for n in range(1, order + 1):
            for begin in range(len(tokens) - n + 1):
                gram = tuple(tokens[begin : begin + n])
                if gram != (1,):
                    occurrences[n - 1][gram] += 1
                if begin > 0:
                    before[n - 1].setdefault(gram, set()).add(tokens[begin - 1])
    grams = [[(word,) for word in range(size)], *(sorted(counted) for counted in occurrences[1:])]
    tables = []
    for n in range(1, order + 1):
        rows = []
        for gram in grams[n - 1]:
            own = n == order or gram[0] == 1
            count = occurrences[n - 1][gram]
            context = grams[n - 2].index(gram[:-1]) if n > 1 else 0
            suffix = grams[n - 2].index(gram[1:]) if n > 1 else 0
            rows.append((gram[-1], context, suffix, count, count if own else len(before[n - 1].get(gram, ()))))
        tables.append(rows)
    return tables
