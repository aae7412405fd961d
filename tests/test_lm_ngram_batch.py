from itertools import pairwise

import numpy as np
import pytest
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.chain_kernels import LANES, lookup_chains
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.word_table_filling import table_of, table_of_lines
from harken.lm.ngram.word_table_kernels import number_lines
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lm import sentence_scores
from .test_lm_ngram import WORDS, models


@given(
    arpa=models(),
    sentences=st.lists(st.lists(st.sampled_from([0, 3, 4, 5]), max_size=5), max_size=2 * LANES + 3),
    quantised=st.sampled_from([None, 2]),
)
@settings(deadline=None, max_examples=40)
def test_sentences_side_by_side_score_as_by_definition(arpa, sentences, quantised):
    model = Ngram.from_arpa(arpa, quantised)
    coarse = model.to_arpa()
    spelled = [[WORDS[word] for word in sentence] for sentence in sentences]
    mixed = [" ".join(words) if place % 2 else words for place, words in enumerate(spelled)]
    scores, ids, begin = model.token_scores(mixed)
    assert begin.tolist() == np.cumsum([0, *(len(words) + 1 for words in sentences)]).tolist()
    totals = model.sentence_scores(mixed)
    assert totals.dtype == np.float64
    assert len(totals) == len(sentences)
    for place, sentence in enumerate(sentences):
        here = slice(begin[place], begin[place + 1])
        wanted = sentence_scores(coarse, sentence)
        assert ids[here].tolist() == [*sentence, 2]
        assert scores[here].tolist() == pytest.approx(wanted, abs=1e-6)
        assert totals[place] == pytest.approx(sum(wanted), abs=1e-5)
        assert model.sentence_score(spelled[place]) == pytest.approx(totals[place], abs=1e-9)


@given(arpa=models(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_chains_begin_anywhere_may_be_empty_and_leave_their_states(arpa, data):
    model = Ngram.from_arpa(arpa)
    chains = data.draw(
        st.lists(
            st.tuples(st.integers(0, model.states - 1), st.lists(st.integers(0, len(WORDS) - 1), max_size=3)),
            max_size=LANES + 9,
        )
    )
    states = np.array([state for state, _ in chains], np.int64)
    words = np.array([word for _, chain in chains for word in chain], np.int32)
    begin = np.cumsum([0, *(len(chain) for _, chain in chains)]).astype(np.int64)
    scores = np.zeros(len(words))
    lookup_chains(model.arrays, states, words, begin, scores)
    wanted, ends = [], []
    for state, chain in chains:
        here = state
        for word in chain:
            score, here = model.score(here, word)
            wanted.append(score)
        ends.append(here)
    assert scores.tolist() == pytest.approx(wanted, abs=1e-9)
    assert states.tolist() == ends


def test_sentences_may_hold_any_white_space_and_new_words():
    model = Ngram.from_arpa(estimate(["a b c", "a b", "c a b a"], 3).to_arpa()).with_words({"zoë": -2.5})
    odd = ["a\tb  c", " a\r\n b\n", "zoë a", "", "ZOË a", "a b\x0bc"]
    plain = [["a", "b", "c"], ["a", "b"], ["zoë", "a"], [], ["ZOË", "a"], ["a", "b", "c"]]
    assert model.sentence_scores(odd).tolist() == [model.sentence_score(words) for words in plain]
    assert model.sentence_scores(iter(plain)).tolist() == [model.sentence_score(words) for words in plain]
    assert model.sentence_scores([]).shape == (0,)
    assert model.sentence_scores(["a\nb"]).tolist() == [model.sentence_score(["a", "b"])]


names = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=12)


@given(words=st.lists(names, unique=True, max_size=120), data=st.data())
@settings(deadline=None, max_examples=40)
def test_numbering_equals_a_dictionary(words, data):
    table = table_of_lines("\n".join(words)) if words else table_of(np.zeros(0, np.uint8), *_none())[0]
    number = {word: place for place, word in enumerate(words)}
    pool = st.one_of(names, st.sampled_from(words)) if words else names
    lines = data.draw(st.lists(st.lists(pool, max_size=70), max_size=4))
    text = "\n".join(data.draw(st.sampled_from([" ", "\t", " \r"])).join(line) for line in lines)
    data_bytes = np.frombuffer(text.encode(), np.uint8)
    found, begin = np.empty(len(text.encode()) // 2 + 1 + len(lines), np.int32), np.empty(len(lines) + 1, np.int64)
    count = number_lines(table, data_bytes, 999, found, begin)
    wanted = [[*(number.get(word, 0) for word in line), 999] for line in lines]
    assert [found[one:other].tolist() for one, other in pairwise(begin)] == wanted
    assert count == sum(map(len, wanted))


def _none():
    return np.zeros((0, 2), np.int64), np.zeros(0, np.int32)


def test_a_word_that_stands_there_twice_is_found():
    text = np.frombuffer(b"one two one", np.uint8)
    spans = np.array([[0, 3], [4, 7], [8, 11]])
    assert table_of(text, spans, np.arange(3))[1] == 2
    assert table_of(text, spans[:2], np.arange(2))[1] == -1
