"""Language models in the CTC search: ARPA in memory, KenLM, models of labels, states that go on."""

import math
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.ctc.decoder import BeamSearchDecoderCTC, build_ctcdecoder
from harken.decoder.ctc.language_model import LanguageModel
from harken.decoder.ctc.ngram_source import KenlmSource, MemorySource, open_source
from harken.errors import FormatError, OptionsError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.ngram.arpa_writer import write_arpa
from harken.lm.ngram.ngram import Ngram

from .ctc_matrices import LETTERS, log_softmax, render
from .naive_ctc import forward_score

LABELS = ["a", "b", " ", "", "c"]
SENTENCES = ["a ab cab", "ab a", "cab ab a", "a a bab", "cab c", "ab cab"] * 3
BUNDLED = Path(__file__).parent.parent / "engine" / "models" / "en" / "rescore.bin"


@pytest.fixture(scope="module")
def arpa(tmp_path_factory):
    path = tmp_path_factory.mktemp("ctc") / "words.arpa"
    write_arpa(estimate(SENTENCES, order=3).to_arpa(), path)
    return path


def matrices(count, frames, seed=0):
    rng = np.random.default_rng(seed)
    return [log_softmax(rng.normal(0, 2, (frames, len(LABELS)))) for _ in range(count)]


def assert_same(ours, others):
    assert [beam.text for beam in ours] == [beam.text for beam in others]
    for one, other in zip(ours, others, strict=True):
        assert one.text_frames == other.text_frames
        assert math.isclose(one.logit_score, other.logit_score, abs_tol=1e-5)
        assert math.isclose(one.lm_score, other.lm_score, abs_tol=1e-4)


@pytest.mark.parametrize("unigrams", [None, ["a", "cab", "nowhere"]])
def test_kenlm_gives_what_the_model_in_memory_gives(arpa, unigrams):
    in_memory = build_ctcdecoder(LABELS, arpa, unigrams)
    known = unigrams or open_source(arpa).words()
    kenlm = BeamSearchDecoderCTC(LABELS, LanguageModel(KenlmSource(arpa), known))
    for scores in matrices(6, 12):
        assert_same(in_memory.decode_beams(scores, 20), kenlm.decode_beams(scores, 20))
        options = {"beam_width": 20, "hotwords": ["bab"], "prune_history": True}
        assert_same(in_memory.decode_beams(scores, **options), kenlm.decode_beams(scores, **options))


def test_our_own_file_and_a_compressed_one(arpa, tmp_path):
    Ngram.from_arpa(read_arpa(arpa)).save(tmp_path / "words.ngram")
    write_arpa(read_arpa(arpa), tmp_path / "words.arpa.gz")
    (scores,) = matrices(1, 12)
    wanted = build_ctcdecoder(LABELS, arpa).decode_beams(scores)
    for name in ("words.ngram", "words.arpa.gz"):
        assert_same(build_ctcdecoder(LABELS, str(tmp_path / name)).decode_beams(scores), wanted)


@pytest.mark.skipif(not BUNDLED.is_file(), reason="this checkout has no trained model")
def test_a_kenlm_binary_corrects_the_letters():
    text = "i do not know what you want to do with them"
    scores = render(text, LETTERS, 4 * len(text), 3, sharp=6.0, noise=1.0, doubt=0.3)
    plain = build_ctcdecoder(LETTERS)
    helped = build_ctcdecoder(LETTERS, BUNDLED, unigrams=text.split())
    assert plain.decode(scores, 10) != text
    assert helped.decode(scores, 10) == text


def test_weights_can_be_reset(arpa):
    (scores,) = matrices(1, 12, seed=3)
    decoder = build_ctcdecoder(LABELS, arpa)
    decoder.reset_params(alpha=1.5, beta=0.5, unk_score_offset=-4.0, lm_score_boundary=False)
    wanted = build_ctcdecoder(LABELS, arpa, None, 1.5, 0.5, -4.0, False)
    assert_same(decoder.decode_beams(scores), wanted.decode_beams(scores))
    build_ctcdecoder(LABELS).reset_params(alpha=1.0)
    for wrong in ({"alpha": float("nan")}, {"beta": "1"}, {"lm_score_boundary": 2}):
        with pytest.raises(OptionsError):
            decoder.reset_params(**wrong)


@pytest.mark.parametrize("kind", [MemorySource, KenlmSource])
def test_a_state_goes_on_where_a_beam_ended(arpa, kind):
    source = open_source(arpa) if kind is MemorySource else KenlmSource(arpa)
    model = LanguageModel(source, ["a", "ab", "cab"], score_boundary=False)
    decoder = BeamSearchDecoderCTC(LABELS, model)
    scores = np.log(np.full((3, 5), 0.001))
    scores[[0, 1, 2], [0, 2, 0]] = np.log(0.996)  # a a
    (first, *_) = decoder.decode_beams(scores)
    assert first.text == "a a"
    (then, *_) = decoder.decode_beams(scores, lm_start_state=first.last_lm_state)
    state = model.start()
    bonus = [0.0]
    for word in ["a"] * 4:
        gain, state = model.score(state, word)
        bonus.append(bonus[-1] + gain)
    assert math.isclose(first.lm_score - first.logit_score, bonus[2], abs_tol=1e-5)
    assert math.isclose(then.lm_score - then.logit_score, bonus[4] - bonus[2], abs_tol=1e-5)
    for wrong in ("x", -1, 10**9, 1.5):
        with pytest.raises(OptionsError, match="lm_start_state"):
            decoder.decode_beams(scores, lm_start_state=wrong)


@pytest.mark.parametrize("kind", [MemorySource, KenlmSource])
def test_a_model_of_characters(tmp_path, kind):
    path = tmp_path / "letters.arpa"
    write_arpa(estimate(["a b b", "a b c", "c b a a", "b b"] * 4, order=3).to_arpa(), path)
    source = open_source(path) if kind is MemorySource else KenlmSource(path)
    model = LanguageModel(source, alpha=0.7, beta=0.3, unit="label")
    labels = ["a", "b", "c", "", "d"]
    decoder = BeamSearchDecoderCTC(labels, model)
    rng = np.random.default_rng(1)
    for _ in range(3):
        scores = log_softmax(rng.normal(0, 1, (5, 5)))
        found = decoder.decode_beams(scores, 10000, -500.0, -500.0)
        assert len(found) > 100
        for beam in found:
            state, bonus = model.start(), 0.0
            for character in beam.text:
                log10, state = source.score(state, character)
                log10 += -10.0 * (character == "d")
                bonus += 0.7 * math.log(10) * log10 + 0.3
            bonus += 0.7 * math.log(10) * source.end(state)
            assert math.isclose(beam.logit_score, forward_score(scores, labels, beam.text), abs_tol=1e-9)
            assert math.isclose(beam.lm_score, beam.logit_score + bonus, abs_tol=1e-6)
        assert [beam.lm_score for beam in found] == sorted((beam.lm_score for beam in found), reverse=True)


def test_a_model_of_characters_knows_spaces(tmp_path):
    path = tmp_path / "letters.arpa"
    write_arpa(estimate(["a b | b", "a | b c", "c b a | a", "b b"] * 4, order=2).to_arpa(), path)
    decoder = build_ctcdecoder(LABELS, path, lm_unit="label")
    scores = np.log(np.full((4, 5), 0.01))
    scores[[0, 1, 2, 3], [0, 2, 3, 1]] = np.log(0.96)
    (beam, *_) = decoder.decode_beams(scores)
    model = decoder.language_model
    state, bonus = model.start(), 0.0
    for character in "a|b":
        gain, state = model.score(state, character)
        bonus += gain
    assert beam.text == "a b"
    assert math.isclose(beam.lm_score, beam.logit_score + bonus + model.end_score(state), abs_tol=1e-5)
    decoder.reset_params(beta=0.0)
    (plain, *_) = decoder.decode_beams(scores)
    assert math.isclose(plain.lm_score - plain.logit_score, beam.lm_score - beam.logit_score - 4.5, abs_tol=1e-9)


def test_refused_models(arpa, tmp_path):
    (tmp_path / "broken.arpa").write_bytes(arpa.read_bytes()[:200])
    (tmp_path / "broken.bin").write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0 and nothing")
    for path in (tmp_path / "broken.arpa", tmp_path / "broken.bin", tmp_path / "missing.bin"):
        with pytest.raises(FormatError, match=path.name):
            build_ctcdecoder(LABELS, path)
    with pytest.raises(OptionsError, match="lm_unit"):
        build_ctcdecoder(LABELS, arpa, lm_unit="sentence")
    with pytest.raises(OptionsError, match="labels"):
        build_ctcdecoder(["x", "y", " ", ""], arpa, lm_unit="label").decode(np.zeros((2, 4)))
