"""Determinizing and minimizing beside OpenFst and Kaldi: ``pytest bench/bench_fst_determinize.py -s``.

The chain from lexicon and grammar to LG runs beside kaldifst's, on the bundled lexicon and a 3-gram model that is
estimated from Common Voice's sentences; BENCH_ARPA names another model for it. ``determinize`` and ``minimize`` run
singly beside pynini's, on random machines and on real ones: the sentences themselves as a set, the lexicon, its
composition with the grammar. Times are medians of rounds that take turns, in CPU seconds of the one thread; peak
memory is that of a process of its own, above what it held before the step.
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
from harken.decoder.fst.determinize import determinize
from harken.decoder.fst.determinize_star import determinize_star
from harken.decoder.fst.minimize import minimize, minimize_encoded
from harken.decoder.fst.openfst import read_fst, write_fst
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.tlg import lexicon_and_ngrams
from harken.lm.estimation.estimate import estimate
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.pronunciation.lexicon import Lexicon
from harken.lm.text.normalizer import normalize

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("HARKEN_SHARED", HERE.parent.parent / "shared"))
LEXICON = HERE.parent / "engine" / "models" / "en" / "lexicon.txt"


def sentences():
    path = SHARED / "text" / "common-voice-sentences.txt"
    if not path.exists():
        pytest.skip(f"no sentences at {path}")
    return [normalize(line) for line in path.read_text(encoding="utf8").splitlines()]


@pytest.fixture(scope="module")
def lexicon_and_grammar(tmp_path_factory):
    """Return the files of L and G."""
    given = os.environ.get("BENCH_ARPA")
    arpa = read_arpa(given) if given else estimate(sentences(), 3).to_arpa()
    return written(arpa, tmp_path_factory.mktemp("fst"))


@pytest.fixture(scope="module")
def small_lexicon_and_grammar(tmp_path_factory):
    """Return the files of L and of a G of two words, from few sentences: pynini takes long over what is larger."""
    return written(estimate(sentences()[:8000], 2).to_arpa(), tmp_path_factory.mktemp("small"))


def written(arpa, folder):
    """Write L and G of the bundled lexicon and an n-gram model; return the files."""
    lexicon = Lexicon.read(LEXICON)
    compiled, grammar = lexicon_and_ngrams(list(lexicon), arpa, lexicon.phones)
    write_fst(compiled.fst, folder / "L.fst")
    write_fst(grammar, folder / "G.fst")
    sizes = [f"{name} {fst.states} states, {fst.arcs} arcs" for name, fst in (("L", compiled.fst), ("G", grammar))]
    print(f"\nn-grams {arpa.counts}; {'; '.join(sizes)}")
    return str(folder / "L.fst"), str(folder / "G.fst")


def our_chain(lexicon, grammar):
    """Run the chain; return the result and the time of each step."""
    times = [time.thread_time()]
    left, right = arcsort(lexicon, "olabel"), arcsort(grammar, "ilabel")
    times.append(time.thread_time())
    composed = compose(left, right)
    times.append(time.thread_time())
    deterministic = determinize_star(composed)
    times.append(time.thread_time())
    result = minimize_encoded(deterministic)
    times.append(time.thread_time())
    return result, np.diff(times)


def their_chain(kaldifst, lexicon, grammar):
    """Run Kaldi's chain on machines that are its own to change."""
    left, right = own(kaldifst.StdVectorFst(lexicon)), own(kaldifst.StdVectorFst(grammar))
    times = [time.thread_time()]
    kaldifst.arcsort(left, sort_type="olabel")
    kaldifst.arcsort(right, sort_type="ilabel")
    times.append(time.thread_time())
    fst = kaldifst.compose(left, right)
    times.append(time.thread_time())
    kaldifst.determinize_star(fst)
    times.append(time.thread_time())
    kaldifst.minimize_encoded(fst)
    times.append(time.thread_time())
    return fst, np.diff(times)


def own(fst):
    """Make sure that a copied machine doesn't share its states, so that no copying is timed."""
    fst.start = fst.start
    return fst


def size_of(fst):
    """Return the states and arcs of one of theirs."""
    states = fst.num_states() if callable(fst.num_states) else fst.num_states
    return states, sum(fst.num_arcs(state) for state in range(states))


def test_chain_beside_kaldi(lexicon_and_grammar):
    kaldifst = pytest.importorskip("kaldifst")
    files = lexicon_and_grammar
    ours = [read_fst(path) for path in files]
    theirs = [kaldifst.StdVectorFst.read(path) for path in files]
    our_chain(*ours)  # compiles
    times = [], []
    for _ in range(ROUNDS):
        result, steps = our_chain(*ours)
        times[0].append(steps)
        peer, steps = their_chain(kaldifst, *theirs)
        times[1].append(steps)
    states, arcs = size_of(peer)
    totals = [statistics.median(step.sum() for step in side) for side in times]
    print(f"ours:  {result.states} states, {result.arcs} arcs, {totals[0]:.3f} s")
    print(f"Kaldi: {states} states, {arcs} arcs, {totals[1]:.3f} s")
    steps = zip(*(np.median(side, axis=0) for side in times), strict=True)
    for name, (mine, other) in zip(("arcsort", "compose", "determinize_star", "minimize_encoded"), steps, strict=True):
        print(f"  {name}: {mine:.3f} s and {other:.3f} s, ratio {mine / other:.2f}")
    peaks = [peak_of(side, "chain", *files) for side in ("ours", "theirs")]
    sizes = f"of states {result.states / states:.5f}, of arcs {result.arcs / arcs:.5f}"
    print(f"ratio of time {totals[0] / totals[1]:.2f}; {sizes}")
    print(f"memory above the inputs: {peaks[0]} MB and {peaks[1]} MB")
    assert abs(result.states / states - 1) < 0.01
    assert abs(result.arcs / arcs - 1) < 0.01
    assert totals[0] <= 1.5 * totals[1]


def random_acceptor(states=30_000, seed=1):
    """Return an acyclic acceptor over 30 labels, four arcs a state, a fifth of them with the label of another one."""
    random = np.random.default_rng(seed)
    sources = np.repeat(np.arange(states - 1), 4)
    nextstates = np.minimum(sources + random.integers(1, 12, len(sources)), states - 1)
    labels = random.integers(1, 31, len(sources))
    finals = np.full(states, np.inf)
    finals[-1] = 0.0
    return Fst.from_arcs(0, sources, labels, labels, random.integers(0, 64, len(sources)) / 8, nextstates, finals)


def random_transducer(states=30_000, seed=2):
    """Return a cyclic deterministic transducer over 30 labels, half of its states twins of others."""
    random = np.random.default_rng(seed)
    half, degree = states // 2, 5
    labels = np.argsort(random.random((half, 30)), axis=1)[:, :degree] + 1
    targets, outputs = random.integers(0, half, (half, degree)), random.integers(0, 31, (half, degree))
    weights = random.integers(0, 64, (half, degree)) / 8
    finals = np.where(random.random(half) < 0.1, random.integers(0, 16, half) / 8, np.inf)
    finals[0] = 0.0
    twice = [np.tile(part.reshape(-1), 2) for part in (labels, outputs, weights)]
    moved = np.concatenate([targets.reshape(-1), targets.reshape(-1)]) + half * random.integers(0, 2, 2 * half * degree)
    return Fst.from_arcs(0, np.repeat(np.arange(2 * half), degree), *twice, moved, np.tile(finals, 2))


def sentence_set():
    """Return the unweighted acceptor of all sentences, each a path of its own from the start."""
    words = {}
    spoken = [[words.setdefault(word, len(words) + 1) for word in line.split()] for line in sentences()]
    lengths = np.array([len(line) for line in spoken])
    labels = np.concatenate(spoken)
    states = 1 + len(labels)
    sources = np.arange(len(labels))
    firsts = np.cumsum(lengths) - lengths
    sources[firsts[lengths > 0]] = 0
    finals = np.full(states, np.inf)
    finals[np.cumsum(lengths)[lengths > 0]] = 0.0
    return Fst.from_arcs(0, sources, labels, labels, np.zeros(len(labels)), np.arange(1, states), finals)


def machine(name, files):
    """Return one of the machines that single operations run on."""
    if name == "random acceptor":
        return random_acceptor()
    if name == "random transducer":
        return random_transducer()
    if name == "sentences":
        return sentence_set()
    lexicon, grammar = (read_fst(path) for path in files)
    if name == "lexicon":
        return lexicon
    return compose(arcsort(lexicon, "olabel"), arcsort(grammar, "ilabel"))


def beside_pynini(what, ours, theirs, fst, folder):
    """Time one operation of ours, and of pynini's on a machine of its own, and compare sizes."""
    import pynini

    write_fst(fst, folder / "in.fst")
    peer = pynini.Fst.read(str(folder / "in.fst"))
    result = ours(fst)  # compiles
    times = [], []
    for _ in range(ROUNDS):
        start = time.thread_time()
        result = ours(fst)
        times[0].append(time.thread_time() - start)
        copy = peer.copy()
        copy.set_start(copy.start())  # so that it is a copy, and no copying is timed
        start = time.thread_time()
        other = theirs(copy)
        times[1].append(time.thread_time() - start)
    mine, their = (statistics.median(side) for side in times)
    states, arcs = size_of(other)
    peaks = [peak_of(side, what, str(folder / "in.fst")) for side in ("ours", "theirs")]
    print(f"  ours   {result.states} states, {result.arcs} arcs, {mine:.3f} s, {peaks[0]} MB above the input")
    print(f"  pynini {states} states, {arcs} arcs, {their:.3f} s, {peaks[1]} MB; ratio {mine / their:.2f}")
    assert result.states <= states
    return result, mine / their


@pytest.mark.parametrize("name", ["random acceptor", "random transducer", "sentences", "lexicon", "LG"])
def test_singly_beside_pynini(name, small_lexicon_and_grammar, tmp_path):
    pynini = pytest.importorskip("pynini")
    fst = machine(name, small_lexicon_and_grammar)
    print(f"\n{name}: {fst.states} states, {fst.arcs} arcs\n determinize")
    fst, determinizing = beside_pynini(
        "determinize", determinize, lambda peer: pynini.determinize(peer, delta=1 / 1024), fst, tmp_path
    )
    print(" minimize")
    _, minimizing = beside_pynini(
        "minimize", minimize, lambda peer: peer.minimize(delta=1 / 1024, allow_nondet=True), fst, tmp_path
    )
    assert max(determinizing, minimizing) <= 1.5


def peak_of(side, what, *files):
    """Return by how many MB the peak memory of a process rises that reads ``files`` and does ``what`` once."""
    done = subprocess.run(
        [sys.executable, __file__, side, what, *files],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(files[0]).parent,
    )
    return round(float(done.stdout.split()[-1]))


def memory(field):
    """Return an entry of this process's status, in MB: VmRSS for what is in use now, VmHWM for the most that was."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


def measure(side, what, *files):
    """Do ``what`` once, after a small warm-up, and print by how much the peak of memory rose."""
    if side == "ours":
        tiny = Fst.from_arcs(
            0, [0, 0, 1, 2], [1, 1, 2, 3], [4, 0, 5, 4], [1, 2, 3, 4], [1, 2, 3, 3], [np.inf] * 3 + [0]
        )
        chain = {"determinize": determinize, "minimize": minimize, "chain": our_chain}[what]
        chain(*[tiny] * len(files))  # loads the compiled kernels
        fsts = [read_fst(path) for path in files]
    elif what == "chain":
        import kaldifst

        fsts = [kaldifst.StdVectorFst.read(path) for path in files]
        chain = lambda *parts: their_chain(kaldifst, *parts)  # noqa: E731
    else:
        import pynini

        fsts = [pynini.Fst.read(path) for path in files]
        chain = pynini.determinize if what == "determinize" else lambda peer: peer.minimize(allow_nondet=True)
    before = memory("VmRSS")
    chain(*fsts)
    print(memory("VmHWM") - before)


if __name__ == "__main__":
    measure(*sys.argv[1:])
