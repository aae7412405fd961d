import math
from dataclasses import dataclass

import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.perplexity import perplexity
from harken.lm.rescore import LinearMixture, RescoreOptions, rescore
from hypothesis import given
from hypothesis import strategies as st


@dataclass(frozen=True)
class Entry:
    words: tuple[str, ...]
    acoustic_cost: float
    graph_cost: float


class Lengths:
    """A language model that knows nothing but how many words there are."""

    def sentence_score(self, words):
        return -float(len(words))


NBEST = [(("a", "b"), 10.0, 3.0), (("a",), 12.0, 1.0), ((), 20.0, 0.0)]


def test_costs_add_up_as_documented():
    options = RescoreOptions(lm_weight=2.0, word_insertion_penalty=0.5, acoustic_scale=0.25, graph_weight=0.125)
    best = rescore(NBEST, Lengths(), options)
    assert [one.rank for one in best] == [2, 1, 0]
    for one in best:
        words, acoustic, graph = NBEST[one.rank]
        assert (one.words, one.acoustic_cost, one.graph_cost) == (words, acoustic, graph)
        assert one.lm_cost == pytest.approx(len(words) * math.log(10))
        wanted = 0.25 * acoustic + 0.125 * graph + 2 * len(words) * math.log(10) + 0.5 * len(words)
        assert one.total_cost == pytest.approx(wanted)


def test_objects_and_tuples_are_alike():
    assert rescore([Entry(*one) for one in NBEST], Lengths()) == rescore(NBEST, Lengths())
    assert rescore([], Lengths()) == ()


@given(st.lists(st.tuples(st.lists(st.sampled_from("ab")), st.integers(0, 3), st.integers(0, 3)), max_size=8))
def test_without_a_language_model_the_first_order_stands(nbest):
    options = RescoreOptions(lm_weight=0.0, graph_weight=1.0)
    ranks = [one.rank for one in rescore(nbest, Lengths(), options)]
    assert ranks == sorted(range(len(nbest)), key=lambda rank: nbest[rank][1] + nbest[rank][2])


def test_the_language_model_decides():
    model = Ngram.from_arpa(estimate(["the cat sat", "the cat ran", "a dog sat"], 2).to_arpa())
    best = rescore([(("the", "dog", "sat"), 5.0, 0.0), (("the", "cat", "sat"), 5.1, 0.0)], model)
    assert best[0].words == ("the", "cat", "sat")
    assert best[0].lm_cost == pytest.approx(-math.log(10) * model.sentence_score(["the", "cat", "sat"]))


class Constant:
    """A model for which every word, and the end, has the same probability; it knows all words that begin with a."""

    def __init__(self, probability):
        self.log10 = math.log10(probability)

    def word_scores(self, words):
        known = [word.startswith("a") for word in words]
        return np.full(len(words) + 1, self.log10), np.array([*known, True])

    def sentence_score(self, words):
        return self.log10 * (len(words) + 1)


def test_the_first_pass_is_told_apart_and_weighted_alone():
    old, new = Constant(0.1), Constant(0.5)
    options = RescoreOptions(0.5, word_insertion_penalty=0.25, graph_weight=2.0, first_pass_weight=0.125)
    for one in rescore(NBEST, new, options, first_pass=old):
        words, acoustic, graph = NBEST[one.rank]
        first = math.log(10) * (len(words) + 1)
        assert one.first_pass_cost == pytest.approx(first)
        assert one.graph_cost == pytest.approx(graph - first)
        new_cost = math.log(2) * (len(words) + 1)
        wanted = acoustic + 2.0 * (graph - first) + 0.125 * first + 0.5 * new_cost + 0.25 * len(words)
        assert one.total_cost == pytest.approx(wanted)


def test_with_one_weight_for_both_telling_apart_changes_nothing():
    options = RescoreOptions(0.5, graph_weight=0.3)
    plain, apart = (rescore(NBEST, Constant(0.5), options, first) for first in (None, Constant(0.1)))
    assert [one.words for one in plain] == [one.words for one in apart]
    assert [one.total_cost for one in plain] == pytest.approx([one.total_cost for one in apart])


def test_a_cost_that_is_apart_already_is_the_first_pass():
    @dataclass(frozen=True)
    class OnTheFly(Entry):
        lm_cost: float
        phrase_cost: float

    options = RescoreOptions(0.0, graph_weight=1.0, first_pass_weight=0.5)
    (one,) = rescore([OnTheFly(("a",), 1.0, 2.0, 4.0, -0.5)], Lengths(), options, first_pass=Constant(0.1))
    assert (one.graph_cost, one.first_pass_cost) == (2.0, 4.0)
    assert one.total_cost == pytest.approx(1.0 + 2.0 + 0.5 * 4.0 - 0.5)


def test_several_models_have_a_weight_each():
    models = [Constant(0.1), Constant(0.5)]
    for one in rescore(NBEST, models, RescoreOptions((0.5, 2.0), acoustic_scale=0.0)):
        wanted = (len(one.words) + 1) * (0.5 * math.log(10) + 2.0 * math.log(2))
        assert one.total_cost == pytest.approx(wanted)
        assert len(one.lm_costs) == 2
    with pytest.raises(OptionsError, match="lm_weight has 1 values for 2 language models"):
        rescore(NBEST, models)


def test_sentences_are_scored_at_once_where_the_model_can():
    class Batch:
        calls = 0

        def sentence_scores(self, sentences):
            Batch.calls += 1
            return [-float(len(words)) for words in sentences]

    assert rescore(NBEST, Batch()) == rescore(NBEST, Lengths())
    assert Batch.calls == 1


def test_a_linear_mixture_mixes_probabilities_word_by_word():
    mixture = LinearMixture([Constant(0.1), Constant(0.5)], [0.75, 0.25])
    scores, known = mixture.word_scores(["a", "b"])
    assert 10**scores == pytest.approx([0.2, 0.2, 0.2])
    assert known.tolist() == [True, False, True]
    assert mixture.sentence_score(["a", "b"]) == pytest.approx(3 * math.log10(0.2))
    for weights in ([0.5], [0.5, 0.6], [1.5, -0.5], [math.nan, 1.0]):
        with pytest.raises(OptionsError, match="sum to 1"):
            LinearMixture(mixture.models, weights)


@pytest.mark.parametrize("name", ["lm_weight", "acoustic_scale", "graph_weight", "word_insertion_penalty"])
def test_impossible_weights_are_refused(name):
    with pytest.raises(OptionsError, match=name):
        RescoreOptions(**{name: math.nan})
    if name != "word_insertion_penalty":
        with pytest.raises(OptionsError, match=name):
            RescoreOptions(**{name: -1.0})
    else:
        assert RescoreOptions(word_insertion_penalty=-1.0).word_insertion_penalty == -1


def test_perplexity_of_an_even_model():
    """Four words and the sentence end, all equally likely: the perplexity is 6, <unk> counted."""
    even = estimate(["a b c d"], 1, ["a", "b", "c", "d"])
    even.tables[0].prob[:] = 1 / 6
    measured = perplexity(Ngram.from_arpa(even.to_arpa()), ["a b", "x d c", ""])
    assert (measured.sentences, measured.words, measured.unknown_words) == (3, 5, 1)
    assert measured.perplexity == pytest.approx(6)
    assert measured.perplexity_without_unknown == pytest.approx(6)
    assert measured.unknown_rate == pytest.approx(0.2)
    with pytest.raises(FormatError, match=r"no words|no sentences"):
        perplexity(Ngram.from_arpa(even.to_arpa()), [])
