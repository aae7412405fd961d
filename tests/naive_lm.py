"""Slow twins of the language-model code: dictionaries and loops, straight from the definitions."""

from collections import Counter

import numpy as np

UNKNOWN, START, END = "<unk>", "<s>", "</s>"


def backoff_score(arpa, history, word):
    """log10 p(word | history) from the tables of an Arpa, by the definition of a back-off model."""
    grams = [{tuple(map(int, ids)): row for row, ids in enumerate(table.ids)} for table in arpa.tables]
    history = tuple(history[-(arpa.order - 1) :]) if arpa.order > 1 else ()
    weight = 0.0
    while True:
        n = len(history) + 1
        row = grams[n - 1].get((*history, word))
        if row is not None:
            return weight + float(arpa.tables[n - 1].log10_prob[row])
        context = grams[n - 2].get(history)
        if context is not None:
            weight += float(arpa.tables[n - 2].log10_backoff[context])
        history = history[1:]


def sentence_scores(arpa, ids):
    history, scores = [1], []
    for word in [*ids, 2]:
        scores.append(backoff_score(arpa, history, word))
        history.append(word)
    return scores


def count(sentences, order):
    """Occurrences and Kneser-Ney counts of every n-gram, order by order: lists of dictionaries."""
    occurrences = [Counter() for _ in range(order)]
    before = [{} for _ in range(order)]
    for sentence in sentences:
        if not sentence.split():
            continue
        tokens = [START, *sentence.split(), END]
        for end in range(1, len(tokens) + 1):
            for n in range(1, min(order, end) + 1):
                gram = tuple(tokens[end - n : end])
                if gram == (START,):
                    continue
                occurrences[n - 1][gram] += 1
                if end - n > 0:
                    before[n - 1].setdefault(gram, set()).add(tokens[end - n - 1])
    adjusted = []
    for n in range(1, order + 1):
        keep = n == order
        adjusted.append(
            {g: c if keep or g[0] == START else len(before[n - 1][g]) for g, c in occurrences[n - 1].items()}
        )
    return occurrences, adjusted


def last_from_the_end(table, words):
    """The n-grams, one an order, that come last when compared from their ends, and that end with one another."""
    place = {word: number for number, word in enumerate((UNKNOWN, START, END, *words))}
    chain = [max((gram for gram in table[0]), key=lambda gram: place[gram[0]])]
    for longer in table[1:]:
        extended = [gram for gram in longer if gram[1:] == chain[-1]]
        if not extended:
            break
        chain.append(max(extended, key=lambda gram: place[gram[0]]))
    return chain


def counts_of_counts(occurrences, adjusted, words):
    """For every order, how many n-grams have which count; one an order goes by its occurrences, as lmplz has it."""
    last = last_from_the_end(occurrences, words)
    numbers = []
    for n, table in enumerate(adjusted, 1):
        having = Counter(table.values())
        if n < len(adjusted) and len(last) >= n:
            having[table[last[n - 1]]] -= 1
            having[occurrences[n - 1][last[n - 1]]] += 1
        numbers.append(having)
    return numbers


def closed_form_discounts(having, fallback):
    """The discounts of counts 0, 1, 2 and 3 or more, from a dictionary that says how many n-grams have which count."""
    found = None
    if all(having[c] for c in (1, 2, 3)):
        y = having[1] / (having[1] + 2 * having[2])
        found = [c - (c + 1) * y * having[c + 1] / having[c] for c in (1, 2, 3)]
        if any(not 0 <= d <= c for c, d in enumerate(found, 1)):
            found = None
    return [0, *(found or fallback)]


def kneser_ney(sentences, order, words, cutoffs, fallback, continuation=True, limit=None):
    """Return (p, backoff): dictionaries from n-grams to plain probabilities and back-off weights."""
    occurrences, adjusted = count(sentences, order)
    if not continuation:
        adjusted = occurrences
    numbers = counts_of_counts(occurrences, adjusted, words)
    discounts = [closed_form_discounts(having, fallback) for having in numbers]

    def kept(gram):
        if len(gram) == 1 and gram[0] in (UNKNOWN, END):
            return True
        n = len(gram)
        seen = (n == 1 and cutoffs[0] == 0) or occurrences[n - 1][gram] > cutoffs[min(n, len(cutoffs)) - 1]
        return seen and (limit is None or all(word in (START, END, *limit) for word in gram))

    prob, backoff = {}, {}
    unigrams = {(word,): adjusted[0].get((word,), 0) for word in (UNKNOWN, END, *words)}
    total = sum(unigrams.values())
    stay = [gram for gram in unigrams if kept(gram)]
    left = sum(discounts[0][min(c, 3)] if gram in stay else c for gram, c in unigrams.items()) / total
    for gram in stay:
        prob[gram] = (unigrams[gram] - discounts[0][min(unigrams[gram], 3)]) / total + left / len(stay)
    prob[(START,)] = 1.0
    for n in range(2, order + 1):
        table = adjusted[n - 1]
        contexts = {}
        for gram, c in table.items():
            contexts.setdefault(gram[:-1], []).append((gram, c))
        for context, entries in contexts.items():
            mass = sum(discounts[n - 1][min(c, 3)] if kept(gram) else c for gram, c in entries)
            backoff[context] = mass / sum(c for _, c in entries)
        for gram, c in table.items():
            if kept(gram):
                total = sum(c for _, c in contexts[gram[:-1]])
                own = (c - discounts[n - 1][min(c, 3)]) / total
                prob[gram] = own + backoff[gram[:-1]] * prob[gram[1:]]
    return prob, {gram: weight for gram, weight in backoff.items() if gram in prob}


def probability(prob, backoff, history, word):
    """p(word | history) in a model of dictionaries."""
    if (*history, word) in prob:
        return prob[(*history, word)]
    return backoff.get(tuple(history), 1.0) * probability(prob, backoff, history[1:], word)


def float32_text(value):
    """A float32 as ARPA files hold it: NumPy's shortest digits; no point in whole numbers, exponents for tiny ones."""
    if value == 0:
        return "0"
    mantissa, exponent = np.format_float_scientific(abs(value), unique=True, trim="-").split("e")
    digits, point = mantissa.replace(".", ""), int(exponent) + 1
    if -3 <= point <= 10:
        digits = digits.ljust(point, "0") if point > 0 else "0" * (1 - point) + digits
        text = digits[: max(point, 1)] + "." + digits[max(point, 1) :]
        text = text.rstrip(".")
    else:
        text = f"{mantissa}e{int(exponent)}"
    return "-" * bool(value < 0) + text


def arpa_text(arpa):
    """The text of an ARPA file."""
    lines = ["\\data\\", *(f"ngram {n}={count}" for n, count in enumerate(arpa.counts, 1))]
    for n, table in enumerate(arpa.tables, 1):
        lines += ["", f"\\{n}-grams:"]
        for ids, prob, backoff in zip(table.ids, table.log10_prob, table.log10_backoff, strict=True):
            fields = [float32_text(prob), " ".join(arpa.words[word] for word in ids)]
            lines.append("\t".join(fields + [float32_text(backoff)] * (n < arpa.order)))
    return "\n".join([*lines, "", "\\end\\", ""])
