"""Slow twins of mixing and pruning: models as dictionaries of n-grams, sums over every word, nothing clever."""

import math

import numpy as np
from harken.lm.estimation.arpa_tables import backoff_tables
from harken.lm.ngram.arpa import Arpa, NgramTable

SPECIAL = ("<unk>", "<s>", "</s>")


class Model:
    """``prob`` and ``backoff``: dictionaries from n-grams (tuples of words) to plain numbers."""

    def __init__(self, prob, backoff):
        self.prob, self.backoff = prob, backoff

    @property
    def words(self):
        return [gram[0] for gram in self.prob if len(gram) == 1]

    @property
    def order(self):
        return max(map(len, self.prob))

    def p(self, history, word):
        """p(word | history); 0 for a word that the model lacks, which a history forgets all before."""
        history = tuple(history)
        if (word,) not in self.prob:
            return 0.0
        for place in range(len(history), 0, -1):
            if (history[place - 1],) not in self.prob:
                history = history[place:]
                break
        if (*history, word) in self.prob:
            return self.prob[(*history, word)]
        return self.backoff.get(history, 1.0) * self.p(history[1:], word)

    def total(self, history, without=()):
        return sum(self.p(history, word) for word in self.words if word != "<s>" and word not in without)

    def histories(self):
        return [(), *(gram for gram in self.prob if len(gram) < self.order)]

    def with_backoffs(self, totals, without=()):
        """The same n-grams, back-off weights such that every history that is continued sums to its total."""
        made = Model(self.prob, {})
        for n in range(1, self.order):
            for history in [gram for gram in self.prob if len(gram) == n]:
                following = [gram[-1] for gram in self.prob if gram[:-1] == history]
                counted = [word for word in following if word != "<s>" and word not in without]
                if following:
                    left = totals(history) - sum(self.prob[(*history, word)] for word in counted)
                    below = [w for w in self.words if w != "<s>" and w not in without and w not in counted]
                    below = sum(made.p(history[1:], word) for word in below)
                    made.backoff[history] = max(left, 1e-7) / max(below, 1e-7)
        return made

    def tables(self):
        words = (*SPECIAL, *(word for word in self.words if word not in SPECIAL))
        ids = {word: number for number, word in enumerate(words)}
        tables = []
        for n in range(1, self.order + 1):
            grams = sorted((tuple(ids[word] for word in gram), gram) for gram in self.prob if len(gram) == n)
            prob = np.array([self.prob[gram] for _, gram in grams])
            backoff = np.array([self.backoff.get(gram, 1.0) for _, gram in grams])
            key = np.array([row for row, _ in grams], np.int32).reshape(len(grams), n)
            tables.append(NgramTable(key, np.log10(prob).astype(np.float32), np.log10(backoff).astype(np.float32)))
        return backoff_tables(Arpa(words, tuple(tables)))


def of_tables(tables):
    """The dictionaries of a model that mixing or pruning made."""
    prob, backoff = {}, {}
    for n, table in enumerate(tables.tables, 1):
        for row, ids in enumerate(tables.ids(n)):
            gram = tuple(tables.words[word] for word in ids)
            prob[gram] = float(table.prob[row])
            backoff[gram] = float(table.backoff[row])
    return Model(prob, backoff)


def random_model(random, words, order, grams):
    """A model that is whole: n-grams of any words, suffixes lacking here and there, every history summing to one."""
    words = [*SPECIAL, *words]
    listed = {()}
    for _ in range(grams):
        gram = random.choice(len(words), int(random.integers(2, order + 1)))
        gram = tuple(words[place] for place in gram)
        if "</s>" not in gram[:-1] and "<s>" not in gram[1:]:
            listed.update(gram[:end] for end in range(1, len(gram) + 1))
    share = random.exponential(size=len(words)) + 0.05
    prob = {
        (word,): value
        for word, value in zip(words, (share / share[np.arange(len(words)) != 1].sum()).tolist(), strict=True)
    }
    prob[("<s>",)] = 1.0
    for history in sorted(listed - {()}, key=lambda gram: (len(gram), gram)):
        following = sorted(gram[-1] for gram in listed if len(gram) > 1 and gram[:-1] == history)
        share = random.exponential(size=len(following) + 1) + 0.05
        for word, value in zip(following, (share / share.sum()).tolist(), strict=False):
            prob[(*history, word)] = value
    return Model(prob, {}).with_backoffs(lambda history: 1.0)


def mixed(models, weights):
    """Static linear interpolation by the definition."""
    prob = {}
    for gram in sorted({gram for model in models for gram in model.prob}, key=len):
        prob[gram] = sum(weight * model.p(gram[:-1], gram[-1]) for model, weight in zip(models, weights, strict=True))
    return Model(prob, {}).with_backoffs(
        lambda history: sum(weight * model.total(history) for model, weight in zip(models, weights, strict=True))
    )


def relative_entropy(model, gram, frequency, without=()):
    """How far the model without ``gram`` is from the model, summed over every word after its context."""
    context = gram[:-1]
    without_gram = Model({other: p for other, p in model.prob.items() if other != gram}, dict(model.backoff))
    counted = [word for word in model.words if word != "<s>" and word not in without]
    listed = [word for word in counted if (*context, word) in without_gram.prob]
    left = sum(model.p(context, word) for word in counted if word not in listed)
    below = sum(model.p(context[1:], word) for word in counted if word not in listed)
    without_gram.backoff[context] = left / below
    distance = 0.0
    for word in counted:
        old, new = model.p(context, word), without_gram.p(context, word)
        distance += old * (math.log(old) - math.log(new))
    return frequency * distance


def written_frequencies(model, rounds):
    """How often each n-gram ends at a word of the text that the model writes: every history followed, word by word."""
    following = [word for word in model.words if word != "<s>"]
    histories = {("<s>",): 1.0}
    for _ in range(rounds):
        found, after = {}, {}
        for history, mass in histories.items():
            for word in following:
                share = mass * model.p(history, word)
                text = (*history, word)
                for begin in range(len(text)):
                    gram = text[begin:]
                    if gram in model.prob:
                        found[gram] = found.get(gram, 0.0) + share
                text = ("<s>",) if word == "</s>" else text[max(0, len(text) - model.order + 1) :]
                after[text] = after.get(text, 0.0) + share
        total = sum(after.values())
        histories = {text: mass / total for text, mass in after.items()}
    total = sum(value for gram, value in found.items() if len(gram) == 1)
    found = {gram: value / total for gram, value in found.items()}
    found[("<s>",)] = found.get(("</s>",), 0.0)
    return found
