from itertools import product

import numpy as np
import pytest
from harken.engine.customize.models import domain_mixture, even_unigrams, fit_domain_weight, pruned
from harken.lm.estimation.estimate import estimate
from harken.lm.estimation.mixture import fit_weights, known_probabilities
from harken.lm.ngram.ngram import Ngram

BASE = ["the cat sat", "the dog sat on the cat", "a dog ran", "the cat ran", "a cat sat on a dog"] * 3
DOMAIN = ["the zebu sat", "a zebu ran on the dog", "the zebu ran", "zebu on zebu", "the ibex sat"]


def words_of(sentences):
    return sorted({word for sentence in sentences for word in sentence.split()})


def test_a_mixture_has_the_shares_that_it_was_given():
    base, vocabulary = estimate(BASE, 3), words_of(DOMAIN)
    model = domain_mixture(base, DOMAIN, vocabulary, ["zebu", "okapi"], (0.4, 0.1), 3)
    domain = estimate(DOMAIN, 3, vocabulary)
    mixed, ours, theirs = (Ngram.from_arpa(one.to_arpa()) for one in (model, domain, base))
    every = [word for word in model.words if word != "<s>"]

    def prob(one, history, word):
        if word not in one.ids:
            return 0.0
        state = one.start_state
        for before in history:
            state = one.score(state, one.word_id(before))[1]
        return 10 ** one.score(state, one.word_id(word))[0]

    # What any of the models lists after a history is mixed as it should be; the rest backs off.
    for sentence in (*BASE[:5], *DOMAIN):
        words = [*sentence.split(), "</s>"]
        for place, word in enumerate(words):
            history = words[:place]
            if any(before not in base.words or before not in vocabulary for before in history):
                continue
            listed = 0.1 / 2 if word == "zebu" else 0.0
            wanted = 0.9 * (0.4 * prob(ours, history, word) + 0.6 * prob(theirs, history, word)) + listed
            assert prob(mixed, history, word) == pytest.approx(wanted, rel=2e-4)
    for history in product(["the", "zebu", "on", "okapi"], repeat=2):
        assert sum(prob(mixed, list(history), word) for word in every) == pytest.approx(1, abs=1e-4)


def test_the_weight_is_fitted_on_what_the_domain_has_not_seen():
    base, vocabulary = estimate(BASE, 2), words_of(DOMAIN)
    fit = fit_domain_weight(base, DOMAIN, vocabulary, 2)
    domain, known = [], []
    for place, sentence in enumerate(DOMAIN):  # five sentences: each in turn is held out
        rest = DOMAIN[:place] + DOMAIN[place + 1 :]
        domain.append(known_probabilities(estimate(rest, 2, vocabulary), [sentence]))
        known.append(known_probabilities(base, [sentence]))
    domain, known = np.concatenate(domain), np.concatenate(known)
    assert not known[domain > 0].all()  # zebu and ibex
    weight = fit_weights([domain, known])[0]
    assert fit.weight == pytest.approx(weight * len(domain) / (len(domain) + 1000), rel=1e-6)
    assert fit.tokens == (known > 0).sum()
    assert fit.base_perplexity == pytest.approx(np.exp(-np.log(known[known > 0]).mean()))
    mixed = fit.weight * domain + (1 - fit.weight) * known
    assert fit.perplexity == pytest.approx(np.exp(-np.log(mixed[known > 0]).mean()))
    given = fit_domain_weight(base, DOMAIN, vocabulary, 2, weight=0.25)
    assert (given.weight, given.base_perplexity) == (0.25, fit.base_perplexity)


def test_one_sentence_is_enough():
    base = estimate(BASE, 2)
    fit = fit_domain_weight(base, ["the zebu sat"], ["sat", "the", "zebu"], 2)
    assert 0 < fit.weight < 0.1
    model = pruned(domain_mixture(base, ["the zebu sat"], ["sat", "the", "zebu"], [], (fit.weight, 0.0), 2), 3)
    assert sum(model.counts[1:]) <= 3
    assert "zebu" in model.words


def test_listed_words_are_equally_likely():
    model = even_unigrams(["a", "b", "c", "d"])
    assert model.tables[0].prob.tolist() == [0, 1, 0, 0.25, 0.25, 0.25, 0.25]
    np.testing.assert_allclose(known_probabilities(model, ["a d", "e"]), [0.25, 0.25, 0, 0, 0])
