"""Composition, epsilon removal, shortest paths and pruning beside OpenFst and Kaldi: ``pytest bench/bench_fst.py -s``.

The real machines are L and G of the bundled lexicon and a 3-gram model that is estimated from Common Voice's sentences
(BENCH_ARPA names another model for it), and the phone graph of the same two, whose back-off arcs are epsilons. Each
operation runs beside pynini's, composition beside kaldifst's (with its table matcher), too. Times are medians of rounds
that take turns, in CPU seconds of the one thread; peak memory is that of a process of its own, above what it held
before. Operands are sorted beforehand for all.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.fst.arcsort import arcsort
from harken.decoder.fst.compose import compose
from harken.decoder.fst.connect import connect
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.prune import prune
from harken.decoder.fst.rmepsilon import rmepsilon
from harken.decoder.fst.shortest_distance import shortest_distance
from harken.decoder.fst.shortest_path import shortest_path
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.search_graph import compile_phone_graph
from harken.decoder.graph.tlg import lexicon_and_ngrams
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.pronunciation.lexicon import Lexicon
from harken.lm.text.normalizer import normalize

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("HARKEN_SHARED", HERE.parent.parent / "shared"))
LEXICON = HERE.parent / "engine" / "models" / "en" / "lexicon.txt"
LIMIT = 1.5

OURS = {
    "compose": compose,
    "rmepsilon": rmepsilon,
    "distance": shortest_distance,
    "distance to the end": lambda fst: shortest_distance(fst, reverse=True),
    "shortest path": shortest_path,
    "100 shortest paths": lambda fst: shortest_path(fst, 100),
    "100 unique paths": lambda fst: shortest_path(fst, 100, unique=True),
    "prune": lambda fst: prune(fst, 10.0),
}


def of_pynini():
    """Return pynini's operations, each on machines that it may change."""
    pynini = pytest.importorskip("pynini")
    return {
        "compose": pynini.compose,
        "rmepsilon": lambda fst: fst.rmepsilon(),
        "distance": pynini.shortestdistance,
        "distance to the end": lambda fst: pynini.shortestdistance(fst, reverse=True),
        "shortest path": pynini.shortestpath,
        "100 shortest paths": lambda fst: pynini.shortestpath(fst, nshortest=100),
        "100 unique paths": lambda fst: pynini.shortestpath(fst, nshortest=100, unique=True),
        "prune": lambda fst: fst.prune(weight=10.0),
    }


def loaded(side, what, *files):
    """Return a function that does ``what`` once, the files read beforehand: gives what came out, and the CPU time."""
    if side == "ours":
        operation, fsts = OURS[what], [read_fst(path) for path in files]
        copies = fsts.copy
    elif side == "kaldifst":
        kaldifst = pytest.importorskip("kaldifst")
        operation, fsts = kaldifst.compose, [kaldifst.StdVectorFst.read(path) for path in files]
        copies = fsts.copy
    else:
        import pynini

        operation, fsts = of_pynini()[what], [pynini.Fst.read(path) for path in files]
        copies = lambda: [own(fst) for fst in fsts]  # noqa: E731

    def once():
        operands = copies()
        start = time.thread_time()
        result = operation(*operands)
        return result if result is not None else operands[0], time.thread_time() - start

    return once


def own(fst):
    """Return a copy that doesn't share its states, so that no copying is timed."""
    copy = fst.copy()
    copy.set_start(copy.start())
    return copy


def size_of(fst):
    """Return the states and arcs of a machine of anyone's, nothing for a list of distances."""
    if isinstance(fst, Fst):
        return fst.states, fst.arcs
    if isinstance(fst, list | np.ndarray):
        return (len(fst),)
    states = fst.num_states() if callable(fst.num_states) else fst.num_states
    return states, sum(fst.num_arcs(state) for state in range(states))


def compare(what, name, *files, peers=("pynini",)):
    """Time and measure ``what`` on the machines in the files, print it, and check that no peer is much faster."""
    sides = ("ours", *peers)
    runs = {side: loaded(side, what, *files) for side in sides}
    runs["ours"]()  # compiles
    times = {side: [] for side in sides}
    sizes = {}
    for _ in range(ROUNDS):
        for side, run in runs.items():
            result, taken = run()
            times[side].append(taken)
            sizes[side] = size_of(result)
    mine = statistics.median(times["ours"])
    print(f"{what}, {name}:")
    ratios = []
    for side in sides:
        taken = statistics.median(times[side])
        ratios.append(mine / taken)
        size = ", ".join(f"{count} {kind}" for count, kind in zip(sizes[side], ("states", "arcs"), strict=False))
        peak = peak_of(side, what, *files)
        print(f"  {side:8} {size}, {taken:.4f} s, {peak:.0f} MB above the input; ratio {ratios[-1]:.2f}")
    assert max(ratios) <= LIMIT
    return sizes


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Return the files of L (sorted by output), G (by input), and the phone graph of both."""
    lexicon = Lexicon.read(LEXICON)
    given = os.environ.get("BENCH_ARPA")
    text = SHARED / "text" / "common-voice-sentences.txt"
    if not given and not text.exists():
        pytest.skip(f"no sentences at {text}")
    lines = [] if given else text.read_text(encoding="utf8").splitlines()
    arpa = read_arpa(given) if given else estimate([normalize(line) for line in lines], 3).to_arpa()
    compiled, grammar = lexicon_and_ngrams(list(lexicon), arpa, lexicon.phones)
    machines = {
        "L": arcsort(compiled.fst, "olabel"),
        "G": arcsort(grammar, "ilabel"),
        "phones": compile_phone_graph(lexicon, arpa, ("<blank>", *lexicon.phones)).fst,
    }
    print(f"\nn-grams {arpa.counts}")
    return saved(tmp_path_factory.mktemp("real"), machines)


def saved(folder, machines):
    """Write machines to files, print their sizes, and return the paths."""
    for name, fst in machines.items():
        write_fst(fst, folder / f"{name}.fst")
        print(f"{name}: {fst.states} states, {fst.arcs} arcs")
    return {name: str(folder / f"{name}.fst") for name in machines}


def random_machine(states, arcs, cyclic, epsilons, labels=100, seed=0, acceptor=False):
    """Return a random machine; the arcs of an acyclic one lead at most 50 states ahead."""
    random = np.random.default_rng(seed)
    sources = random.integers(0, states - 1, arcs)
    sources[:10] = 0
    targets = random.integers(0, states, arcs) if cyclic else sources + random.integers(1, 50, arcs)
    read = random.integers(1, labels + 1, arcs) * (random.random(arcs) >= epsilons)
    written = read if acceptor else random.integers(1, labels + 1, arcs) * (random.random(arcs) >= epsilons)
    finals = np.where(random.random(states) < 0.05, random.random(states), np.inf)
    finals[-1] = 0.0
    weights = random.integers(0, 512, arcs) / 64
    return Fst.from_arcs(0, sources, read, written, weights, np.minimum(targets, states - 1), finals)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """Return the files of random machines."""
    print()
    machines = {
        "acyclic A": arcsort(random_machine(1500, 6_000, False, 0.2, labels=10, seed=1), "olabel"),
        "acyclic B": arcsort(random_machine(800, 3_200, False, 0.2, labels=10, seed=2), "ilabel"),
        "cyclic A": arcsort(random_machine(2000, 8_000, True, 0.1, seed=3), "olabel"),
        "cyclic B": arcsort(random_machine(500, 10_000, True, 0.1, seed=4), "ilabel"),
        "dense A": arcsort(random_machine(300, 60_000, True, 0.01, labels=2000, seed=5), "olabel"),
        "dense B": arcsort(random_machine(300, 6_000, True, 0.01, labels=2000, seed=6), "ilabel"),
        "acyclic": connect(random_machine(100_000, 400_000, False, 0.2, seed=7, acceptor=True)),
        "cyclic": connect(random_machine(50_000, 200_000, True, 0.2, seed=8, acceptor=True)),
        "lattice": connect(random_machine(4_000, 16_000, False, 0.0, labels=500, seed=9, acceptor=True)),
    }
    return saved(tmp_path_factory.mktemp("random"), machines)


def test_compose_lexicon_and_grammar(real):
    sizes = compare("compose", "L and G", real["L"], real["G"], peers=("kaldifst", "pynini"))
    assert sizes["ours"] == sizes["kaldifst"]


@pytest.mark.parametrize("kind", ["acyclic", "cyclic", "dense"])
def test_compose_random_machines(made_up, kind):
    sizes = compare("compose", kind, made_up[f"{kind} A"], made_up[f"{kind} B"], peers=("kaldifst", "pynini"))
    assert sizes["ours"] == sizes["kaldifst"]


def test_rmepsilon(real, made_up):
    for name, path in (("phone graph", real["phones"]), ("acyclic", made_up["acyclic"]), ("cyclic", made_up["cyclic"])):
        compare("rmepsilon", name, path)


@pytest.mark.parametrize("what", ["distance", "distance to the end", "shortest path", "100 shortest paths", "prune"])
def test_paths(real, made_up, what):
    for name, path in (("phone graph", real["phones"]), ("acyclic", made_up["acyclic"]), ("cyclic", made_up["cyclic"])):
        compare(what, name, path)


def test_unique_paths(made_up):
    compare("100 unique paths", "lattice", made_up["lattice"])


def peak_of(side, what, *files):
    """Return by how many MB the peak memory of a process rises that reads ``files`` and does ``what`` once."""
    command = [sys.executable, __file__, side, what, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(files[0]).parent)
    return float(done.stdout.split()[-1])


def memory(field):
    """Return an entry of this process's status, in MB: VmRSS for what is in use now, VmHWM for the most that was."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


def measure(side, what, *files):
    """Do ``what`` once, after a small warm-up, and print by how much the peak of memory rose."""
    if side == "ours":
        tiny = Fst.from_arcs(0, [0, 0, 1], [1, 0, 2], [1, 0, 2], [1, 2, 3], [1, 1, 2], [np.inf, np.inf, 0])
        OURS[what](*[tiny] * len(files))  # loads the compiled kernels
    once = loaded(side, what, *files)
    before = memory("VmRSS")
    once()
    print(memory("VmHWM") - before)


if __name__ == "__main__":
    measure(*sys.argv[1:])
