from dataclasses import replace

import numpy as np
import pytest
from harken.lm.estimation.arpa_tables import backoff_tables
from harken.lm.estimation.backoff_tables import BackoffTables
from harken.lm.estimation.counting import encode
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.estimation.expected_frequencies import with_expected_frequencies
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from .naive_backoff import random_model, written_frequencies


@given(seed=st.integers(0, 10**6), order=st.integers(2, 4), lossy=st.booleans())
@settings(deadline=None, max_examples=15)
def test_frequencies_are_those_of_what_the_model_writes(seed, order, lossy):
    model = random_model(np.random.default_rng(seed), ("a", "b"), order, 8)
    if lossy:
        model.backoff = {gram: 0.9 * value for gram, value in model.backoff.items()}
    found = with_expected_frequencies(model.tables(), 60)
    wanted = written_frequencies(model, 60)
    # A model whose sentences are nearly all of one length takes longer to forget where it began.
    before = written_frequencies(model, 59)
    assume(all(abs(before.get(gram, 0.0) - value) < 1e-4 for gram, value in wanted.items()))
    for n, table in enumerate(found.tables, 1):
        for ids, value in zip(found.ids(n), table.frequency.tolist(), strict=True):
            gram = tuple(found.words[word] for word in ids)
            assert value == pytest.approx(wanted.get(gram, 0.0), rel=1e-2, abs=1e-5), gram


def product_frequencies(model):
    """The model with the frequencies that multiply each context's own probabilities."""
    tables, frequency = [], model.tables[0].prob.copy()
    frequency[1] = frequency[2]
    for n, table in enumerate(model.tables):
        frequency = frequency if n == 0 else frequency[table.context] * table.prob
        tables.append(replace(table, frequency=frequency))
    return BackoffTables(model.words, tuple(tables))


def test_a_few_rounds_come_near_the_counts_and_prune_nearly_as_well():
    random = np.random.default_rng(3)
    # A Markov chain over thirty words, some of which come after few others.
    likely = random.dirichlet(np.full(30, 0.1), 30)
    words = [f"w{number}" for number in range(30)]
    sentences = []
    for _ in range(400):
        sentence, at = [], int(random.integers(30))
        for _ in range(int(random.integers(3, 9))):
            at = int(random.choice(30, p=likely[at]))
            sentence.append(words[at])
        sentences.append(" ".join(sentence))
    counted = estimate(sentences, 3)
    expected = backoff_tables(counted.to_arpa())
    products = product_frequencies(expected)
    for mine, theirs in zip(with_expected_frequencies(products).tables, expected.tables, strict=True):
        np.testing.assert_allclose(mine.frequency, theirs.frequency, rtol=1e-4)
    true, guessed, found = (
        np.log(np.maximum(model.tables[1].frequency, 1e-9)) for model in (counted, products, expected)
    )
    weight = counted.tables[1].frequency
    assert np.average(abs(found - true), weights=weight) < 0.7 * np.average(abs(guessed - true), weights=weight)
    tokens, _ = encode(sentences, counted.words[3:])
    losses = []
    for model in (counted, expected, products):
        pruned = prune(model, PruneOptions(total=300))
        losses.append(-np.log(pruned.word_probabilities(tokens)).mean())
    assert losses[0] <= losses[1] + 0.02 < losses[2] + 0.02


def test_models_without_histories():
    text = ("a b", "b")
    model = estimate(text, 1)
    assert with_expected_frequencies(model) is model
    empty = prune(estimate(text, 3), PruneOptions(total=0))
    assert with_expected_frequencies(empty).tables[0].frequency.sum() == pytest.approx(
        1 + with_expected_frequencies(empty).tables[0].frequency[1], rel=1e-5
    )
