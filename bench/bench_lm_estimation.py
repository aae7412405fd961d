"""Estimating language models beside KenLM's lmplz: ``pytest bench/bench_lm_estimation.py -s``.

Wall clock and peak memory from a text file to an ARPA file, orders 3 and 4, over all of the shared books (normalised,
11.6 M words), both programs taking turns on the same cores. lmplz is found on PATH or in $KENLM_BIN. Peak memory is
that of the process alone; lmplz takes what ``-S`` allows, so it gets the same budget as ours.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from harken.engine.training.language_text import write_sentences

ROUNDS = 3
MEMORY = "2G"
# A small process of its own: what a child used at most would otherwise count the memory of the one that started it.
MEASURE = """
import json, os, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """All shared books as spoken sentences, one a line."""
    root = Path(os.environ.get("HARKEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    source = root / "text/books.txt.bz2"
    if not source.exists():
        pytest.skip(f"no shared data at {source}: HARKEN_SHARED names their folder")
    target = tmp_path_factory.mktemp("lm") / "books.txt"
    words = write_sentences(source, target)
    return target, words


def measured(command):
    """Run ``command``; return its wall seconds, its processor seconds and its peak memory in MB."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, *map(str, command)], capture_output=True, text=True, check=True, cwd="/"
    )
    code, *numbers = json.loads(done.stdout)
    assert code == 0, command
    return numbers


@pytest.mark.parametrize("order", [3, 4])
def test_estimation(benchmark, books, tmp_path, order):
    path, words = books
    lmplz = shutil.which("lmplz") or shutil.which("lmplz", path=os.environ.get("KENLM_BIN") or os.defpath)
    program = [sys.executable, "-m", "harken.engine.cli", "lm", "estimate", path, "--order", order, "--memory", MEMORY]
    commands = {"ours": [*program, "--output", tmp_path / "ours.arpa"]}
    if lmplz:
        theirs = [lmplz, "-o", order, "-S", MEMORY, "-T", tmp_path / "t", "--text", path]
        commands["lmplz"] = [*theirs, "--arpa", tmp_path / "theirs.arpa"]
    measured(commands["ours"])  # compiles what has to be
    runs = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            runs[name].append(measured(command))
    benchmark.pedantic(lambda: measured(commands["ours"]), rounds=1)
    print(f"\norder {order}, {words / 1e6:.2f} M words, ARPA written, memory budget {MEMORY}, medians of {ROUNDS}")
    middle = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in runs.items()}
    for name, (wall, processor, memory) in middle.items():
        print(f"  {name:6} {wall:7.2f} s  {processor:7.2f} s processor time  {memory:6.0f} MB")
    if not lmplz:
        pytest.skip("lmplz is neither on PATH nor in $KENLM_BIN")
    ratios = [one / other for one, other in zip(middle["ours"], middle["lmplz"], strict=True)]
    print("  ours / lmplz: time {:.2f} (bar 2), processor time {:.2f}, memory {:.2f}".format(*ratios))
    assert ratios[0] <= 2
