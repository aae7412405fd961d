"""The decoder as users call it: what goes in, what is refused, folders, pools."""

import json
import multiprocessing
import warnings

import numpy as np
import pytest
from harken.decoder import BeamSearchDecoderCTC, build_ctcdecoder
from harken.errors import FormatError, OptionsError, ScoresError
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_writer import write_arpa

from .ctc_matrices import log_softmax

LABELS = ["a", "b", " ", "", "c"]


@pytest.fixture(scope="module")
def arpa(tmp_path_factory):
    path = tmp_path_factory.mktemp("ctc") / "words.arpa"
    write_arpa(estimate(["a ab cab", "ab a", "cab ab a"] * 3, order=2).to_arpa(), path)
    return path


@pytest.fixture
def logits():
    return np.random.default_rng(4).normal(0, 3, (10, 5))


def test_logits_log_probabilities_and_probabilities_are_one(logits):
    decoder = build_ctcdecoder(LABELS)
    wanted = decoder.decode_beams(logits)
    forms = [log_softmax(logits), np.exp(log_softmax(logits)), (logits + 7), logits.tolist()]
    forms += [form.astype(np.float32) for form in map(np.asarray, forms)]
    for form in forms:
        found = decoder.decode_beams(form)
        assert [beam.text for beam in found] == [beam.text for beam in wanted]
        np.testing.assert_allclose([beam.lm_score for beam in found], [beam.lm_score for beam in wanted], atol=1e-4)


def test_beams_are_pyctcdecodes_tuples(logits, arpa):
    text, state, frames, logit_score, lm_score = build_ctcdecoder(LABELS, str(arpa)).decode_beams(logits)[0]
    assert text.split() == [word for word, _ in frames]
    assert all(0 <= start < end <= len(logits) for _, (start, end) in frames)
    assert isinstance(state, int)
    assert logit_score < 0
    assert lm_score != logit_score
    plain = build_ctcdecoder(LABELS).decode_beams(logits)[0]
    assert plain.last_lm_state is None
    assert plain.lm_score == plain.logit_score


def test_no_frames_give_an_empty_text(arpa):
    assert build_ctcdecoder(LABELS).decode(np.zeros((0, 5))) == ""
    assert build_ctcdecoder(LABELS, arpa).decode_beams(np.zeros((0, 5)))[0].text_frames == []


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        (np.zeros(5), "1 dimension"),
        (np.zeros((2, 3, 5)), "3 dimension"),
        (np.zeros((3, 4)), "4 columns, but there are 5 labels"),
        (np.zeros((3, 5), np.complex128), "complex"),
        (np.where(np.arange(15).reshape(3, 5) == 7, np.nan, 0.0), "NaN in frame 1"),
        (np.where(np.arange(15).reshape(3, 5) == 12, np.inf, 0.0), "infinity in frame 2"),
        (np.full((3, 5), -np.inf), "no finite score in frame 0"),
    ],
)
def test_refused_scores(scores, says):
    with pytest.raises(ScoresError, match=says):
        build_ctcdecoder(LABELS).decode(scores)


def test_impossible_labels_are_allowed():
    scores = np.full((2, 5), -np.inf)
    scores[:, 0] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build_ctcdecoder(LABELS).decode(scores) == "a"


@pytest.mark.parametrize(
    "options",
    [
        {"beam_width": 0},
        {"beam_width": 2.5},
        {"beam_prune_logp": 1.0},
        {"token_min_logp": float("nan")},
        {"hotwords": "one"},
        {"hotwords": ["a"], "hotword_weight": float("inf")},
    ],
)
def test_refused_options(options, logits):
    with pytest.raises(OptionsError, match=next(reversed(options))):
        build_ctcdecoder(LABELS).decode(logits, **options)


def test_a_hot_word_wins():
    scores = np.log(np.array([[0.5, 0.4, 0.05, 0.03, 0.02], [0.02, 0.02, 0.02, 0.92, 0.02]]))
    decoder = build_ctcdecoder(LABELS)
    assert decoder.decode(scores) == "a"
    assert decoder.decode(scores, hotwords=["b"], hotword_weight=1.0) == "b"


def test_a_folder_keeps_the_decoder(arpa, logits, tmp_path):
    plain, fused = build_ctcdecoder(LABELS), build_ctcdecoder(LABELS, arpa, alpha=0.7, unk_score_offset=-6.0)
    for decoder in (fused, plain, fused):  # into the same folder: the model goes and comes back
        decoder.save_to_dir(tmp_path / "kept")
        assert BeamSearchDecoderCTC.load_from_dir(str(tmp_path / "kept")).decode_beams(logits) == decoder.decode_beams(
            logits
        )
    letters = tmp_path / "letters.arpa"
    write_arpa(estimate(["a b | b", "a | b c"] * 4, order=2).to_arpa(), letters)
    decoder = build_ctcdecoder(LABELS, letters, lm_unit="label")
    decoder.save_to_dir(tmp_path / "labels")
    assert BeamSearchDecoderCTC.load_from_dir(tmp_path / "labels").decode_beams(logits) == decoder.decode_beams(logits)


def test_broken_folders(arpa, tmp_path):
    with pytest.raises(FormatError, match=r"alphabet\.json"):
        BeamSearchDecoderCTC.load_from_dir(tmp_path)
    build_ctcdecoder(LABELS, arpa).save_to_dir(tmp_path)
    place = tmp_path / "language_model"
    for name, content in (("attrs.json", "{}"), ("attrs.json", "{"), ("attrs.json", json.dumps({"alpha": 1.0}))):
        kept = (place / name).read_text()
        (place / name).write_text(content)
        with pytest.raises(FormatError, match=r"attrs\.json"):
            BeamSearchDecoderCTC.load_from_dir(tmp_path)
        (place / name).write_text(kept)
    (place / "second.bin").write_bytes(b"")
    with pytest.raises(FormatError, match="2 language models"):
        BeamSearchDecoderCTC.load_from_dir(tmp_path)
    (tmp_path / "alphabet.json").write_text("[]")
    with pytest.raises(FormatError, match=r"alphabet\.json"):
        BeamSearchDecoderCTC.load_from_dir(tmp_path)


def test_batches(arpa, logits):
    decoder = build_ctcdecoder(LABELS, arpa)
    several = [logits, logits[:4], logits[::-1].copy()]
    assert decoder.decode_batch(None, several, hotwords=iter(["ab"])) == [
        decoder.decode(scores, hotwords=["ab"]) for scores in several
    ]
    (first, *_) = decoder.decode_beams_batch(None, several, beam_width=3)
    beam = decoder.decode_beams(logits, beam_width=3)[0]
    assert first[0] == (beam.text, beam.text_frames, beam.logit_score, beam.lm_score)
    with pytest.raises(OptionsError, match="pool"):
        decoder.decode_batch(3, several)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_pool_gives_the_same(arpa, logits):
    decoder = build_ctcdecoder(LABELS, arpa)
    several = [logits, logits[:4]]
    wanted = decoder.decode_batch(None, several), decoder.decode_beams_batch(None, several)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert decoder.decode_batch(pool, several) == wanted[0]
        assert decoder.decode_beams_batch(pool, several) == wanted[1]
        with pytest.raises(OptionsError, match="pool"):
            build_ctcdecoder(LABELS).decode_batch(pool, several)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert decoder.decode_batch(pool, several) == wanted[0]
