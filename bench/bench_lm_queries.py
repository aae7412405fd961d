"""Language models beside KenLM: ``pytest bench/bench_lm_queries.py -s``.

Queries a second from Python and inside compiled code. Text: the first million words or so of the shared books.
"""

import bz2
import os
import statistics
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
