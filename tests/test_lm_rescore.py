import math
from dataclasses import dataclass

import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.perplexity import perplexity
from harken.lm.rescore import RescoreOptions, rescore
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
    assert measured.perplexity_with_unknown == pytest.approx(6)
    assert measured.unknown_rate == pytest.approx(0.2)
    with pytest.raises(FormatError, match="no sentences"):
        perplexity(Ngram.from_arpa(even.to_arpa()), [])
