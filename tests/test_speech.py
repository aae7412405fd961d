"""The bundled model on real and synthesised speech."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from harken import Recognizer
from harken.engine.evaluate import evaluate, read_manifest
from harken.engine.model import BUNDLED, Bundle
from harken.engine.recognizer import RecognizerOptions

from .shared_data import shared

pytestmark = pytest.mark.speech
DEMO = Path(__file__).parent / "data" / "demo.flac"

if not (BUNDLED / "model.json").is_file():
    pytest.skip("this checkout has no trained model", allow_module_level=True)
SAID = (DEMO.parent / "demo.txt").read_text().strip()


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


def test_bundle_is_whole_and_small():
    Bundle.load().verify()
    sizes = [path.stat().st_size for path in BUNDLED.iterdir()]
    assert sum(sizes) <= 50e6
    assert max(sizes) <= 40e6


def test_demo_is_transcribed_without_an_error(recognizer):
    result = recognizer.transcribe(DEMO)
    assert result.text == SAID
    words = [word for segment in result.segments for word in segment.alternatives[0].words]
    assert all(0 <= word.start < word.end <= result.duration for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(0 < word.confidence <= 1 for word in words)


def test_alternatives_come_best_first():
    segments = Recognizer(options=RecognizerOptions(alternatives=5)).transcribe(DEMO).segments
    for segment in segments:
        shares = [alternative.confidence for alternative in segment.alternatives]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)


def test_word_error_rate_on_unseen_speakers(recognizer):
    clips = read_manifest(shared("speech/test/dev-clean-a/manifest.jsonl"))[::32]
    found = evaluate(recognizer, clips)
    assert found.errors.words > 300
    assert found.errors.rate <= 35  # of 28 % over all clips, with room for the choice of these


@pytest.mark.cli
def test_json_is_the_same_for_any_threads_and_processor(tmp_path):
    def lines(**environment):
        command = [sys.executable, "-m", "harken.engine.cli", "transcribe", "--format", "json", str(DEMO)]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True, check=True
        )
        return done.stdout

    first = lines(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    assert json.loads(first)["text"] == SAID
    assert lines(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2") == first
    haswell = lines(OPENBLAS_CORETYPE="Haswell")
    assert lines(OPENBLAS_CORETYPE="Haswell", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1") == haswell
    assert json.loads(haswell)["text"] == SAID
