"""CTC prefix beam search beside its peers, one thread: ``pytest bench/bench_ctc.py -s``.

flashlight-text and fast-ctc-decode run in this process; pyctcdecode needs NumPy 1, so it runs in the interpreter that
$HARKEN_PYCTCDECODE names, with a clock of its own, and is left out where that is not set. All follow the same labels in
a frame: those with a log-probability of at least -5 (for flashlight, which prunes by rank, the others are masked and
the rank is the largest number that is left). Peers get their input in their own form outside the timer.

The score of an answer is the log-probability of its text, spaces taken together: the sum over all alignments.
``decode`` prunes by history, as pyctcdecode's does, and ``decode_beams`` does not.
"""

import itertools
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from harken import Recognizer
from harken.decoder import build_ctcdecoder
from harken.engine.evaluate import read_manifest
from harken.lm.text.normalizer import normalize

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from ctc_matrices import LETTERS, log_softmax, phone_labels, phone_model, real_matrix, render, text_score
from ctc_peer import pyctcdecode
from shared_data import shared

ROUNDS = 5
WIDTH, TOKEN_MIN = 100, -5.0
BAR = 0.5
CLIPS = 100


def seconds(function, *arguments, **options):
    """Return the processor time that a call takes, and its answer: other processes do not count."""
    start = time.thread_time()
    answer = function(*arguments, **options)
    return time.thread_time() - start, answer


def sentences(count):
    lines = shared("text/common-voice-sentences.txt").read_text(encoding="utf8").splitlines()
    return [normalize(line) for line in itertools.islice(lines, count)]


def matrix(kind):
    """Return log-probabilities (1500, 32): 30 s at 50 frames a second of clear speech, doubtful speech or noise."""
    if kind == "noise":
        return log_softmax(np.random.default_rng(0).normal(0, 1, (1500, 32))).astype(np.float32)
    text = " ".join(sentences(60))[:450]
    return render(text, LETTERS, 1500, 1, *((8.0, 1.5) if kind == "clear" else (6.0, 2.0, 0.8)))


def flashlight(scores, log_add):
    decoder = pytest.importorskip("flashlight.lib.text.decoder")
    followed = scores >= TOKEN_MIN
    masked = np.where(followed, scores, np.float32(-1e30))
    options = decoder.LexiconFreeDecoderOptions(
        beam_size=WIDTH,
        beam_size_token=int(followed.sum(axis=1).max()),
        beam_threshold=10.0,
        lm_weight=0.0,
        sil_score=0.0,
        log_add=log_add,
        criterion_type=decoder.CriterionType.CTC,
    )
    search = decoder.LexiconFreeDecoder(options, decoder.ZeroLM(), 1, 0, [])

    def decode():
        return search.decode(masked.ctypes.data, *masked.shape)

    def text(answer):
        return "".join(LETTERS[label] for label, _ in itertools.groupby(answer[0].tokens[1:-1]))

    return decode, text


def fast(scores):
    module = pytest.importorskip("fast_ctc_decode")
    probs = np.exp(scores)

    def decode():
        return module.beam_search(probs, LETTERS, beam_size=WIDTH, beam_cut_threshold=float(np.exp(TOKEN_MIN)))

    return decode, lambda answer: answer[0]


@pytest.mark.parametrize("kind", ["clear", "doubtful", "noise"])
def test_speed(kind):
    scores = matrix(kind)
    decoder, wide = build_ctcdecoder(LETTERS), build_ctcdecoder(LETTERS, wide=True)
    decoder.decode(scores)
    peers = {
        "flashlight-text": flashlight(scores, False),
        "flashlight-text, sums": flashlight(scores, True),
        "fast-ctc-decode": fast(scores),
    }
    ours = {
        "decode": lambda: decoder.decode(scores),
        "decode_beams": lambda: decoder.decode_beams(scores)[0].text,
        "decode, wide": lambda: wide.decode(scores),
        "decode_beams, wide": lambda: wide.decode_beams(scores)[0].text,
    }
    texts = dict.fromkeys(ours, str)
    texts |= {name: text for name, (_, text) in peers.items()}
    calls = ours | {name: decode for name, (decode, _) in peers.items()}
    taken, answers = {name: [] for name in calls}, {}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            used, answers[name] = seconds(call)
            taken[name].append(used)
    said = {name: texts[name](answer) for name, answer in answers.items()}
    if os.environ.get("HARKEN_PYCTCDECODE"):
        (answer,) = pyctcdecode(LETTERS, {"x": scores}, [("x", {"token_min_logp": TOKEN_MIN})])
        taken["pyctcdecode"], said["pyctcdecode"] = [answer["seconds"]], answer["beams"][0][0]
    middle = {name: statistics.median(used) for name, used in taken.items()}
    found = {name: text_score(scores, LETTERS, " ".join(text.split())) for name, text in said.items()}
    theirs = [name for name in taken if name not in ours]
    fastest = min(theirs, key=lambda name: middle[name])
    print(f"\n(1500, 32), {kind}: {(scores >= TOKEN_MIN).sum(axis=1).mean():.1f} labels a frame, beam {WIDTH}")
    for name, used in middle.items():
        print(f"  {name:22} {1000 * used:8.1f} ms, score {found[name]:10.3f}")
    ratios = {
        name: statistics.median(m / t for m, t in zip(taken[name], taken[fastest], strict=False)) for name in ours
    }
    best = max(found[name] for name in theirs)
    print(f"  of {fastest}'s time (bar {BAR}), and score less the best peer's: "
          + ", ".join(f"{name} {ratios[name]:.2f}, {found[name] - best:+.3f}" for name in ours))  # fmt: skip
    assert max(ratios.values()) <= BAR
    assert found["decode, wide"] >= best - 1e-4
    assert kind == "noise" or found["decode"] >= best - 1e-4


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Return labels, 100 matrices of real speech, and the path of an ARPA model of words spelled in their labels."""
    if not os.environ.get("HARKEN_PYCTCDECODE"):
        pytest.skip("HARKEN_PYCTCDECODE names no Python that has pyctcdecode")
    recognizer = Recognizer()
    clips = read_manifest(shared("speech/valid/commonvoice/manifest.jsonl"))[::3][:CLIPS]
    clips += read_manifest(shared("speech/valid/librispeech/manifest.jsonl"))[: CLIPS - len(clips)]
    path = tmp_path_factory.mktemp("ctc") / "phones.arpa"
    units = list(recognizer.bundle.units)
    phone_model(recognizer.lexicon, sentences(30000), units, path)
    return phone_labels(units), {str(i): real_matrix(recognizer, clip.path, i) for i, clip in enumerate(clips)}, path


@pytest.mark.parametrize("with_model", [False, True])
def test_real_matrices(real, with_model):
    labels, matrices, path = real
    build = {"kenlm_model_path": str(path)} if with_model else {}
    decoder = build_ctcdecoder(labels, **build)
    theirs = pyctcdecode(labels, matrices, [(name, {}) for name in matrices], build)
    decoder.decode_beams(matrices["0"])
    no_worse, same, used, worst = 0, 0, 0.0, 0.0
    for scores, answer in zip(matrices.values(), theirs, strict=True):
        taken, beams = seconds(decoder.decode_beams, scores)
        used += taken
        text, _, logit, fused = answer["beams"][0]
        no_worse += beams[0].lm_score >= fused - 1e-4
        best = beams[0]
        same += best.text == text and abs(best.logit_score - logit) < 1e-4 and abs(best.lm_score - fused) < 1e-4
        worst = min(worst, beams[0].lm_score - fused)
    frames = sum(map(len, matrices.values()))
    spent = sum(answer["seconds"] for answer in theirs)
    print(
        f"\n{len(matrices)} matrices of real speech, {frames} frames, {'ARPA' if with_model else 'no model'}: no worse "
        f"on {no_worse} (worst {worst:+.1e}), the same on {same}; {1000 * used / len(matrices):.1f} ms each, "
        f"pyctcdecode {1000 * spent / len(matrices):.1f} ms (ratio {used / spent:.3f})"
    )
    assert no_worse >= 0.98 * len(matrices)
