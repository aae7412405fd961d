import subprocess
import sys

import numpy as np
import pytest
from harken.errors import FormatError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.ngram import Ngram
from harken.tensorfile import map_arrays, save_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lm import backoff_score, sentence_scores

WORDS = ("<unk>", "<s>", "</s>", "a", "b", "c")
values = st.sampled_from([0.0, -0.25, -0.5, -1.0, -2.0])


@st.composite
def models(draw):
    """Back-off models whose contexts are listed but whose suffixes may be missing, as after pruning."""
    order = draw(st.integers(1, 4))
    tables = [(tuple,)]
    grams = [(number,) for number in range(len(WORDS))]
    tables = []
    for n in range(1, order + 1):
        count = len(grams)
        prob = draw(st.lists(values, min_size=count, max_size=count))
        backoff = draw(st.lists(values, min_size=count, max_size=count)) if n < order else [0.0] * count
        ids = np.array(grams, np.int32).reshape(count, n)
        tables.append(NgramTable(ids, np.array(prob, np.float32), np.array(backoff, np.float32)))
        longer = [(*gram, word) for gram in grams if gram[-1] != 2 for word in range(len(WORDS)) if word != 1]
        grams = sorted(draw(st.sets(st.sampled_from(longer), max_size=8))) if longer else []
    return Arpa(WORDS, tuple(tables))


@given(arpa=models(), sentence=st.lists(st.sampled_from([0, 3, 4, 5]), max_size=6))
@settings(deadline=None, max_examples=60)
def test_look_up_equals_the_naive_twin(arpa, sentence):
    model = Ngram.from_arpa(arpa)
    wanted = sentence_scores(arpa, sentence)
    state, found = model.start_state, []
    for word in [*sentence, 2]:
        score, state = model.score(state, word)
        found.append(score)
    assert found == pytest.approx(wanted, abs=1e-6)
    scores, known = model.word_scores([WORDS[word] for word in sentence])
    assert scores.tolist() == pytest.approx(wanted, abs=1e-6)
    assert known.tolist() == [word != 0 for word in [*sentence, 2]]
    assert model.sentence_score([WORDS[word] for word in sentence]) == pytest.approx(sum(wanted), abs=1e-5)


@given(arpa=models(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_states_forget_nothing_that_matters(arpa, data):
    """Histories that lead to one state have the same continuations."""
    model = Ngram.from_arpa(arpa)
    reached = {}
    for _ in range(6):
        history = [1, *data.draw(st.lists(st.sampled_from([0, 3, 4, 5]), max_size=4))]
        state = model.start_state
        for word in history[1:]:
            state = model.score(state, word)[1]
        scores = [backoff_score(arpa, history, word) for word in range(len(WORDS)) if word != 1]
        assert scores == pytest.approx(reached.setdefault(state, scores), abs=1e-6)


def small():
    return estimate(["a b c", "a b", "c a b a"], 3).to_arpa()


def test_a_saved_model_is_mapped_and_the_same(tmp_path):
    model = Ngram.from_arpa(small())
    model.save(tmp_path / "lm.ngram")
    again = Ngram.load(tmp_path / "lm.ngram")
    assert (again.words, again.start_state, again.order) == (model.words, model.start_state, 3)
    for one, other in zip(model.arrays, again.arrays, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
        assert not one.flags.writeable
        assert not other.flags.writeable
    assert again.sentence_score(["a", "x", "b"]) == model.sentence_score(["a", "x", "b"])
    assert again.word_id("b") == model.words.index("b")
    assert again.word_id("nowhere") == 0


MEANT = [place for place in range(12) if place not in (6, 10)]
"""What of the layout is checked to the last bit: one arc more or less may fit, and any order among the lengths does."""


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "lm.ngram"
    with pytest.raises(FormatError, match=r"lm\.ngram"):
        Ngram.load(path)
    save_arrays(path, {"x": np.zeros(3)})
    with pytest.raises(FormatError, match="not an n-gram model"):
        Ngram.load(path)
    Ngram.from_arpa(small()).save(path)
    named, metadata = map_arrays(path)
    for name, change in [
        ("arcs", lambda array: array[:-1]),
        ("states", lambda array: np.append(array, np.uint32(0))),
        ("word_next", lambda array: array + np.int32(1000)),
        ("word_next", lambda array: array - np.int32(1000)),
        ("word_log10", lambda array: array.astype(np.float64)),
        ("word_log10", lambda array: array + np.float32("nan")),
        ("levels", lambda array: np.append(array, np.float32(0))),
        ("text", lambda array: array[3:]),
        ("text", lambda array: array[:-2]),
        *(("layout", lambda array, place=place: array + (np.arange(len(array)) == place)) for place in MEANT),
        *(("layout", lambda array, place=place: array * (np.arange(len(array)) != place)) for place in MEANT),
    ]:
        save_arrays(path, {**named, name: change(named[name])}, metadata)
        with pytest.raises(FormatError, match="damaged"):
            Ngram.load(path)
    save_arrays(path, named, {**metadata, "start": "99"})
    with pytest.raises(FormatError, match="damaged"):
        Ngram.load(path)
    save_arrays(path, {name: array for name, array in named.items() if name != "arcs"}, metadata)
    with pytest.raises(FormatError, match="damaged"):
        Ngram.load(path)


def test_an_n_gram_without_its_context_is_refused():
    arpa = small()
    second = arpa.tables[1]
    gone = NgramTable(second.ids[:-1], second.log10_prob[:-1], second.log10_backoff[:-1])
    third = arpa.tables[2]
    assert (third.ids[:, :2] == second.ids[-1]).all(axis=1).any()
    with pytest.raises(FormatError, match="without its last word"):
        Ngram.from_arpa(Arpa(arpa.words, (arpa.tables[0], gone, third)))


def test_a_word_with_a_line_break_is_refused():
    arpa = small()
    with pytest.raises(FormatError, match="holds a line break"):
        Ngram.from_arpa(Arpa((*arpa.words[:-1], "a\nb"), arpa.tables))


def test_importing_compiles_nothing():
    code = "import sys, harken.lm.ngram.ngram, harken.lm.rescore; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd="/", check=False).returncode == 0
