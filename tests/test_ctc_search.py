"""The CTC prefix beam search against plain loops and against all alignments."""

import math

import numpy as np
import pytest
from harken.decoder.ctc.decoder import BeamSearchDecoderCTC, build_ctcdecoder
from harken.decoder.ctc.options import HotWords, PrefixOptions
from harken.decoder.ctc.prefix_search import PrefixSearch
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_writer import write_arpa
from hypothesis import given, settings
from hypothesis import strategies as st

from .ctc_matrices import LETTERS, log_softmax, text_score
from .naive_ctc import NaiveWords, all_texts, beam_search

LABELS = ["a", "b", " ", "", "c"]
SENTENCES = ["a ab cab", "ab a", "cab ab a", "a a bab", "cab c", "ab cab"] * 3
UNLIMITED = {"beam_width": 100000, "beam_prune_logp": -500.0, "token_min_logp": -500.0}


@pytest.fixture(scope="module")
def arpa(tmp_path_factory):
    path = tmp_path_factory.mktemp("ctc") / "words.arpa"
    write_arpa(estimate(SENTENCES, order=3).to_arpa(), path)
    return path


def naive_words(decoder: BeamSearchDecoderCTC) -> NaiveWords:
    model = decoder.language_model
    source = model.source
    weights = model.alpha, model.beta, model.unk_score_offset, model.score_boundary
    return NaiveWords(source.score, source.end, model.start(), set(model.unigrams), model.order, *weights)


def scores_of(rng, frames, labels, spread):
    return log_softmax(rng.normal(0, spread, (frames, labels)))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    frames=st.integers(1, 14),
    spread=st.sampled_from([0.5, 2.0, 5.0]),
    width=st.integers(1, 30),
    prune=st.sampled_from([-2.0, -10.0, -40.0]),
    token_min=st.sampled_from([-1.0, -5.0, -40.0]),
    prune_history=st.booleans(),
    wide=st.booleans(),
    with_model=st.booleans(),
    hot=st.sampled_from([(), ("ab",), ("cab", "ca", "b"), ("zz",)]),
    hot_weight=st.sampled_from([1.0, 10.0]),
)
def test_equals_the_plain_search(
    arpa, seed, frames, spread, width, prune, token_min, prune_history, wide, with_model, hot, hot_weight
):
    scores = scores_of(np.random.default_rng(seed), frames, len(LABELS), spread)
    decoder = build_ctcdecoder(LABELS, arpa if with_model else None, wide=wide)
    model = naive_words(decoder) if with_model else None
    wanted = beam_search(scores, LABELS, model, hot, hot_weight, width, prune, token_min, prune_history, not wide)
    found = decoder.decode_beams(scores, width, prune, token_min, prune_history, hot, hot_weight)
    assert [beam.text for beam in found] == [text for text, _, _ in wanted]
    tolerance = 1e-5 if with_model else 1e-9  # a look-up that is not compiled adds up float32
    np.testing.assert_allclose([beam.logit_score for beam in found], [score for _, score, _ in wanted], atol=tolerance)
    np.testing.assert_allclose([beam.lm_score for beam in found], [fused for *_, fused in wanted], atol=tolerance)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_an_unlimited_beam_sums_all_alignments(seed, frames):
    scores = scores_of(np.random.default_rng(seed), frames, 4, 1.0)
    labels = ["a", " ", "b", ""]
    wanted = all_texts(scores, labels)
    found = build_ctcdecoder(labels).decode_beams(scores, **UNLIMITED)
    assert {beam.text for beam in found} == set(wanted)
    for beam in found:
        assert math.isclose(beam.logit_score, wanted[beam.text], abs_tol=1e-9)
        assert math.isclose(text_score(scores, labels, beam.text), wanted[beam.text], abs_tol=1e-9)
    assert math.isclose(math.fsum(math.exp(beam.logit_score) for beam in found), 1.0, abs_tol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_pieces_that_spell_the_same_are_one_text(seed, frames):
    labels = ["▁a", "b", "ab", "▁ab", ""]
    scores = scores_of(np.random.default_rng(seed), frames, len(labels), 1.0)
    spelled = [" a", "b", "ab", " ab", ""]
    wanted: dict[str, float] = {}
    for columns in np.ndindex(*[len(labels)] * frames):
        said = [column for place, column in enumerate(columns) if place == 0 or columns[place - 1] != column]
        text = "".join(spelled[column] for column in said).strip()
        wanted[text] = np.logaddexp(wanted.get(text, -np.inf), sum(scores[row, c] for row, c in enumerate(columns)))
    found = build_ctcdecoder(labels).decode_beams(scores, **UNLIMITED)
    assert {beam.text for beam in found} == set(wanted)
    for beam in found:
        assert math.isclose(beam.logit_score, wanted[beam.text], abs_tol=1e-9)


def test_an_unknown_piece_is_a_word_of_its_own():
    labels = ["▁a", "b", "<unk>", ""]
    scores = np.log(np.full((4, 4), 0.01))
    scores[[0, 1, 2, 3], [0, 2, 1, 1]] = np.log(0.97)
    (beam, *_) = build_ctcdecoder(labels, wide=True).decode_beams(scores)
    assert beam.text == "a ⁇ b"
    assert beam.text_frames == [("a", (0, 1)), ("⁇", (1, 2)), ("b", (2, 4))]


def search(scores, portions, **options):
    alphabet = build_ctcdecoder(LABELS).alphabet
    found = PrefixSearch(alphabet, None, PrefixOptions(**options), HotWords.from_phrases(["ab"], 3.0))
    for portion in np.split(scores, portions):
        found.advance(portion)
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 25), max_size=4).map(sorted))
def test_portions_make_no_difference(seed, portions):
    scores = scores_of(np.random.default_rng(seed), 25, len(LABELS), 2.0)
    whole, parts = search(scores, [], beam_width=7), search(scores, portions, beam_width=7)
    assert whole.endings() == parts.endings()


def test_a_full_store_is_cleared_of_what_is_dead():
    scores = scores_of(np.random.default_rng(5), 400, len(LABELS), 1.0)
    whole, tight = search(scores, [], beam_width=4), search(scores[:1], [], beam_width=4)
    tight._store = type(tight._store)(*(array[:20].copy() for array in tight._store))
    tight.advance(scores[1:])
    assert len(tight._store.parents) < 4 * 400
    assert tight.endings() == whole.endings()


def test_memory_follows_the_text_not_the_frames():
    logits = np.random.default_rng(6).normal(0, 1, (300, len(LABELS)))
    logits[:, LABELS.index("")] += 3.0
    found = search(log_softmax(logits[:1]), [], beam_width=5)
    found._store = type(found._store)(*(array[:20].copy() for array in found._store))
    sizes = []
    for _ in range(4):
        found.advance(log_softmax(logits))
        sizes.append((len(found._store.parents), len(found.endings()[0].text)))
    assert sizes[-1][1] > 3 * sizes[0][1]
    for size, length in sizes:
        assert size <= 10 * (length + 20)


@pytest.mark.parametrize("weight", [700.0, 2000.0, 1e5, -1e4])
def test_enormous_weights(weight):
    scores = np.log(
        np.array([[0.6, 0.3, 0.05, 0.05], [0.1, 0.1, 0.7, 0.1], [0.1, 0.6, 0.2, 0.1], [0.1, 0.1, 0.7, 0.1]])
    )
    labels = ["a", "b", " ", ""]
    decoder = build_ctcdecoder(labels)
    found = decoder.decode_beams(scores, hotwords=["b", "ab"], hotword_weight=weight)
    wanted = beam_search(scores, labels, None, ("b", "ab"), weight)
    assert [beam.text for beam in found] == [text for text, _, _ in wanted]
    np.testing.assert_allclose([beam.lm_score for beam in found], [fused for *_, fused in wanted], rtol=1e-9)


def test_words_come_with_their_frames():
    labels = ["a", "b", " ", ""]
    path = [3, 0, 0, 3, 1, 3, 2, 3, 3, 1, 1, 3]
    scores = np.full((len(path), 4), np.log(0.001))
    scores[np.arange(len(path)), path] = np.log(0.997)
    (beam, *_) = build_ctcdecoder(labels).decode_beams(scores)
    assert beam.text_frames == [("ab", (1, 5)), ("b", (9, 11))]


def test_a_long_matrix_is_read_whole():
    text = "the quick brown fox jumps over the lazy dog " * 3
    path = [column for character in text.strip() for column in (LETTERS.index(character), 0)]
    scores = np.full((len(path), len(LETTERS)), np.log(0.001))
    scores[np.arange(len(path)), path] = np.log(0.969)
    assert build_ctcdecoder(LETTERS).decode(scores, beam_width=5) == text.strip()
