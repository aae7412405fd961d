"""Customising's steps on the bundled rescoring model, one by one: ``pytest bench/bench_lm_mixture.py -s``.

Reading its file (a KenLM trie) n-gram by n-gram, making it a model that can be mixed, mixing it with one of the shared
books' text, pruning the mixture to 3 M n-grams: seconds, and the most memory that the process has taken by the end of
each. A process of its own does it, kernels compiled before. The kenlm module loads the same file, which is all that can
stand beside it, and no like of it: it maps the file and reads no n-gram before it is asked. KenLM answers queries of a
binary, but neither lists its n-grams nor mixes or prunes by entropy as here; SRILM's ngram, which does, reads no KenLM
binaries. Mixing and pruning must keep what they promise: the mixture's perplexity on held-out sentences is no higher
than either model's, and at most so many n-grams stay.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from harken.engine.model import BUNDLED
from harken.engine.training.language_text import write_sentences

ROUNDS, ORDER, KEPT = 3, 3, 3_000_000
HELD_OUT = 50  # every so manieth sentence
# Each step is a line of JSON: name, seconds, peak megabytes, what was made.
OURS = """
import json, resource, sys, time
import numpy as np
rescore, books, held_out, order, kept = *sys.argv[1:4], *map(int, sys.argv[4:])
from harken.lm import PruneOptions, SmoothingOptions, backoff_tables, estimate, estimate_files, mix, prune, tune_weights
from harken.lm.estimation.mixture import known_probabilities
from harken.lm.ngram.model_files import read_ngrams

small = backoff_tables(estimate(["a b c", "b a"], 2).to_arpa())  # compiles what has to be
prune(mix([small, small], [0.5, 0.5]), PruneOptions(total=1))

def step(name, run, size):
    begin = time.perf_counter()
    made = run()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([name, seconds, peak, size(made)]), flush=True)
    return made

ngrams = lambda model: f"{sum(model.counts):,} n-grams"
step("imported, kernels loaded", lambda: None, lambda made: "")
arpa = step("reading rescore.bin", lambda: read_ngrams(rescore), ngrams)
base = step("making it a model to mix", lambda: backoff_tables(arpa), ngrams)
del arpa
options = SmoothingOptions(cutoffs=(0, 0, 1))
books = step(f"estimating the books, order {order}", lambda: estimate_files([books], order, None, options), ngrams)
sentences = open(held_out, encoding="utf8").read().splitlines()
shown = "base {:.3f}, books {:.3f}"
weights = step("tuning the weights", lambda: tune_weights([base, books], sentences), lambda made: shown.format(*made))
mixed = step("mixing", lambda: mix([base, books], weights), ngrams)
pruned = step(f"pruning to {kept:,}", lambda: prune(mixed, PruneOptions(total=kept)), ngrams)
above = sum(pruned.counts[1:])
found = [known_probabilities(model, sentences) for model in (base, books, mixed, pruned)]
both = (found[0] > 0) & (found[1] > 0)
print(json.dumps([above, int(both.sum()), *(float(np.exp(-np.log(values[both]).mean())) for values in found)]))
"""
KENLM = """
import json, resource, sys, time
import kenlm
begin = time.perf_counter()
model = kenlm.Model(sys.argv[1])
seconds, peak = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(["kenlm.Model of the same file", seconds, peak, ""]))
"""
# A small process between: what a child used at most would otherwise count the memory of the one that started it.
BETWEEN = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """All shared books as spoken sentences, one a line: a file to estimate from, one that is held out."""
    root = Path(os.environ.get("HARKEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    source = root / "text/books.txt.bz2"
    if not source.exists():
        pytest.skip(f"no shared data at {source}: HARKEN_SHARED names their folder")
    folder = tmp_path_factory.mktemp("lm")
    write_sentences(source, folder / "all.txt")
    with open(folder / "all.txt") as file, open(folder / "books", "w") as rest, open(folder / "held", "w") as held:
        for number, line in enumerate(file):
            (held if number % HELD_OUT == 0 else rest).write(line)
    return folder / "books", folder / "held"


def rows(program, *arguments):
    command = [sys.executable, "-S", "-c", BETWEEN, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_mixture(benchmark, books):
    rescore = BUNDLED / "rescore.bin"
    runs, theirs = [], []
    for _ in range(ROUNDS):
        runs.append(rows(OURS, rescore, *books, ORDER, KEPT))
        theirs.append(rows(KENLM, rescore))
    benchmark.pedantic(lambda: rows(KENLM, rescore), rounds=1)
    print(f"\n{rescore.stat().st_size / 1e6:.1f} MB of KenLM trie; medians of {ROUNDS}; the most memory so far")
    for steps in (*zip(*(run[:-1] for run in runs), strict=True), *zip(*theirs, strict=True)):
        seconds, memory = (statistics.median(step[column] for step in steps) for column in (1, 2))
        print(f"  {steps[0][0]:32} {seconds:7.3f} s {memory:6.0f} MB  {steps[0][3]}")
    above, tokens, base, text, mixed, pruned = runs[0][-1]
    measured = f"base {base:.1f}, books {text:.1f}, mixture {mixed:.1f}, pruned {pruned:.1f}"
    print(f"  perplexity on {tokens:,} held-out tokens that both know: {measured}")
    assert above <= KEPT
    assert mixed <= min(base, text)
    assert all(run[-1] == runs[0][-1] for run in runs)
