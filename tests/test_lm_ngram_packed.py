import numpy as np
import pytest
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.ngram import Ngram
from harken.lm.ngram.quantise import codes_for, levels_for
from harken.tensorfile import map_arrays, save_arrays
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .naive_lm import backoff_score, sentence_scores
from .test_lm_ngram import WORDS, models, small

bits = st.integers(1, 10)


def same_arpa(one, other):
    assert one.words == other.words
    assert one.counts == other.counts
    for table, again in zip(one.tables, other.tables, strict=True):
        for name in ("ids", "log10_prob", "log10_backoff"):
            np.testing.assert_array_equal(getattr(table, name), getattr(again, name))
            assert getattr(table, name).dtype == getattr(again, name).dtype


@given(arpa=models())
@settings(deadline=None, max_examples=40)
def test_the_n_grams_come_back_as_they_were(arpa):
    same_arpa(Ngram.from_arpa(arpa).to_arpa(), arpa)


@given(arpa=models(), bits=bits, sentence=st.lists(st.sampled_from([0, 3, 4, 5]), max_size=6))
@settings(deadline=None, max_examples=40)
def test_a_quantised_model_scores_as_its_own_arpa(arpa, bits, sentence):
    model = Ngram.from_arpa(arpa, quantised=bits)
    assert model.quantised == bits
    coarse = model.to_arpa()
    assert coarse.counts == arpa.counts
    for ours, theirs in zip(coarse.tables, arpa.tables, strict=True):
        np.testing.assert_array_equal(ours.ids, theirs.ids)
    np.testing.assert_array_equal(coarse.tables[0].log10_prob, arpa.tables[0].log10_prob)
    scores, _ = model.word_scores([WORDS[word] for word in sentence])
    assert scores.tolist() == pytest.approx(sentence_scores(coarse, sentence), abs=1e-6)


@given(arpa=models())
@settings(deadline=None, max_examples=30)
def test_enough_bits_lose_nothing(arpa):
    same_arpa(Ngram.from_arpa(arpa, quantised=4).to_arpa(), arpa)  # the models have five values each


@example(values=[-2.0, -3.0, -2.5283542828297523e-27], bits=1)
@given(
    values=st.lists(st.floats(-9, 2, width=32), min_size=1, max_size=60),
    bits=st.integers(1, 5),
)
def test_levels_lie_among_their_numbers_and_codes_name_the_nearest(values, bits):
    numbers = np.array(values, np.float32)
    levels = levels_for(numbers, bits)
    assert 1 <= len(levels) <= 1 << bits
    assert (np.diff(levels) > 0).all()
    assert levels[0] >= numbers.min()
    assert levels[-1] <= numbers.max()
    if len(np.unique(numbers)) <= 1 << bits:
        np.testing.assert_array_equal(np.unique(numbers), levels)
    codes = codes_for(numbers, levels)
    for number, code in zip(numbers.astype(np.float64), codes, strict=True):
        distances = np.abs(levels.astype(np.float64) - number)
        assert distances[code] == distances.min()
        assert number != 0 or levels[code] == 0


def test_more_levels_lose_less_than_bins_do():
    numbers = -np.random.default_rng(5).gamma(2.0, 1.0, 20_000).astype(np.float32)
    losses = []
    for bits in (4, 6, 8):
        levels = levels_for(numbers, bits)
        losses.append(float(((levels[codes_for(numbers, levels)] - numbers) ** 2).mean()))
    bins = np.concatenate([np.full(len(part), part.mean()) for part in np.array_split(np.sort(numbers), 256)])
    assert losses[0] > 8 * losses[1] > 64 * losses[2]
    assert losses[2] < float(((bins - np.sort(numbers)) ** 2).mean()) / 2


def test_a_quantised_file_is_smaller_and_maps_to_the_same_model(tmp_path):
    text = [" ".join(f"w{(7 * i + j * j) % 61}" for j in range(9)) for i in range(200)]
    model = Ngram.from_arpa(estimate(text, 3).to_arpa())
    model.save(tmp_path / "plain.ngram")
    model.save(tmp_path / "coarse.ngram", quantised=8)
    plain, coarse = Ngram.load(tmp_path / "plain.ngram"), Ngram.load(tmp_path / "coarse.ngram")
    assert (plain.quantised, coarse.quantised) == (None, 8)
    assert coarse.arrays.arcs.nbytes < 0.6 * plain.arrays.arcs.nbytes
    same_arpa(plain.to_arpa(), model.to_arpa())
    same_arpa(coarse.to_arpa(), model.quantise(8).to_arpa())
    again = tmp_path / "again.ngram"
    coarse.save(again, quantised=8)
    assert again.read_bytes() == (tmp_path / "coarse.ngram").read_bytes()
    for sentence in text[:9]:
        exact = model.sentence_score(sentence.split())
        assert plain.sentence_score(sentence.split()) == exact
        assert coarse.sentence_score(sentence.split()) == pytest.approx(exact, abs=0.1)
    with pytest.raises(OptionsError, match="1 to 16 bits, not 17"):
        model.save(tmp_path / "no.ngram", quantised=17)
    assert not (tmp_path / "no.ngram").exists()


@given(arpa=models(), quantised=st.sampled_from([None, 8]), data=st.data())
@settings(deadline=None, max_examples=40)
def test_words_added_are_unigrams(arpa, quantised, data):
    before = Ngram.from_arpa(arpa, quantised=quantised)
    more = [f"new{number}" for number in range(data.draw(st.integers(0, 12)))]
    after = before.with_words({"a": -9.0, **{word: -1.0 - place for place, word in enumerate(more)}})
    assert after.words == (*WORDS, *more)
    wider = after.to_arpa()
    old = before.to_arpa()
    assert wider.counts == (len(WORDS) + len(more), *arpa.counts[1:])
    np.testing.assert_array_equal(wider.tables[0].log10_prob[: len(WORDS)], old.tables[0].log10_prob)
    assert wider.tables[0].log10_prob[len(WORDS) :].tolist() == [-1.0 - place for place in range(len(more))]
    sentence = data.draw(st.lists(st.sampled_from(range(3, len(after.words))), max_size=6))
    scores, known = after.word_scores([after.words[word] for word in sentence])
    assert scores.tolist() == pytest.approx(sentence_scores(wider, sentence), abs=1e-6)
    assert known.all()
    for place, word in enumerate(more):
        history = [1, *sentence[:2]]
        state = after.start_state
        for one in history[1:]:
            state = after.score(state, one)[1]
        wanted = backoff_score(wider, history, len(WORDS) + place)
        assert after.score(state, after.word_id(word)) == (pytest.approx(wanted, abs=1e-6), 0)
    assert before.words == WORDS


def test_words_added_survive_saving(tmp_path):
    model = Ngram.from_arpa(small()).with_words({"zebra": -4.0, "ὕδωρ": -5.0})
    model.save(tmp_path / "a.ngram")
    again = Ngram.load(tmp_path / "a.ngram").with_words({"yak": -3.0})
    assert again.words == (*small().words, "zebra", "ὕδωρ", "yak")
    assert again.to_arpa().tables[0].log10_prob[-3:].tolist() == [-4.0, -5.0, -3.0]
    same_arpa(Ngram.from_arpa(again.to_arpa()).to_arpa(), again.to_arpa())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"new": 0.5}, "'new' is 0.5; give a number from -100 to 0"),
        ({"new": float("nan")}, "is nan"),
        ({"new": float("-inf")}, "is -inf"),
        ({"two words": -3.0}, "'two words' is no word"),
        ({"": -3.0}, "'' is no word"),
        ({"line\n": -3.0}, "is no word"),
    ],
)
def test_words_that_cannot_be_added_are_refused(words, message):
    with pytest.raises(OptionsError, match=message):
        Ngram.from_arpa(small()).with_words(words)


def test_states_and_words_of_no_model_are_refused():
    model = Ngram.from_arpa(small())
    for state, word in [(-1, 3), (model.states, 3), (0, -1), (0, len(model.words))]:
        with pytest.raises(OptionsError, match="no state"):
            model.score(state, word)


def test_tables_out_of_order_are_refused():
    arpa = small()
    second = arpa.tables[1]
    for rows in (slice(None, None, -1), [0, *range(len(second.ids))]):
        table = NgramTable(second.ids[rows], second.log10_prob[rows], second.log10_backoff[rows])
        with pytest.raises(FormatError, match="2-grams are not sorted, or repeat one"):
            Ngram.from_arpa(Arpa(arpa.words, (arpa.tables[0], table, arpa.tables[2])))


@given(data=st.data(), quantised=st.sampled_from([None, 3]))
@settings(deadline=None, max_examples=60)
def test_damaged_records_lead_no_look_up_astray(tmp_path_factory, data, quantised):
    path = tmp_path_factory.mktemp("ngram") / "a.ngram"
    Ngram.from_arpa(small(), quantised).save(path)
    named, metadata = map_arrays(path)
    spoilt = {name: np.array(array) for name, array in named.items()}
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(["arcs", "states"]))
        place = data.draw(st.integers(0, len(spoilt[name]) - 1))
        spoilt[name][place] = data.draw(st.integers(0, 2**32 - 1))
    path.unlink()
    save_arrays(path, spoilt, metadata)
    model = Ngram.load(path)
    for state in range(model.states):
        for word in range(len(model.words)):
            score, following = model.score(state, word)
            assert np.isfinite(score)
            assert 0 <= following < model.states
    plain = model.automaton()
    assert plain.begin[0] == 0
    assert (np.diff(plain.begin) >= 0).all()
    assert plain.begin[-1] == len(plain.words) == len(plain.next_state)
    assert ((plain.words >= 0) & (plain.words < len(model.words))).all()
    assert ((plain.next_state >= 0) & (plain.next_state < model.states)).all()
    assert (plain.backoff_state[1:] < np.arange(1, model.states)).all()
