"""Our decoder beside pyctcdecode: equal in every field of every beam."""

from pathlib import Path

import numpy as np
import pytest
from harken.decoder import BeamSearchDecoderCTC, build_ctcdecoder
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_writer import write_arpa

from .ctc_matrices import LETTERS, log_softmax, render
from .ctc_peer import pyctcdecode
from .shared_data import shared

pytestmark = pytest.mark.parity
BUNDLED = Path(__file__).parent.parent / "engine" / "models" / "en" / "rescore.bin"
LABEL_SETS = {
    "letters": ["a", "b", "c", " ", ""],
    "wav2vec2": ["<pad>", "<s>", "</s>", "<unk>", "|", "a", "b", "e", "t", "h", "o", "n", "i"],
    "pieces": ["▁a", "▁th", "e", "▁the", "▁to", "t", "o", "n", "▁on", "i", "b", "bo", "ne", ""],
    "bert": ["[PAD]", "a", "the", "##e", "##t", "to", "##o", "##n", "on", "##i", "b", "##bo", "##ne"],
}
WORDS = ["a", "the", "to", "tone", "bone", "on", "in", "then", "he", "hen", "no", "not", "at", "hat", "ab", "cab", "it"]


@pytest.fixture(scope="module")
def arpa(tmp_path_factory):
    rng = np.random.default_rng(2)
    said = [" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _ in range(1000)]
    path = tmp_path_factory.mktemp("ctc") / "words.arpa"
    write_arpa(estimate(said, order=3).to_arpa(), path)
    return path


def assert_equal(ours, theirs):
    assert [beam.text for beam in ours] == [beam[0] for beam in theirs]
    assert [[[word, list(frames)] for word, frames in beam.text_frames] for beam in ours] == [b[1] for b in theirs]
    np.testing.assert_allclose([beam.logit_score for beam in ours], [beam[2] for beam in theirs], atol=1e-4)
    np.testing.assert_allclose([beam.lm_score for beam in ours], [beam[3] for beam in theirs], atol=1e-4)


@pytest.mark.parametrize("labels", LABEL_SETS.values(), ids=LABEL_SETS)
@pytest.mark.parametrize("with_model", [False, True])
def test_random_matrices(labels, with_model, arpa):
    rng = np.random.default_rng(len(labels))
    build = {"kenlm_model_path": str(arpa), "alpha": 0.7, "unk_score_offset": -6.0} if with_model else {}
    decoder = build_ctcdecoder(labels, **build)
    columns, blank = len(decoder.alphabet.labels), decoder.alphabet.labels.index("")
    matrices, calls = {}, []
    for number in range(25):
        logits = rng.normal(0, rng.choice([0.5, 2.0, 4.0]), (int(rng.integers(1, 50)), columns))
        logits[:, blank] += rng.normal(1, 3, len(logits))
        matrices[str(number)] = logits if number % 2 else log_softmax(logits)
        options = {
            "beam_width": int(rng.choice([1, 4, 20, 100])),
            "beam_prune_logp": float(rng.choice([-3.0, -10.0, -30.0])),
            "token_min_logp": float(rng.choice([-1.0, -5.0, -10.0])),
            "prune_history": bool(rng.random() < 0.5),
        }
        if rng.random() < 0.4:
            options |= {"hotwords": ["bone to", "the", "ab"], "hotword_weight": float(rng.choice([2.0, 10.0]))}
        calls.append((str(number), options))
    for (name, options), answer in zip(calls, pyctcdecode(labels, matrices, calls, build), strict=True):
        assert_equal(decoder.decode_beams(matrices[name], **options), answer["beams"])


@pytest.fixture(scope="module")
def spoken():
    lines = shared("text/common-voice-sentences.txt").read_text(encoding="utf8").lower().splitlines()
    texts = ["".join(c for c in line if c in LETTERS[1:29]) for line in lines[:12]]
    return texts, {str(i): render(t, LETTERS, 3 * len(t), i, sharp=6.0, doubt=0.6) for i, t in enumerate(texts)}


@pytest.mark.skipif(not BUNDLED.is_file(), reason="this checkout has no trained model")
def test_sentences_with_a_kenlm_binary(spoken):
    texts, matrices = spoken
    build = {"kenlm_model_path": str(BUNDLED), "unigrams": sorted({*" ".join(texts).split(), *WORDS})}
    decoder = build_ctcdecoder(LETTERS, **build)
    calls = [(name, {"beam_width": 30}) for name in matrices]
    answers = pyctcdecode(LETTERS, matrices, calls, build)
    for (name, options), answer in zip(calls, answers, strict=True):
        assert_equal(decoder.decode_beams(matrices[name], **options), answer["beams"])


def test_folders_go_both_ways(arpa, tmp_path):
    labels = LABEL_SETS["letters"]
    logits = np.random.default_rng(3).normal(0, 2, (20, 5))
    ours = build_ctcdecoder(labels, arpa, alpha=0.9)
    (tmp_path / "theirs").mkdir()
    build = {"kenlm_model_path": str(arpa), "alpha": 0.9}
    (answer,) = pyctcdecode(labels, {"x": logits}, [("x", {})], build, save=tmp_path / "theirs")
    loaded = BeamSearchDecoderCTC.load_from_dir(tmp_path / "theirs")
    assert_equal(loaded.decode_beams(logits), answer["beams"])
    ours.save_to_dir(tmp_path / "ours")
    (answer,) = pyctcdecode(labels, {"x": logits}, [("x", {})], load=tmp_path / "ours")
    assert_equal(ours.decode_beams(logits), answer["beams"])
