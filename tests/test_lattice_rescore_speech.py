"""Lattices of real speech rescored with the bundled model: its scores are KenLM's, and fewer words are wrong."""

import math

import pytest
from harken.decoder.lattice.determinize import DeterminizeOptions, determinize
from harken.decoder.lattice.nbest import nbest
from harken.decoder.lattice.rescore import LatticeRescoreOptions, LatticeRescorer
from harken.engine.audio import read_audio
from harken.engine.manifest import read_manifest
from harken.engine.model import BUNDLED
from harken.engine.recognizer import Recognizer
from harken.engine.rescoring import rescore_options
from harken.engine.word_errors import WordErrors, word_errors
from harken.lm.ngram.kenlm_model import KenlmModel
from harken.lm.ngram.ngram import Ngram
from harken.lm.text.normalizer import normalize

from .shared_data import shared

pytestmark = [pytest.mark.speech, pytest.mark.parity]


def test_scores_of_paths_are_kenlms_and_words_get_better():
    recognizer, model = Recognizer(), KenlmModel(BUNDLED / "rescore.bin")
    first_pass = Ngram.load(BUNDLED / "first_pass.safetensors")
    options = LatticeRescoreOptions(rescore_options(recognizer.decoding), beam=6.0)
    rescorer = LatticeRescorer([model], recognizer.graph.words, options, first_pass)
    before, after = WordErrors(), WordErrors()
    for clip in read_manifest(shared("speech/valid/librispeech/manifest.jsonl"))[::24]:
        scores = recognizer.scores(recognizer.features(read_audio(clip.path)[0]))
        search = recognizer.search.start()
        search.advance(scores)
        result = search.finish()
        found = rescorer.rescore(determinize(result.lattice(), DeterminizeOptions(beam=6.0)))
        paths = nbest(found.lattice, 20)
        parts = found.parts.of_paths([path.arcs for path in paths])
        for place, path in enumerate(paths):
            assert -parts.models[0][place] / math.log(10) == pytest.approx(model.sentence_score(path.words), abs=1e-4)
            ours = -parts.first_pass[place] / math.log(10)
            assert ours == pytest.approx(first_pass.sentence_score(path.words), abs=1e-4)
        reference = normalize(clip.text).split()
        before += word_errors(reference, result.best.words)
        after += word_errors(reference, paths[0].words)
    assert after.errors < before.errors
