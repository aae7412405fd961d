import math
from itertools import pairwise

import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.mbr import MbrOptions, minimum_bayes_risk, word_confidences
from harken.decoder.lattice.posteriors import PosteriorScales, arc_posteriors
from harken.errors import OptionsError, SearchError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, prefix_tree, random_lattice
from .naive_mbr import edit_distance, expected_errors, naive_sausage


def shares(lattice, graph=1.0, acoustic=None):
    acoustic = lattice.acoustic_scale if acoustic is None else acoustic
    paths = all_paths(lattice)
    costs = [graph * (p.costs[0] + p.costs[2] + p.costs[3]) + acoustic * p.costs[1] for p in paths]
    total = sum(math.exp(-cost) for cost in costs)
    return [(path, math.exp(-cost) / total) for path, cost in zip(paths, costs, strict=True)], -math.log(total)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), graph=st.sampled_from([1.0, 0.5, 0.0]), acoustic=st.sampled_from([None, 0.1]))
def test_posteriors_are_the_shares_of_all_paths(seed, graph, acoustic):
    lattice = random_lattice(seed)
    found = arc_posteriors(lattice, PosteriorScales(graph, acoustic))
    expected, cost = shares(lattice, graph, acoustic)
    arcs, finals = np.zeros(lattice.arcs), np.zeros(lattice.states)
    for path, share in expected:
        arcs[list(path.arcs)] += share
        finals[lattice.nextstates[path.arcs[-1]] if path.arcs else 0] += share
    assert np.allclose(found.arcs, arcs, atol=1e-9)
    assert np.allclose(found.finals, finals, atol=1e-9)
    assert found.cost == pytest.approx(cost)


def test_scales_below_nothing_are_refused():
    with pytest.raises(OptionsError, match="acoustic scale"):
        PosteriorScales(1.0, -1.0)
    with pytest.raises(OptionsError, match="rounds"):
        MbrOptions(rounds=0)


def test_nothing_has_no_posteriors():
    for call in (arc_posteriors, minimum_bayes_risk):
        with pytest.raises(SearchError, match="no path"):
            call(empty_lattice(1.0, ("<eps>",)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_sausage_is_that_of_the_twin(seed):
    lattice = determinize(random_lattice(seed))
    found = minimum_bayes_risk(lattice)
    errors, bins = naive_sausage(lattice, found.words)
    assert found.expected_errors == pytest.approx(errors, abs=1e-9)
    assert len(found.bins) == len(bins) == 2 * len(found.words) + 1
    for mine, twin in zip(found.bins, bins, strict=True):
        assert dict(zip(mine.words, mine.posteriors, strict=True)) == pytest.approx(
            {word: share for word, (share, _, _) in twin.items()}, abs=1e-9
        )
        assert sum(mine.posteriors) == pytest.approx(1.0)
        for word, times in zip(mine.words, mine.times, strict=True):
            share, begin, end = twin[word]
            assert times == pytest.approx((begin / share, end / share), abs=1e-6)
    assert all(made.start <= made.end + 1e-9 for made in found.bins)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(found.bins))
    starts = [sum(begin for _, begin, _ in twin.values()) for twin in bins]
    ends = [sum(end for _, _, end in twin.values()) for twin in bins]
    for place, made in enumerate(found.bins):  # averages, but for those that neighbours have cut
        assert made.start == pytest.approx(starts[place], abs=1e-6) or made.start <= max(ends[:place], default=0) + 1e-6
    assert all(0.0 <= confidence <= 1.0 for confidence in found.confidences)
    assert len(found.times) == len(found.confidences) == len(found.words)
    assert all(begin <= end for begin, end in found.times)
    assert all(a[1] <= b[0] + 1e-9 for a, b in zip(found.times, found.times[1:], strict=False))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_on_a_tree_the_expected_errors_are_exact(seed):
    """A tree's paths share nothing behind a fork, so that the recursion is no bound but the edit distance itself."""
    tree = prefix_tree(random_lattice(seed, arcs=9))
    found = minimum_bayes_risk(tree)
    exact = expected_errors(tree, found.words)
    assert found.expected_errors == pytest.approx(exact, abs=1e-3)
    sure = {bin_.words[0]: bin_.posteriors[0] for bin_ in found.bins}
    assert max(sure.values()) <= 1.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_words_have_no_more_expected_errors_than_the_best_path(seed):
    lattice = determinize(random_lattice(seed))
    best = [lattice.words_table[word] for word in all_paths(lattice)[0].words]
    found, first = minimum_bayes_risk(lattice), word_confidences(lattice, best)
    assert found.expected_errors <= first.expected_errors + 1e-9
    assert found.expected_errors >= expected_errors(lattice, found.words) - 1e-3
    assert first.words == tuple(best)


def test_the_exhaustive_minimum_is_found_on_small_trees():
    """Local changes reach the best of all word sequences of a tree in nearly all cases, and are never far off."""
    worst = []
    for seed in range(30):
        tree = prefix_tree(random_lattice(seed, arcs=7))
        paths = {tuple(tree.words_table[word] for word in path.words) for path in all_paths(tree)}
        least = min(expected_errors(tree, words) for words in paths)
        worst.append(expected_errors(tree, minimum_bayes_risk(tree).words) - least)
    assert np.mean([gap < 1e-6 for gap in worst]) > 0.9
    assert max(worst) < 0.2


def test_words_that_are_not_in_the_lattice_are_not_believed():
    lattice = determinize(random_lattice(5))
    found = word_confidences(lattice, ["elsewhere", "w1"])
    assert found.words == ("elsewhere", "w1")
    assert found.confidences[0] == 0.0


def test_the_twin_counts_edits():
    assert edit_distance(("a", "b", "c"), ("a", "c")) == 1
    assert edit_distance((), ("a", "c")) == 2
    assert edit_distance(("x", "b"), ("a", "b", "c")) == 2


def test_what_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("harken.decoder.lattice.mbr.MOST_CELLS", 20)
    with pytest.raises(OptionsError, match="too many at once"):
        word_confidences(random_lattice(3), ["w1"] * 9)
