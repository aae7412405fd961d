import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.arpa_tables import backoff_tables
from harken.lm.estimation.estimate import PruneOptions, estimate, mix, prune
from harken.lm.estimation.linked_model import link
from harken.lm.estimation.mixture import fit_weights, tune_weights
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.ngram import Ngram
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from .naive_backoff import Model, mixed, of_tables, random_model

WORDS = ("a", "b", "c", "d")
seeds = st.integers(0, 10**6)


def same(found, wanted):
    assert found.prob.keys() == wanted.prob.keys()
    for gram, value in wanted.prob.items():
        assert found.prob[gram] == pytest.approx(value, rel=1e-4, abs=1e-30), gram
    for gram, value in wanted.backoff.items():
        # Where a history lists nearly all there is, rounding decides what is left.
        listed = [g for g in wanted.prob if g[:-1] == gram and g[-1] != "<s>"]
        left = wanted.total(gram[1:]) - sum(wanted.p(gram[1:], g[-1]) for g in listed)
        if left > 1e-3:
            assert found.backoff[gram] == pytest.approx(value, rel=1e-2, abs=1e-5), gram


@given(seed=seeds, orders=st.tuples(st.integers(1, 4), st.integers(1, 4)), weight=st.floats(0, 1), cut=st.booleans())
@settings(deadline=None, max_examples=60)
def test_a_mixture_is_that_of_the_definition(seed, orders, weight, cut):
    random = np.random.default_rng(seed)
    words = [WORDS, ("d", "e", "a")] if cut else [WORDS, WORDS]
    models = [
        random_model(random, w, order, 12) if order > 1 else random_model(random, w, 2, 0)
        for w, order in zip(words, orders, strict=True)
    ]
    weights = (weight, 1 - weight)
    found = mix([model.tables() for model in models], weights)
    same(of_tables(found), mixed(models, weights))
    whole = of_tables(found)
    for history in whole.histories():
        assert whole.total(history) == pytest.approx(1, abs=1e-3)


@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_a_model_mixed_with_itself_stays_as_it_is(seed):
    random = np.random.default_rng(seed)
    model = random_model(random, WORDS, 3, 15)
    if seed % 2:  # what it sums to stays, too
        model.backoff = {gram: value * 0.75 for gram, value in model.backoff.items()}
    tables = model.tables()
    for found in (mix([tables], [1.0]), mix([tables, tables], [0.25, 0.75])):
        same(of_tables(found), model)
        for mine, theirs in zip(found.tables, tables.tables, strict=True):
            np.testing.assert_array_equal(mine.suffix, theirs.suffix)
            np.testing.assert_allclose(mine.frequency, theirs.frequency, rtol=1e-5)


@given(seed=seeds, order=st.integers(2, 4))
@settings(deadline=None, max_examples=30)
def test_links_lead_to_the_longest_suffixes(seed, order):
    model = random_model(np.random.default_rng(seed), WORDS, order, 20)
    tables = model.tables()
    linked = link(tables)
    grams = [
        tuple(tables.words[word] for word in ids) for n in range(1, len(tables.tables) + 1) for ids in tables.ids(n)
    ]
    for node, gram in enumerate(grams):
        suffix = gram[1:]
        while suffix and suffix not in model.prob:
            suffix = suffix[1:]
        back = int(linked.arrays.back[node])
        assert (grams[back] if back >= 0 else ()) == suffix
        if len(gram) > 1:
            assert linked.lower[node] == pytest.approx(model.p(gram[1:-1], gram[-1]), rel=1e-5)
            assert grams[linked.context[node]] == gram[:-1]
    total = linked.totals()
    for node, gram in enumerate([*grams, ()]):
        assert total[node] == pytest.approx(model.total(gram[1 - order :] if gram else ()), rel=1e-4)
    for history in [(), *grams]:
        at = np.array([grams.index(history) if history else -1], np.int32)
        for number, word in enumerate(tables.words):
            prob, reached = linked.follow(at, np.array([number], np.int32))
            assert prob[0] == pytest.approx(min(model.p(history, word), 1.0), rel=1e-5)  # <s> comes near it
            suffix = (*history, word)
            while suffix not in model.prob:
                suffix = suffix[1:]
            assert grams[reached[0]] == suffix


def test_words_that_a_model_lacks_have_no_probability_there():
    one = estimate(["the cat sat", "the cat ran"], 2)
    other = estimate(["a dog sat"], 3)
    mixture = of_tables(mix([one, other], (0.5, 0.5)))
    parts = [of_tables(one), of_tables(other)]
    assert mixture.prob[("dog",)] == pytest.approx(0.5 * parts[1].prob[("dog",)])
    assert mixture.prob[("the", "cat")] == pytest.approx(0.5 * parts[0].prob[("the", "cat")])
    assert mixture.prob[("<unk>",)] == pytest.approx(sum(0.5 * part.prob[("<unk>",)] for part in parts))
    assert mixture.order == 3


def test_a_pruned_mixture_is_mixed_and_pruned_again(text):
    base = prune(estimate(text, 3), PruneOptions(total=60))
    assert any((table.suffix < 0).any() for table in base.tables)
    domain = estimate(["the submarine saw a ship", "a submarine left"], 3)
    mixture = mix([base, domain], (0.7, 0.3))
    small = prune(mixture, PruneOptions(total=50))
    assert sum(small.counts[1:]) <= 50
    again = mix([small, base], (0.5, 0.5))
    for made in (mixture, small, again):
        model = of_tables(made)
        assert [model.total(history) for history in model.histories()] == pytest.approx(
            [1.0] * len(model.histories()), abs=1e-4
        )
        scored = Ngram.from_arpa(made.to_arpa())
        words = ["a", "submarine", "saw", "the", "cat"]
        history, expected = ["<s>"], 0.0
        for word in [*words, "</s>"]:
            expected += np.log10(model.p(tuple(history[-2:]), word))
            history.append(word)
        assert scored.sentence_score(words) == pytest.approx(expected, abs=1e-4)


def test_frequencies_are_mixed_and_expected_where_nothing_was_counted():
    one, other = estimate(["a b a b", "a b"], 2), estimate(["b a"], 2)
    mixture = mix([one, other], (0.5, 0.5))
    ids = [tuple(mixture.words[word] for word in gram) for gram in mixture.ids(2)]
    row = ids.index(("<s>", "b"))
    expected = of_tables(one).p(("<s>",), "b") * one.tables[0].frequency[1]
    own = [tuple(other.words[word] for word in gram) for gram in other.ids(2)].index(("<s>", "b"))
    wanted = 0.5 * expected + 0.5 * other.tables[1].frequency[own]
    assert mixture.tables[1].frequency[row] == pytest.approx(wanted, rel=1e-5)


def test_bad_weights_are_refused():
    one = estimate(["a b"], 2)
    for weights in ([0.5, 0.6], [1.0], [-0.5, 1.5], [float("nan"), 1.0]):
        with pytest.raises(OptionsError, match="sum to 1"):
            mix([one, one], weights)
    with pytest.raises(OptionsError, match="weight for every model"):
        mix([], [])


def test_a_listed_n_gram_needs_its_context():
    tables = Model({("<unk>",): 0.5, ("<s>",): 1.0, ("</s>",): 0.5, ("<s>", "<unk>"): 0.5}, {}).tables()
    arpa = tables.to_arpa()
    lacking = random_model(np.random.default_rng(1), WORDS, 3, 20).tables().to_arpa()
    broken = Arpa(lacking.words, (lacking.tables[0], arpa.tables[1], lacking.tables[2]))
    with pytest.raises(FormatError, match="but not that n-gram without its last word"):
        backoff_tables(broken)


@given(seed=seeds, order=st.integers(2, 4))
@settings(deadline=None, max_examples=20)
def test_arpa_and_back(seed, order):
    tables = random_model(np.random.default_rng(seed), WORDS, order, 20).tables()
    again = backoff_tables(tables.to_arpa())
    for mine, theirs in zip(again.tables, tables.tables, strict=True):
        for name in ("word", "context", "suffix"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
        np.testing.assert_allclose(mine.prob, theirs.prob, rtol=1e-5)
        np.testing.assert_allclose(mine.frequency, theirs.frequency, rtol=1e-4)


@given(seed=seeds, order=st.integers(2, 4))
@settings(deadline=None, max_examples=40)
def test_senseless_models_do_no_harm(seed, order):
    random = np.random.default_rng(seed)
    sound = random_model(random, WORDS, order, 20).tables()
    arpa = sound.to_arpa()
    tables = []
    for table in arpa.tables:
        prob = np.where(random.random(len(table.ids)) < 0.5, random.choice([-99.0, 0.0]), table.log10_prob)
        backoff = np.where(random.random(len(table.ids)) < 0.5, random.choice([-99.0, 99.0]), table.log10_backoff)
        tables.append(NgramTable(table.ids, prob.astype(np.float32), backoff.astype(np.float32)))
    senseless = backoff_tables(Arpa(arpa.words, tuple(tables)))
    for made in (senseless, mix([sound, senseless], (0.5, 0.5)), prune(senseless, PruneOptions(total=8))):
        for table in made.tables:
            assert np.isfinite([table.prob, table.backoff, table.frequency]).all()
        for table in made.to_arpa().tables:
            assert np.isfinite([table.log10_prob, table.log10_backoff]).all()


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), min_size=2, max_size=20))
@settings(deadline=None, max_examples=20)
def test_fitted_weights_are_the_best(pairs):
    assume(any(abs(a - b) > 0.05 for a, b in pairs))
    table = np.array(pairs).T
    best = np.log(np.array(fit_weights(table, 2000)) @ table).sum()
    for weight in np.linspace(0, 1, 21):
        assert best >= np.log(weight * table[0] + (1 - weight) * table[1]).sum() - 1e-4


def test_weights_are_tuned_on_words_that_are_known(text):
    models = [estimate(text, 2), estimate(["submarine ship", "a submarine"], 2)]
    weights = tune_weights(models, ["a submarine saw", "the unheard cat", ""])
    assert sum(weights) == pytest.approx(1)
    assert 0.1 < weights[1] < 0.9
    assert tune_weights(models, text[:20])[0] > 0.95
    assert tune_weights(models, ["submarine"])[1] > weights[1]
    with pytest.raises(FormatError, match="no words that the models know"):
        tune_weights([estimate(["a"], 1)] * 2, [])
    assert fit_weights([np.zeros(3), np.zeros(3)]) == (0.5, 0.5)


@pytest.fixture(scope="module")
def text():
    """A few hundred sentences from a small grammar, the same ones every time."""
    random = np.random.default_rng(7)
    nouns, verbs = ["cat", "dog", "king", "ship", "child", "house"], ["saw", "made", "left", "found"]
    pick = lambda words: words[min(int(random.exponential(1.2)), len(words) - 1)]  # noqa: E731
    return [f"the {pick(nouns)} {pick(verbs)} {pick(['the', 'a', 'no'])} {pick(nouns)}" for _ in range(300)]


def test_a_text_without_sentences_has_no_probabilities():
    for order in (1, 3):
        assert len(estimate(["a b", "b a"], order).word_probabilities(np.zeros(0, np.int32))) == 0
