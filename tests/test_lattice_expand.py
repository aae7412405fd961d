import math

import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.expand import expand_on_lm, split_lm
from harken.errors import ModelError, OptionsError
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.ngram import Ngram
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, random_lattice

ARPA = r"""
\data\
ngram 1=5
ngram 2=5
ngram 3=2

\1-grams:
-1.1 <unk>
-99 <s> -0.31
-0.9 </s>
-0.4 w1 -0.22
-0.7 w2 -0.13

\2-grams:
-0.2 <s> w1 -0.4
-0.5 w1 w2 -0.17
-0.6 w2 w1
-0.3 w2 </s>
-0.8 w1 w1

\3-grams:
-0.1 <s> w1 w2
-0.25 w1 w2 </s>

\end\
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "lm.arpa"
    path.write_text(ARPA.lstrip())
    return Ngram.from_arpa(read_arpa(path))


def lm_cost(model, lattice, words):
    return -math.log(10) * model.sentence_score([lattice.words_table[word] for word in words])


def signature(path):
    return path.words, path.labels, tuple(round(cost, 6) for cost in path.costs[:3])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_expanding_gives_every_path_the_models_cost_and_leaves_the_rest(model, seed, whole):
    lattice = random_lattice(seed, arcs=10)
    lattice = lattice if whole else determinize(lattice)
    made = expand_on_lm(lattice, model)
    made.check()
    before, after = all_paths(lattice), all_paths(made)
    assert sorted(map(signature, before)) == sorted(map(signature, after))
    for path in after:
        assert path.costs[3] == pytest.approx(lm_cost(model, lattice, path.words), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_splitting_leaves_the_sum_of_graph_and_lm_cost_exactly_as_it_was(model, seed, whole):
    lattice = random_lattice(seed, arcs=10)
    lattice = lattice if whole else determinize(lattice)
    quanta = 1 / 1024  # as graphs have them
    graph = np.rint(lattice.graph_costs / quanta) * quanta
    finals = np.rint(lattice.final_graph_costs / quanta) * quanta
    from dataclasses import replace

    none, nowhere = np.zeros(lattice.arcs), np.zeros(lattice.states)
    lattice = replace(lattice, graph_costs=graph, final_graph_costs=finals, lm_costs=none, final_lm_costs=nowhere)
    made = split_lm(lattice, model)
    made.check()
    before, after = all_paths(lattice), all_paths(made)
    key = lambda path: (path.words, path.labels, path.costs[1], path.costs[2])  # noqa: E731
    assert sorted((*key(path), path.costs[0]) for path in before) == sorted(
        (*key(path), path.costs[0] + path.costs[3]) for path in after
    )
    for path in after:
        assert path.costs[3] == pytest.approx(lm_cost(model, lattice, path.words), abs=1e-4)
    with pytest.raises(OptionsError, match="already"):
        split_lm(made, model)


def test_a_model_of_ones_own_can_be_composed():
    class Parity:
        """Words cost 1 after an even number of words, 3 after an odd one; ending costs 10 times the rest."""

        start = 0

        def step(self, states, words):
            return 1.0 + 2.0 * states, 1 - states

        def end(self, states):
            return 10.0 * states

    lattice = random_lattice(4)
    for path in all_paths(expand_on_lm(lattice, Parity())):
        count = len(path.words)
        assert path.costs[3] == pytest.approx(count // 2 * 4 + count % 2 * 11)


def test_a_model_that_rules_a_word_out_is_refused():
    class Never:
        start = 0

        def step(self, states, words):
            return np.full(len(states), np.inf), states

        def end(self, states):
            return np.zeros(len(states))

    with pytest.raises(ModelError, match="no finite cost"):
        expand_on_lm(random_lattice(4), Never())


def test_nothing_expands_to_nothing(model):
    assert expand_on_lm(empty_lattice(1.0, ("<eps>",)), model).states == 0
