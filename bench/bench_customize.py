"""A model customised to a made-up domain, and how long customising takes: ``pytest bench/bench_customize.py -s``.

tests/data/domain has 50 sentences that a synthesiser speaks in several voices, with 20 words that the lexicon lacks,
and a text of the same domain. Word errors are counted with the bundled model, with the text, and with text and words;
defaults were chosen on another made-up domain. Then ten megabytes of ../shared/text are customised with.
"""

import bz2
import os
import statistics
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest
from harken.engine.customize import CustomizeOptions, customize_lm
from harken.engine.customize.word_recall import word_recall
from harken.engine.evaluate import evaluate
from harken.engine.manifest import read_manifest
from harken.engine.model import BUNDLED
from harken.engine.recognizer import Recognizer

sys.path.insert(0, str(Path(__file__).parent))
from search_inputs import shared

DOMAIN = Path(__file__).resolve().parents[1] / "tests" / "data" / "domain"
TEN_MEGABYTES, MOST_SECONDS = 10_000_000, 120.0
MOST_START = 1.35  # beside the static graph
BAR_WORDS, BAR_ERRORS = 16, 0.6


@cache
def words():
    return tuple((DOMAIN / "words.txt").read_text("utf8").split())


@cache
def measured(name, recognizer):
    """Return the evaluation of the domain's clips; print it."""
    found = evaluate(recognizer, read_manifest(DOMAIN / "manifest.jsonl"))
    recall = word_recall(found.scored, words())
    print(
        f"{name:34} WER {found.errors.rate:5.2f} %; {recall.words_found:2} of {recall.words} new words recognised, "
        f"{recall.found:2} times of {recall.said} (recall {recall.recall:.2f}, precision {recall.precision:.2f}); "
        f"real-time factor {found.timings.real_time_factor:.4f}",
        flush=True,
    )
    return found, recall


def customised(folder, **options):
    report = customize_lm(CustomizeOptions(text=(DOMAIN / "domain.txt",), out=folder, **options))
    print(
        f"  {sum(report.seconds.values()):.1f} s; weights {report.first_pass.weight:.2f}, {report.rescoring.weight:.2f}"
    )
    return Recognizer(folder)


def test_a_made_up_domain(tmp_path):
    print()
    base, _ = measured("bundled model", Recognizer())
    measured("words at run time", Recognizer().with_words(words()))
    measured("text, words of it not added", customised(tmp_path / "text", least_count=None))
    measured("text, its words added", customised(tmp_path / "repeated"))
    both, recall = measured("text and words", customised(tmp_path / "both", words=words()))
    print(f"text and words: {both.errors.rate / base.errors.rate:.2f} of the bundled model's errors (bar {BAR_ERRORS})")
    assert recall.words_found >= BAR_WORDS
    assert both.errors.rate <= BAR_ERRORS * base.errors.rate


@pytest.mark.parametrize("static", [False, True])
def test_ten_megabytes_of_text(tmp_path, static):
    with bz2.open(shared("text/books.txt.bz2"), "rt", encoding="utf8") as books:
        (tmp_path / "ten.txt").write_text(books.read(TEN_MEGABYTES), encoding="utf8")
    begin = time.perf_counter()
    report = customize_lm(
        CustomizeOptions(text=(tmp_path / "ten.txt",), out=tmp_path / "made", words=words(), static=static)
    )
    taken = time.perf_counter() - begin
    print(f"\n{'static graph' if static else 'on the fly'}: {report.text_words:,} words in {taken:.1f} s")
    print(", ".join(f"{step} {seconds:.1f}" for step, seconds in report.seconds.items()))
    print(f"{len(report.found.words):,} words added; files of {sum_of(tmp_path / 'made') / 1e6:.1f} MB")
    assert taken <= MOST_SECONDS


def sum_of(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def test_start_up(tmp_path):
    """A whole process that transcribes a short recording, warm; by processor time, since others may work beside it."""
    customised(tmp_path / "both", words=words())
    clip = str(DOMAIN / "01-af_heart.opus")
    commands = {
        "bundled, static": ["--model", str(BUNDLED)],
        "customised, on the fly": ["--model", str(tmp_path / "both")],
        "bundled, words at run time": ["--words", str(DOMAIN / "words.txt")],
    }
    taken = {name: [] for name in commands}
    for _ in range(4):
        for name, options in commands.items():
            taken[name].append(process_seconds(["transcribe", *options, clip]))
    processor = {name: statistics.median(one for one, _ in times[1:]) for name, times in taken.items()}
    for name, times in taken.items():
        ratio = processor[name] / processor["bundled, static"]
        wall = statistics.median(one for _, one in times[1:])
        print(f"{name}: {processor[name]:.2f} s of processor time ({ratio:.2f}), {wall:.2f} s by the clock")
    assert processor["customised, on the fly"] <= MOST_START * processor["bundled, static"]


def process_seconds(arguments):
    """Run the command line; return its processor time and the time by the clock."""
    begin, before = time.perf_counter(), os.times()
    command = [sys.executable, "-m", "harken.engine.cli", *arguments]
    subprocess.run(command, check=True, capture_output=True, env=os.environ)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return processor, time.perf_counter() - begin
