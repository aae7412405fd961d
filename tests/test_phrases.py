import math

import numpy as np
import pytest
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.history import History
from harken.decoder.search.history_kernels import PHRASE_BITS, end_costs
from harken.decoder.search.options import SearchOptions
from harken.decoder.search.phrases import Phrase, PhraseList
from harken.errors import OptionsError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .naive_on_the_fly import phrase_cost
from .naive_search import all_sequences, random_graph

WORDS = ("<eps>", "a", "b", "c", "d")
WIDE = SearchOptions(beam=200.0, max_active=10**8, min_active=0, lattice_beam=100.0)

texts = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(" ".join)
weights = st.sampled_from([0.5, 1.0, 2.0, 3.25, -1.5])
phrase_lists = st.lists(st.builds(Phrase, texts, weights), max_size=8)


@settings(max_examples=300, deadline=None)
@given(phrase_lists, st.lists(st.sampled_from("abcd"), max_size=12))
@example([Phrase("a b c"), Phrase("b c a"), Phrase("b"), Phrase("c a b c")], list("abcabcab"))
def test_a_path_pays_for_the_phrases_that_it_holds(phrases, said):
    compiled = PhraseList(phrases).compile(WORDS)
    state, total = 0, 0.0
    for word in said:
        state, cost = compiled.move(state, WORDS.index(word))
        assert cost >= -compiled.most_gained
        total += cost
    assert total + compiled.held[state] == phrase_cost(said, phrases)


@settings(max_examples=30, deadline=None)
@given(phrase_lists, st.integers(0, 2**32 - 1))
def test_searches_find_what_phrases_make_best(phrases, seed):
    graph = random_graph(seed % 1000, 6, 4, 4, 14)
    names = dict(zip("abc", graph.words[1:], strict=True))
    named = [Phrase(" ".join(names[word] for word in phrase.words), phrase.weight) for phrase in phrases]
    scores = np.random.default_rng(seed).normal(size=(4, graph.columns)).astype(np.float32)
    plain, reached = all_sequences(graph, scores, 1.0)
    expected = {words: path.cost + phrase_cost(words, named) for words, path in plain}
    history = History.of(graph, phrases=PhraseList(named).compile(graph.words))
    search = BeamSearch(graph, WIDE, history).start()
    search.advance(scores)
    result = search.finish()
    assert result.reached_final == reached
    best = result.best
    assert best.total_cost == pytest.approx(min(expected.values()), abs=1e-4)
    assert best.total_cost == pytest.approx(expected[best.words], abs=1e-4)
    assert best.phrase_cost == pytest.approx(phrase_cost(best.words, named), abs=1e-4)
    assert best.lm_cost == 0
    found = {hypothesis.words: hypothesis.total_cost for hypothesis in result.nbest(8)}
    assert found == {words: pytest.approx(expected[words], abs=1e-4) for words in found}
    assert sorted(found.values()) == [pytest.approx(cost, abs=1e-4) for cost in sorted(expected.values())[: len(found)]]
    assert len(found) == min(8, len(expected))


def test_what_was_lent_is_given_back():
    compiled = PhraseList([Phrase("a b c", 2.0)]).compile(WORDS)
    state, costs = 0, []
    for word in "abdabc":
        state, cost = compiled.move(state, WORDS.index(word))
        costs.append(cost)
    assert costs == [-2.0, -2.0, 4.0, -2.0, -2.0, -2.0]
    assert compiled.held[state] == 0
    assert compiled.most_gained == 2.0


def test_an_unfinished_phrase_is_taken_back_at_the_end():
    compiled = PhraseList([Phrase("a b", 3.0)]).compile(WORDS)
    graph = random_graph(1, 6, 4, len(WORDS), 14)
    arrays = History.of(graph, phrases=compiled).arrays
    state = compiled.move(0, 1)[0]
    lm, phrase = np.empty(2, np.float32), np.empty(2, np.float32)
    end_costs(arrays, np.array([state, 0], np.int64), True, lm, phrase)
    assert phrase.tolist() == [3.0, 0.0]
    assert lm.tolist() == [0.0, 0.0]
    assert compiled.states < 1 << PHRASE_BITS


def test_unknown_words_are_returned():
    compiled = PhraseList(["a zebra b zoo zebra", "b c", "yak"]).compile(WORDS)
    assert compiled.unknown == {"a zebra b zoo zebra": ("zebra", "zoo"), "yak": ("yak",)}
    assert compiled.unknown_words == ("zebra", "zoo", "yak")
    assert compiled.states == 3


def test_of_equal_phrases_the_higher_weight_counts():
    compiled = PhraseList([Phrase("a", 1.0), Phrase("a", 2.5), Phrase("a", 2.0)]).compile(WORDS)
    assert compiled.move(0, 1)[1] == -2.5


def test_an_empty_list_changes_nothing():
    compiled = PhraseList([]).compile(WORDS)
    assert (compiled.states, compiled.most_gained) == (1, 0.0)
    assert compiled.move(0, 1) == (0, 0.0)


@pytest.mark.parametrize(("text", "weight"), [("", 1.0), ("  ", 1.0), ("a", math.nan), ("a", 101.0), ("a", -math.inf)])
def test_bad_phrases_are_refused(text, weight):
    with pytest.raises(OptionsError, match="phrases"):
        Phrase(text, weight)


def test_phrases_for_another_graph_are_refused():
    graph = random_graph(1, 6, 4, 4, 14)
    with pytest.raises(OptionsError, match="graph's words"):
        History.of(graph, phrases=PhraseList(["a"]).compile(WORDS))


def test_phrase_words_are_taken_as_they_are_written_or_as_they_are_said():
    words = ("<eps>", "knightley", "US", "us", "doctor", "Bath", "cafe")

    def labels(text):
        compiled = PhraseList([text]).compile(words)
        return [label for label in range(1, len(words)) if compiled.word[label]], compiled.unknown

    assert labels("Knightley,") == ([1], {})
    assert labels("DR. KNIGHTLEY") == ([1, 4], {})
    assert labels("US") == ([2], {})
    assert labels("us") == ([3], {})
    assert labels("Us") == ([3], {})
    assert labels("Bath") == ([5], {})
    assert labels("bath") == ([], {"bath": ("bath",)})
    assert labels("Caf\u00e9") == ([6], {})
    assert labels("Knightley 1984 -") == ([], {"Knightley 1984 -": ("1984", "-")})
    twice = PhraseList([Phrase("Knightley", 1.0), Phrase("knightley", 3.0)]).compile(words)
    assert (twice.states, twice.most_gained) == (2, 3.0)


def test_too_many_phrases_are_refused(monkeypatch):
    monkeypatch.setattr("harken.decoder.search.phrases.MOST_STATES", 4)
    with pytest.raises(OptionsError, match="list fewer"):
        PhraseList(["a b c d"]).compile(WORDS)
