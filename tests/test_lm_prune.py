import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.arpa_tables import backoff_tables
from harken.lm.estimation.counting import encode
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.estimation.histories import count_histories
from harken.lm.estimation.linked_model import link
from harken.lm.estimation.prune import relative_entropies
from harken.lm.estimation.text_pieces import Sentences, text_files
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .naive_backoff import of_tables, random_model, relative_entropy

WORDS = ("a", "b", "c", "d")
seeds = st.integers(0, 10**6)


def worth_of(tables, without_unknown=False):
    """What each n-gram above order 1 is worth, by its words."""
    linked = link(tables)
    totals = linked.totals(without_unknown)
    found = {}
    for n in range(2, len(tables.tables) + 1):
        values = relative_entropies(linked, totals, n, tables.tables[n - 2].frequency, without_unknown)
        for ids, value in zip(tables.ids(n), values.tolist(), strict=True):
            found[tuple(tables.words[word] for word in ids)] = value
    return found


def frequency_of(tables):
    """The frequency of each n-gram, by its words."""
    return {
        tuple(tables.words[word] for word in ids): value
        for n, table in enumerate(tables.tables, 1)
        for ids, value in zip(tables.ids(n), table.frequency.tolist(), strict=True)
    }


@given(seed=seeds, order=st.integers(2, 4), without_unknown=st.booleans(), lossy=st.booleans())
@settings(deadline=None, max_examples=40)
def test_worth_is_the_relative_entropy(seed, order, without_unknown, lossy):
    model = random_model(np.random.default_rng(seed), WORDS, order, 15)
    if lossy:  # a model that does not sum to one
        model.backoff = {gram: 0.8 * value for gram, value in model.backoff.items()}
    without = ("<unk>",) if without_unknown else ()
    tables = model.tables()
    frequency = frequency_of(tables)
    for gram, value in worth_of(tables, without_unknown).items():
        counted = [word for word in model.words if word not in ("<s>", *without)]
        nothing_left = all((*gram[:-1], word) in model.prob for word in counted)
        if gram[-1] in without or nothing_left:  # where nothing is left over, rounding decides
            continue
        wanted = relative_entropy(model, gram, frequency[gram[:-1]], without)
        assert value == pytest.approx(wanted, rel=2e-3, abs=2e-6), gram


def test_frequencies_that_were_counted_weigh_the_contexts():
    tables = estimate(["a b c"] * 3 + ["b a"] * 2 + ["c c b a"], 3)
    model, frequency = of_tables(tables), frequency_of(tables)
    assert frequency[("c",)] == pytest.approx(5 / 23)
    assert frequency[("a", "b")] == pytest.approx(3 / 23)
    for gram, value in worth_of(tables).items():
        if len(gram) == 3:
            assert value == pytest.approx(relative_entropy(model, gram, frequency[gram[:-1]]), rel=1e-2, abs=1e-6)


def test_histories_are_counted_in_a_text(tmp_path):
    sentences = ["a b c", "", "b a", "c c b a x", "a b"] * 3
    wanted = estimate(sentences, 3, WORDS)
    read = backoff_tables(wanted.to_arpa())
    (tmp_path / "text").write_text("\n".join(sentences))
    for source in ([Sentences(sentences)], text_files([tmp_path / "text"])):
        counted = count_histories(read, source)
        for mine, theirs in zip(counted.tables, wanted.tables, strict=True):
            np.testing.assert_allclose(mine.frequency, theirs.frequency, rtol=1e-6)
    pruned = [prune(model, PruneOptions(total=8)) for model in (wanted, counted)]
    assert pruned[0].counts == pruned[1].counts
    for nothing in ("", "\u0434\u0430 X"):
        with pytest.raises(FormatError, match="no words that the model knows"):
            count_histories(read, [Sentences([nothing])])


@given(seed=seeds, order=st.integers(2, 4), threshold=st.sampled_from([0.0, 1e-3, 1e-2]), again=st.booleans())
@example(seed=9418, order=2, threshold=0.0, again=False)  # a history that lists every word
@settings(deadline=None, max_examples=40)
def test_a_pruned_model_lists_what_is_worth_it_and_sums_as_before(seed, order, threshold, again):
    model = random_model(np.random.default_rng(seed), WORDS, order, 15)
    tables = model.tables()
    if again:  # models that lack suffixes, pruned once already
        tables = prune(tables, PruneOptions(total=12))
        model = of_tables(tables)
    worth = worth_of(tables)
    wanted = {gram for gram, value in worth.items() if value > threshold}
    wanted = {gram[:end] for gram in wanted for end in range(1, len(gram) + 1)}
    pruned = of_tables(prune(tables, PruneOptions(threshold=threshold)))
    assert {gram for gram in pruned.prob if len(gram) > 1} == {gram for gram in wanted if len(gram) > 1}
    assert all(value == model.prob[gram] for gram, value in pruned.prob.items() if again)
    recomputed = pruned.with_backoffs(model.total)
    for history in pruned.histories():  # one that lists every word may sum to less than 1
        assert pruned.total(history) == pytest.approx(model.total(history), abs=1e-3)
        following = [gram[-1] for gram in pruned.prob if gram[:-1] == history and gram[-1] != "<s>"]
        left = 1 - sum(pruned.p(history[1:], word) for word in following)
        if history and following and left > 1e-3:
            assert pruned.backoff[history] == pytest.approx(recomputed.backoff[history], rel=1e-2, abs=1e-5)


@given(seed=seeds, order=st.integers(2, 4), total=st.integers(0, 30), each=st.booleans())
@settings(deadline=None, max_examples=40)
def test_a_pruned_model_has_at_most_the_size_asked_for(seed, order, total, each):
    model = random_model(np.random.default_rng(seed), WORDS, order, 15).tables()
    options = PruneOptions(per_order=(total,) * (len(model.tables) - 1)) if each else PruneOptions(total=total)
    pruned = prune(model, options)
    assert each or sum(pruned.counts[1:]) <= total
    assert pruned.counts[-1] <= total
    full = of_tables(model).prob
    found = of_tables(pruned).prob
    assert all(gram[:-1] in found for gram in found if len(gram) > 1)
    assert all(found[gram] == full[gram] for gram in found)
    if total == 0:
        assert pruned.counts == (len(model.words), *[0] * (len(model.tables) - 1))


def test_pruning_again_by_the_same_threshold_changes_nothing(text):
    once = prune(estimate(text, 3), PruneOptions(threshold=1e-3, without_unknown=True))
    for _ in range(2):
        twice = prune(once, PruneOptions(threshold=0.0, without_unknown=True))
        lost = sum(once.counts) - sum(twice.counts)
        assert lost <= 0.1 * sum(once.counts)
        once = twice
    again = prune(once, PruneOptions(threshold=-1.0))
    assert again.counts == once.counts
    for mine, theirs in zip(again.tables, once.tables, strict=True):
        np.testing.assert_allclose(mine.backoff, theirs.backoff, rtol=1e-3, atol=1e-6)
        np.testing.assert_array_equal(mine.suffix, theirs.suffix)


def test_pruning_keeps_the_best_and_grows_with_the_number_asked_for(text):
    model = estimate(text, 3)
    tokens, _ = encode(text, model.words)
    losses = []
    for total in (10, 50, 150, 10**6):
        pruned = prune(model, PruneOptions(total=total))
        losses.append(-np.log(pruned.word_probabilities(tokens)).mean())
        assert total == 10**6 or 0.9 * total <= sum(pruned.counts[1:]) <= total
    assert losses == sorted(losses, reverse=True)
    assert prune(model, PruneOptions(threshold=-1.0)).counts == model.counts
    assert prune(model, PruneOptions(per_order=(45, 30))).counts[1:] == (45, 30)


def test_unknown_words_leave_without_heirs(text):
    model = estimate(text, 3, sorted({word for line in text for word in line.split()})[::2])
    pruned = of_tables(prune(model, PruneOptions(threshold=0.0, without_unknown=True)))
    full = of_tables(model)
    assert any("<unk>" in gram for gram in full.prob if len(gram) > 1)
    assert not any("<unk>" in gram for gram in pruned.prob if len(gram) > 1)
    continued = {gram[:-1] for gram in pruned.prob}
    assert len(continued) > 3
    for history in continued:
        wanted = full.total(history, without=("<unk>",))
        assert pruned.total(history, without=("<unk>",)) == pytest.approx(wanted, rel=1e-3)


def test_options_are_checked(text):
    for bad in ({}, {"total": 1, "threshold": 0.1}):
        with pytest.raises(OptionsError, match="exactly one"):
            PruneOptions(**bad)
    for bad in ({"total": -1}, {"per_order": (3, -1)}):
        with pytest.raises(OptionsError, match="below 0"):
            PruneOptions(**bad)
    with pytest.raises(OptionsError, match="is a number"):
        PruneOptions(threshold=float("nan"))
    with pytest.raises(OptionsError, match=r"per_order \(--sizes\) needs 1 numbers"):
        prune(estimate(text, 2), PruneOptions(per_order=(1, 2)))


@pytest.fixture(scope="module")
def text():
    """A few hundred sentences from a small grammar, the same ones every time."""
    random = np.random.default_rng(7)
    nouns, verbs = ["cat", "dog", "king", "ship", "child", "house"], ["saw", "made", "left", "found"]
    pick = lambda words: words[min(int(random.exponential(1.2)), len(words) - 1)]  # noqa: E731
    return [f"the {pick(nouns)} {pick(verbs)} {pick(['the', 'a', 'no'])} {pick(nouns)}" for _ in range(300)]
