import itertools

import numpy as np
import pytest
from harken.decoder.graph.lexicon_graph import compile_lexicon_graph
from harken.decoder.graph.search_graph import GraphOptions, compile_ctc_graph
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.history import History
from harken.decoder.search.history_kernels import PHRASE_BITS
from harken.decoder.search.look_ahead import Reachability
from harken.decoder.search.options import SearchOptions
from harken.decoder.search.phrases import Phrase, PhraseList
from harken.decoder.search.word_automaton import WordAutomaton
from harken.errors import OptionsError
from harken.lm.ngram.ngram import Ngram
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_graph import best_costs
from .naive_on_the_fly import followers, labels_that_come_next, least_listed, phrase_cost
from .naive_search import random_graph
from .test_decoder_graph import FINE, UNITS, arpa_of, models

WIDE = SearchOptions(beam=500.0, max_active=10**8, min_active=0, lattice_beam=400.0)
WIDE_BEST = SearchOptions(beam=60.0, max_active=10**6, min_active=0, lattice_beam=2.0)
LEXICON = Lexicon(
    (
        Pronunciation("a", ("A",)),
        Pronunciation("ab", ("A", "B")),
        Pronunciation("ba", ("B", "A")),
        Pronunciation("ba", ("B", "A", "A"), 0.5),
        Pronunciation("bah", ("B", "A")),
    )
)
WORDS = ("<unk>", "<s>", "</s>", "a", "ab", "ba", "bah")
UNIGRAMS = {
    "<unk>": (-1.0, 0.0), "<s>": (-99.0, -0.5), "</s>": (-1.0, 0.0),
    "a": (-0.75, -0.25), "ab": (-0.5, -0.125), "ba": (-1.0, -0.5), "bah": (-1.25, 0.0),
}  # fmt: skip
BIGRAMS = {"<s> a": (-0.25, -0.25), "a ba": (-0.5, 0.0), "ba </s>": (-0.25, 0.0), "ab bah": (-0.125, 0.25)}
TRIGRAMS = {"<s> a ba": (-2.0, 0.0), "a ba </s>": (-0.5, 0.0)}


def decode(graph, scores, history=None, options=WIDE):
    search = BeamSearch(graph, options, history).start()
    search.advance(scores)
    return search.finish()


def noise(seed, frames):
    return np.random.default_rng(seed).normal(size=(frames, len(UNITS))).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(models(), st.integers(1, 4), st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_best_cost_of_every_word_sequence(model, frames, seed, look_ahead, in_memory):
    lexicon, arpa = model
    scores = noise(seed, frames)
    in_memory = in_memory and arpa.order > 1  # in memory, the highest order has no back-off weights at all
    graph = compile_lexicon_graph(lexicon, UNITS, options=FINE)
    history = History.of(graph, Ngram.from_arpa(arpa) if in_memory else arpa, look_ahead=look_ahead, options=FINE)
    expected = best_costs(lexicon, arpa, UNITS, scores, longest=frames)
    assert decode(graph, scores, history).reached_final == bool(expected)
    if not expected:
        return
    result = decode(graph, scores, history)
    found = {hypothesis.words: hypothesis for hypothesis in result.nbest(200)}
    assert found.keys() == expected.keys()
    for words, hypothesis in found.items():
        assert hypothesis.total_cost == pytest.approx(expected[words], abs=2e-3)
        whole = hypothesis.graph_cost + hypothesis.lm_cost + hypothesis.acoustic_cost
        assert hypothesis.total_cost == pytest.approx(whole, abs=1e-4)
    assert result.best.total_cost == pytest.approx(min(expected.values()), abs=2e-3)


@settings(max_examples=20, deadline=None)
@given(models(), st.integers(0, 2**32 - 1), st.sampled_from([0.0, -0.7, 1.5]))
def test_the_static_graph_is_matched(model, seed, word_penalty):
    lexicon, arpa = model
    scores = noise(seed, 12)
    options = GraphOptions(word_penalty=word_penalty)
    static = decode(compile_ctc_graph(lexicon, arpa, UNITS, options), scores)
    graph = compile_lexicon_graph(lexicon, UNITS)
    lazy = decode(graph, scores, History.of(graph, arpa, options=options))
    assert lazy.reached_final
    assert static.reached_final
    assert lazy.best.total_cost == pytest.approx(static.best.total_cost, abs=1e-3)
    for ours, theirs in itertools.islice(zip(lazy.nbest(10), static.nbest(10), strict=True), 10):
        assert ours.total_cost == pytest.approx(theirs.total_cost, abs=1e-3)
        assert ours.graph_cost + ours.lm_cost == pytest.approx(theirs.graph_cost, abs=1e-3)


@pytest.mark.parametrize("count", [60, 240])
@pytest.mark.parametrize("look_ahead", [True, False])
@pytest.mark.parametrize("beam", [3.0, 60.0])
def test_states_with_many_arcs(count, look_ahead, beam):
    """Wide states, whose arcs are listed once a frame: of 240 words more survive the wide beam than a list holds."""
    units = ("<blank>", *(f"P{number}" for number in range(30)))
    random = np.random.default_rng(count)
    sounds = {f"w{n}": (units[n % 30 + 1], units[n * 7 % 30 + 1])[: 2 if n < 60 else 1] for n in range(count)}
    lexicon = Lexicon(tuple(Pronunciation(word, spoken) for word, spoken in sounds.items()))
    words = ("<unk>", "<s>", "</s>", *sounds)
    unigrams = {word: (-float(random.uniform(1, 3)), -float(random.uniform(0, 1))) for word in words}
    unigrams["<s>"] = (-99.0, -0.5)
    pairs = {f"w{a} w{b}": (-float(random.uniform(0, 1)), 0.0) for a, b in random.integers(0, count, (200, 2))}
    arpa = arpa_of(words, unigrams, pairs)
    scores = random.normal(scale=3.0, size=(5, len(units))).astype(np.float32)
    options = SearchOptions(beam=beam, max_active=10**6, min_active=10, lattice_beam=2.0)
    static = decode(compile_ctc_graph(lexicon, arpa, units), scores, None, WIDE_BEST)
    graph = compile_lexicon_graph(lexicon, units)
    lazy = decode(graph, scores, History.of(graph, arpa, look_ahead=look_ahead), options)
    assert lazy.best.total_cost >= static.best.total_cost - 1e-3
    if beam > 3.0:
        assert lazy.best.words == static.best.words
        assert lazy.best.total_cost == pytest.approx(static.best.total_cost, abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(models(), st.integers(0, 2**32 - 1))
def test_phrases_come_on_top_of_the_language_model(model, seed):
    lexicon, arpa = model
    phrases = [Phrase("a", 1.0), Phrase("b a", 2.0), Phrase("a b a", 0.5), Phrase("nowhere", 5.0)]
    scores = noise(seed, 4)
    graph = compile_lexicon_graph(lexicon, UNITS, options=FINE)
    compiled = PhraseList(phrases).compile(graph.words)
    result = decode(graph, scores, History.of(graph, arpa, compiled, options=FINE))
    known = [phrase for phrase in phrases if phrase.text not in compiled.unknown]
    costs = best_costs(lexicon, arpa, UNITS, scores, longest=4)
    expected = {words: cost + phrase_cost(words, known) for words, cost in costs.items()}
    assert "nowhere" in compiled.unknown_words
    found = {hypothesis.words: hypothesis.total_cost for hypothesis in result.nbest(200)}
    assert found == {words: pytest.approx(cost, abs=2e-3) for words, cost in expected.items()}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(5, 30), st.integers(2, 12))
def test_reachable_labels_of_any_graph(seed, states, arcs, words):
    graph = random_graph(seed, states, 4, words, arcs)
    reach = Reachability.of(graph)
    fst = graph.fst
    open_states = {fst.start, *fst.nextstates[fst.olabels != 0].tolist()}
    open_sets = [labels_that_come_next(fst, state) for state in open_states]
    for state in range(fst.states):
        labels, ends = labels_that_come_next(fst, state)
        point = reach.points[state]
        if point == 0:
            assert (labels, ends) in open_sets
            continue
        assert (labels, ends) not in open_sets
        ranks = set()
        for place in range(reach.begin[point], reach.begin[point + 1]):
            ranks.update(range(reach.lows[place], reach.highs[place] + 1))
        assert ranks == {int(reach.rank[label]) for label in labels}
        assert bool(reach.ends[point]) == ends
    known = reach.rank[reach.rank >= 0]
    assert sorted(known.tolist()) == list(range(len(known)))
    before, after = reach.points[fst.sources()], reach.points[fst.nextstates]
    assert reach.reopens == bool(((before != 0) & (after == 0) & (fst.olabels == 0)).any())


@settings(max_examples=30, deadline=None)
@given(models())
def test_look_ahead_costs_and_steps(model):
    from harken.decoder.search.history_steps_kernels import enter_state

    lexicon, arpa = model
    graph = compile_lexicon_graph(lexicon, UNITS)
    history = History.of(graph, arpa)
    arrays, automaton = history.arrays, history.model
    for state in range(automaton.states):
        for label in range(1, len(graph.words)):
            steps = step_kernel(arrays, state << PHRASE_BITS, label)
            assert steps == [
                (target, pytest.approx(cost, abs=1e-5)) for target, cost in followers(automaton, state, label)
            ]
            assert all(cost >= -automaton.most_gained for _, cost in steps)
        for place in range(graph.fst.states):
            if history.points[place] == 0:
                continue
            labels, ends = labels_that_come_next(graph.fst, place)
            least, words = least_listed(automaton, state, labels, ends)
            for _ in range(2):  # worked out, then remembered
                history_there, ahead, paid = enter_state(arrays, place, state << PHRASE_BITS | 5)
                assert ahead + paid == np.float32(least)
                assert history_there & 31 == 5
                assert (history_there >> PHRASE_BITS == state) == (len(words) != 1)
            if len(words) == 1:
                # The word is paid for; from here on it is the only one, wherever it can come.
                assert ahead == 0
                for label in range(1, len(graph.words)):
                    steps = step_kernel(arrays, history_there, label)
                    expected = followers(automaton, state, label) if label in words else []
                    assert steps == [(target, pytest.approx(cost - least, abs=1e-5)) for target, cost in expected]
                for other in range(graph.fst.states):
                    reached = labels_that_come_next(graph.fst, other)[0]
                    still = enter_state(arrays, other, history_there)
                    assert still[0] == history_there
                    assert (still[1], still[2]) == (0.0 if history.points[other] == 0 or words & reached else np.inf, 0)


def step_kernel(arrays, history, label):
    from harken.decoder.search.history_steps_kernels import follow_word

    count = follow_word(arrays, history, label)
    states = (arrays.next_history[:count] >> PHRASE_BITS).tolist()
    return list(zip(states, arrays.next_lm[:count].tolist(), strict=True))


def test_a_model_in_memory_gives_the_same_automaton():
    arpa = arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS)
    graph = compile_lexicon_graph(LEXICON, UNITS)
    for seed in range(5):
        results = [
            decode(graph, noise(seed, 14), History.of(graph, model)).best for model in (arpa, Ngram.from_arpa(arpa))
        ]
        assert results[0].words == results[1].words
        assert results[0].total_cost == pytest.approx(results[1].total_cost, abs=5e-3)


def test_models_are_swapped_without_another_graph():
    graph = compile_lexicon_graph(LEXICON, UNITS)
    reach = Reachability.of(graph)
    scores = noise(3, 20)
    likes_bah = dict(UNIGRAMS) | {"bah": (-0.01, 0.0), "ba": (-3.0, 0.0)}
    texts = {}
    for name, unigrams in (("first", UNIGRAMS), ("second", likes_bah)):
        arpa = arpa_of(WORDS, unigrams)
        best = decode(graph, scores, History.of(graph, arpa, look_ahead=reach)).best
        static = decode(compile_ctc_graph(LEXICON, arpa, UNITS), scores).best
        assert best.words == static.words
        assert best.times == static.times
        texts[name] = best.text
    assert "bah" in texts["second"]
    assert "bah" not in texts["first"]


def test_chunks_do_not_matter():
    graph = compile_lexicon_graph(LEXICON, UNITS)
    history = History.of(graph, arpa_of(WORDS, UNIGRAMS, BIGRAMS, TRIGRAMS), PhraseList(["ab ba"]).compile(graph.words))
    machine = BeamSearch(graph, SearchOptions(beam=8.0, lattice_beam=4.0), history)
    scores = noise(5, 60)
    whole = machine.start()
    whole.advance(scores)
    pieces = machine.start()
    for row in scores:
        pieces.advance(row[None])
    assert pieces.finish().best == whole.finish().best
    assert pieces.finish().nbest(5) == whole.finish().nbest(5)


def test_words_without_a_pronunciation_or_an_n_gram_are_never_found():
    arpa = arpa_of((*WORDS[:4], "zoo"), {word: UNIGRAMS[word] for word in WORDS[:4]} | {"zoo": (-0.1, 0.0)})
    graph = compile_lexicon_graph(LEXICON, UNITS)
    result = decode(graph, noise(7, 12), History.of(graph, arpa))
    assert set(result.best.words) <= {"a"}


def test_words_are_chosen_from_the_lexicon():
    graph = compile_lexicon_graph(LEXICON, UNITS, words={"ab", "ba", "elsewhere"})
    assert graph.words == ("<eps>", "ab", "ba")
    graph.check()


def test_parts_that_do_not_fit_are_refused():
    graph = compile_lexicon_graph(LEXICON, UNITS)
    other = compile_lexicon_graph(LEXICON, UNITS, words={"ab"})
    arpa = arpa_of(WORDS, UNIGRAMS)
    with pytest.raises(OptionsError, match="none of the words"):
        compile_lexicon_graph(LEXICON, UNITS, words={"elsewhere"})
    with pytest.raises(OptionsError, match="blank first"):
        compile_lexicon_graph(LEXICON, ("A", "A"))
    with pytest.raises(OptionsError, match="another graph"):
        History.of(graph, arpa, look_ahead=Reachability.of(other))
    automaton = WordAutomaton.of(arpa, other.words, Reachability.of(other).rank)
    with pytest.raises(OptionsError, match="another graph"):
        History.of(graph, automaton)
    strange = arpa_of(("<unk>", "<s>", "</s>", "z"), {"<unk>": (-1, 0), "<s>": (-99, 0), "</s>": (-1, 0), "z": (-1, 0)})
    with pytest.raises(OptionsError, match="no word of the graph"):
        History.of(graph, strange)
    with pytest.raises(OptionsError, match="history"):
        BeamSearch(other, WIDE, History.of(graph, arpa))
