"""A made-up domain, spoken by a synthesiser: what bench/bench_customize.py measures, in a smaller form."""

import json
import shutil
from pathlib import Path

import pytest
from harken.engine.customize import CustomizeOptions, customize_lm
from harken.engine.customize.word_recall import word_recall
from harken.engine.evaluate import evaluate
from harken.engine.manifest import read_manifest
from harken.engine.model import BUNDLED, DESCRIPTION, write_description
from harken.engine.recognizer import Recognizer

pytestmark = pytest.mark.speech

DOMAIN = Path(__file__).parent / "data" / "domain"
CLIPS = 20


def without_rescoring(folder):
    """Return a copy of the bundled model that does without its rescoring model, which takes the longest to mix."""
    shutil.copytree(BUNDLED, folder, ignore=shutil.ignore_patterns("rescore.bin"))
    described = json.loads((folder / DESCRIPTION).read_text(encoding="utf8"))
    write_description(folder, {name: value for name, value in described.items() if name not in ("files", "format")})
    return folder


def test_text_and_words_of_a_domain_help(tmp_path):
    words = tuple((DOMAIN / "words.txt").read_text(encoding="utf8").split())
    base = without_rescoring(tmp_path / "base")
    report = customize_lm(CustomizeOptions((DOMAIN / "domain.txt",), tmp_path / "made", base, words))
    assert len(report.listed.words) == len(words) == 20
    assert report.rescoring.perplexity < 0.7 * report.rescoring.base_perplexity

    clips = read_manifest(DOMAIN / "manifest.jsonl")[::2][:CLIPS]
    before = evaluate(Recognizer(base), clips)
    after = evaluate(Recognizer(tmp_path / "made"), clips)
    assert after.errors.rate <= 0.6 * before.errors.rate
    recall = word_recall(after.scored, words)
    assert recall.words_found >= 0.8 * recall.words
    assert recall.precision >= 0.8
    assert word_recall(before.scored, words).found == 0
