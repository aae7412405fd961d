"""Lattices and lists, rescored by the recogniser, agree where the lists leave nothing out."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from harken.engine.cli.decode import decode
from harken.engine.cli.lattice import lattice as show
from harken.engine.recognizer import Recognizer, RecognizerOptions
from harken.errors import OptionsError
from harken.lm.pronunciation.words import WantedWord

from .toy_bundle import RATE, make_toy_bundle, speak

SAID = ("abe bad cafe", "deaf fee, ebb ace", "fee", "dab abe")
EVERYTHING = {"nbest": 2000, "rescoring_beam": 8.0, "lattice_beam": 8.0}


@pytest.fixture(scope="module", params=[False, True], ids=["static", "on_the_fly"])
def folder(request, tmp_path_factory):
    return make_toy_bundle(tmp_path_factory.mktemp("toy") / "toy", on_the_fly=request.param)


def noisy(text, seed=1):
    samples = speak(text)
    return samples + np.random.default_rng(seed).normal(0, 0.05, len(samples)).astype(np.float32)


def rescored(recognizer, text):
    scores = recognizer.scores(recognizer.features(noisy(text)))
    return [recognizer.rescore(segment) for segment in recognizer.decode(scores)]


@pytest.mark.parametrize(
    "weights", [{}, {"graph_weight": 0.5, "word_insertion_penalty": 0.5, "first_pass_weight": 0.2}]
)
@pytest.mark.parametrize("words", [(), (WantedWord("dab", ("D", "A", "B")),)], ids=["", "added"])
def test_whole_lists_and_lattices_give_the_same_hypotheses(folder, weights, words):
    lists, lattices = (
        Recognizer(folder, RecognizerOptions(rescoring=kind, **EVERYTHING, **weights)).with_words(words)
        for kind in ("nbest", "lattice")
    )
    assert (lists.rescores_lattices, lattices.rescores_lattices) == (False, True)
    for text in SAID:
        listed, found = rescored(lists, text), rescored(lattices, text)
        assert len(listed) == len(found) > 0
        for one, other in zip(listed, found, strict=True):
            assert other.lattice is None
            best, same = one.hypotheses[0], other.hypotheses[0]
            assert (best.words, best.times) == (same.words, same.times)
            assert best.total_cost == pytest.approx(same.total_cost, abs=1e-4)
            assert best.acoustic_cost == pytest.approx(same.acoustic_cost, abs=1e-4)
            assert best.phrase_cost == same.phrase_cost
            costs = {hypothesis.words: hypothesis.total_cost for hypothesis in one.hypotheses}
            # A lattice's beam is its arcs': it has paths beyond it, too.
            both = [hypothesis for hypothesis in other.hypotheses if hypothesis.words in costs]
            assert len(both) >= len(costs) / 2
            for hypothesis in both:
                assert costs[hypothesis.words] == pytest.approx(hypothesis.total_cost, abs=1e-4)


def test_without_a_language_model_nothing_is_rescored(folder):
    recognizer = Recognizer(folder, RecognizerOptions(rescore=False))
    assert not recognizer.rescores_lattices
    (segment,) = recognizer.decode(recognizer.scores(recognizer.features(speak("abe bad"))))
    assert recognizer.rescore(segment) is segment


def test_a_recogniser_says_the_same_again(folder):
    recognizer = Recognizer(folder)
    first = [recognizer.transcribe(noisy(text), RATE) for text in SAID]
    assert [recognizer.transcribe(noisy(text), RATE) for text in SAID] == first


def test_impossible_options_are_refused(folder, tmp_path):
    with pytest.raises(OptionsError, match="choose lattice or nbest"):
        RecognizerOptions(rescoring="both")
    if not Recognizer(folder).on_the_fly:
        lacking = make_toy_bundle(tmp_path / "toy")
        description = (lacking / "model.json").read_text()
        (lacking / "first_pass.safetensors").unlink()
        value = json.loads(description)
        del value["files"]["first_pass.safetensors"]
        (lacking / "model.json").write_text(json.dumps(value))
        recognizer = Recognizer(lacking, RecognizerOptions(first_pass_weight=0.5))
        with pytest.raises(OptionsError, match="which it lacks"):
            recognizer.transcribe(speak("abe"), RATE)


def test_the_stages_alone_rescore_lattices_as_the_recogniser_does(folder, tmp_path):
    """From scores to lattices in a file, and from those to words with a language model."""
    recognizer = Recognizer(folder, RecognizerOptions(graph_weight=1.0, word_insertion_penalty=0.5))
    scores = recognizer.scores(recognizer.features(speak("abe bad, deaf fee")))
    np.savez(tmp_path / "talk.npz", scores=scores)
    lattices, listed = tmp_path / "talk.lat", tmp_path / "talk.nbest"
    arguments = [tmp_path / "talk.npz", "--model", folder, "--lattices", lattices, "-o", listed]
    invoke(decode, arguments)
    found = [recognizer.rescore(segment).hypotheses[0].words for segment in recognizer.decode(scores)]
    assert len(found) == len(listed.read_text().splitlines()) == 2
    weights = ["--lm-weight", "0.5", "--graph-weight", "1", "--word-insertion-penalty", "0.5"]
    text = invoke(show, [lattices, "--as", "best", "--rescore", folder / "rescore.bin", *weights])
    assert [tuple(line.split()[1:]) for line in text.splitlines()] == found
    assert [line.split()[0][-2:] for line in text.splitlines()] == ["-0", "-1"]


def invoke(command, arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False).stdout
