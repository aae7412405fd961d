"""Language models beside KenLM: ``pytest bench/bench_lm.py -s``.

Queries a second from Python and inside compiled code, and time and peak memory of estimating a 3-gram and a 4-gram
beside lmplz (found on PATH or in $KENLM_BIN). Text: the first million words or so of the shared books.
"""

import bz2
import os
import shutil
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from harken.engine.training.language_text import spoken_sentences
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa import read_arpa, write_arpa
from harken.lm.ngram.ngram import Ngram

ROUNDS = 7
PARAGRAPHS = 25_000
HELD_OUT = 2000
OURS = """
import sys
from harken.lm.ngram.arpa import write_arpa
from harken.lm.estimation.estimate import estimate
write_arpa(estimate(open(sys.argv[1]), int(sys.argv[2])).to_arpa(), sys.argv[3])
"""


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A file of spoken sentences, and the held-out sentences after it."""
    root = Path(os.environ.get("HARKEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    source = root / "text/books.txt.bz2"
    if not source.exists():
        pytest.skip(f"no shared data at {source}: HARKEN_SHARED names their folder")
    with bz2.open(source, "rt", encoding="utf8") as paragraphs:
        sentences = list(spoken_sentences(islice(paragraphs, PARAGRAPHS)))
    path = tmp_path_factory.mktemp("lm") / "text.txt"
    path.write_text("\n".join(sentences[:-HELD_OUT]) + "\n")
    return path, sentences[-HELD_OUT:]


def medians(functions):
    """Return each function's median processor time in seconds (one thread each); they take turns."""
    taken = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(ROUNDS):
        for times, function in zip(taken, functions, strict=True):
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


def test_queries(benchmark, text, tmp_path):
    kenlm = pytest.importorskip("kenlm")
    from harken.lm.ngram.lookup_kernels import lookup_all

    path, held_out = text
    arpa = tmp_path / "lm.arpa"
    with open(path) as sentences:
        write_arpa(estimate(sentences, 3).to_arpa(), arpa)
    ours = Ngram.from_arpa(read_arpa(arpa))
    config = kenlm.Config()
    config.show_progress, config.arpa_complain = False, kenlm.ARPALoadComplain.NONE
    theirs = kenlm.Model(str(arpa), config)
    split = [sentence.split() for sentence in held_out]
    queries = sum(len(words) + 1 for words in split)
    stream = np.array([number for words in split for number in (*map(ours.word_id, words), 2)], np.int32)
    scores = np.empty(len(stream))

    def python_ours():
        for words in split:
            ours.sentence_score(words)

    def python_theirs():
        for sentence in held_out:
            theirs.score(sentence)

    def python_theirs_word_by_word():
        for sentence in held_out:
            list(theirs.full_scores(sentence))

    def compiled():
        lookup_all(ours.arrays, ours.start_state, stream, scores)

    one, other, words, inside = medians([python_ours, python_theirs, python_theirs_word_by_word, compiled])
    benchmark.pedantic(compiled, rounds=3)
    print(
        f"\n3-gram of {'/'.join(map(str, read_arpa(arpa).counts))} n-grams, {queries} queries, "
        f"processor time, medians of {ROUNDS}\n"
        f"  ours, a sentence a call       {queries / one / 1e6:7.2f} M queries/s\n"
        f"  kenlm, score(sentence)        {queries / other / 1e6:7.2f} M queries/s   ours / kenlm {other / one:.2f}\n"
        f"  kenlm, full_scores(sentence)  {queries / words / 1e6:7.2f} M queries/s   ours / kenlm {words / one:.2f}\n"
        f"  ours, inside compiled code    {queries / inside / 1e6:7.2f} M queries/s"
    )


def measured(command):
    """Run ``command``; return its seconds, its processor seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@pytest.mark.parametrize("order", [3, 4])
def test_estimation(benchmark, text, tmp_path, order):
    path, _ = text
    ours, theirs = [], []
    lmplz = shutil.which("lmplz") or shutil.which("lmplz", path=os.environ.get("KENLM_BIN") or os.defpath)
    for _ in range(3):
        ours.append(measured([sys.executable, "-c", OURS, path, str(order), tmp_path / "ours.arpa"]))
        if lmplz:
            command = [lmplz, "-o", str(order), "-S", "1G", "-T", tmp_path / "t", "--text", path]
            theirs.append(measured([*command, "--arpa", tmp_path / "theirs.arpa"]))
    with open(path) as sentences:
        benchmark.pedantic(lambda: estimate(sentences, order), rounds=1)
    print(f"\norder {order}, {len(path.read_text().split()) / 1e6:.2f} M words, ARPA written, medians of 3")
    middle = {}
    for name, runs in (("ours", ours), ("lmplz -S 1G", theirs)):
        if runs:
            wall, processor, memory = middle[name] = [statistics.median(column) for column in zip(*runs, strict=True)]
            print(f"  {name:12} {wall:7.2f} s  {processor:7.2f} s processor time  {memory:6.0f} MB")
    if theirs:
        ratios = [one / other for one, other in zip(*middle.values(), strict=True)]
        print("  ours / lmplz: time {:.2f}, processor time {:.2f}, memory {:.2f}".format(*ratios))
    else:
        print("  lmplz is neither on PATH nor in $KENLM_BIN")
