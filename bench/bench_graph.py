"""The search graph: size, time and memory of its making, beside Kaldi's chain: ``pytest bench/bench_graph.py -s``.

The lexicon is the bundled one and the n-gram model is estimated from the shared text, where there are any; otherwise
made-up ones stand in: words of random phones, text by Zipf's law with some memory. BENCH_ARPA and BENCH_LEXICON name
other files. The peer is kaldifst: L composed with G, determinised, minimised. Beside our operations it gets the same L
and G from files, in interleaved rounds; beside ``compile_phone_graph``, which takes no detour by L and G, the whole
chain counts. Times are those of the thread, memory is the most that a process of its own takes for it.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.fst.arcsort import arcsort
from harken.decoder.fst.openfst import write_fst
from harken.decoder.graph.context_tables import left_biphone_table, monophone_table
from harken.decoder.graph.ctc_graph import CtcLabels, expand_ctc
from harken.decoder.graph.ctc_topology import ctc_labels_of, ctc_topology
from harken.decoder.graph.hclg import compose_hclg
from harken.decoder.graph.lexicon_fst import LexiconOptions
from harken.decoder.graph.lexicon_grammar import compose_lexicon_grammar, without_symbols
from harken.decoder.graph.local_epsilons import remove_epsilons_locally
from harken.decoder.graph.search_graph import Graph, compile_phone_graph
from harken.decoder.graph.tlg import compose_tlg, lexicon_and_ngrams
from harken.decoder.graph.topology import chain_topology
from harken.engine.model import BUNDLED
from harken.lm.estimation.estimate import PruneOptions, estimate, prune
from harken.lm.ngram.arpa import Arpa, NgramTable
from harken.lm.ngram.arpa_reader import read_arpa
from harken.lm.pronunciation.lexicon import Lexicon, Pronunciation
from harken.lm.text.normalizer import normalize

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
PHONES = tuple(f"P{index:02d}" for index in range(39))


def made_up(words=20_000, tokens=300_000):
    """Return a lexicon and a 3-gram model of about 100,000 n-grams, of made-up words."""
    random = np.random.default_rng(0)
    frequent = random.permutation(len(PHONES))
    entries = []
    for index in range(words):
        length = 1 + random.binomial(10, 0.3 + 0.35 * index / words)
        phones = frequent[np.minimum(random.geometric(0.08, length) - 1, len(PHONES) - 1)]
        entries.append(Pronunciation(f"w{index:05d}", tuple(PHONES[phone] for phone in phones)))
    rank = np.minimum(random.zipf(1.3, tokens), words) - 1
    after = (rank[:-1] * 7919 + random.integers(0, 20, tokens - 1)) % words  # some words like to follow others
    rank[1:] = np.where(random.random(tokens - 1) < 0.5, rank[1:], after)
    sentences = np.split(rank + 3, np.flatnonzero(random.random(tokens) < 0.06))
    tables = []
    for order in (1, 2, 3):
        counts = Counter()
        for sentence in sentences:
            said = (1, *sentence.tolist(), 2)
            counts.update(said[at : at + order] for at in range(len(said) - order + 1))
        if order == 1:
            counts.update((word,) for word in range(words + 3))
        kept = sorted(gram for gram, count in counts.items() if order == 1 or count > 1)
        contexts = Counter()
        for gram in kept:
            contexts[gram[:-1]] += counts[gram]
        log10 = [np.log10((counts[gram] - 0.5) / (contexts[gram[:-1]] + 0.5)) for gram in kept]
        tables.append(
            NgramTable(
                np.array(kept, dtype=np.int32), np.array(log10, np.float32), np.full(len(kept), -0.3, dtype=np.float32)
            )
        )
    return Lexicon(tuple(entries)), Arpa(("<unk>", "<s>", "</s>", *(entry.word for entry in entries)), tuple(tables))


def shared_text():
    root = os.environ.get("HARKEN_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    return Path(root) / "text" / "common-voice-sentences.txt"


@pytest.fixture(scope="module")
def parts():
    if "BENCH_ARPA" in os.environ:
        lexicon = Lexicon.read(os.environ["BENCH_LEXICON"])
        return lexicon, read_arpa(os.environ["BENCH_ARPA"]), ("<blank>", *lexicon.phones)
    if not (shared_text().is_file() and (BUNDLED / "lexicon.txt").is_file()):
        return (*made_up(), ("<blank>", *PHONES))
    lexicon = Lexicon.read(BUNDLED / "lexicon.txt")
    sentences = [normalize(line) for line in shared_text().read_text(encoding="utf8").splitlines()]
    counted = estimate(filter(None, sentences), 3, lexicon.words)
    return lexicon, prune(counted, PruneOptions(total=200_000)).to_arpa(), ("<blank>", *lexicon.phones)


def interleaved(*functions, rounds=ROUNDS):
    """Return the median thread time of every function in ms; their calls alternate, after one that compiles."""
    for function in functions:
        function()
    taken = [[] for _ in functions]
    for _ in range(rounds):
        for function, times in zip(functions, taken, strict=True):
            start = time.thread_time()
            function()
            times.append(1000 * (time.thread_time() - start))
    return [statistics.median(times) for times in taken]


OURS = """
from harken.decoder.fst.openfst import read_fst
from harken.decoder.fst.compose import compose
from harken.decoder.fst.determinize_star import determinize_star
from harken.decoder.fst.minimize import minimize_encoded
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph import lexicon_grammar
small = Fst.from_arcs(0, [0], [1], [1], [0.0], [0], [0.0])
minimize_encoded(determinize_star(compose(small, small)))  # loads the compiled kernels
l, g = read_fst(LEXICON), read_fst(GRAMMAR)
def run():
    return minimize_encoded(determinize_star(compose(l, g)))
"""
THEIRS = """
import kaldifst
l, g = (kaldifst.StdVectorFst.read(path) for path in (LEXICON, GRAMMAR))
def run():
    fst = kaldifst.StdVectorFst(kaldifst.compose(l, g))
    kaldifst.determinize_star(fst)
    kaldifst.minimize_encoded(fst)
    return fst
"""


def peak_mb(code, lexicon, grammar):
    """Return how much more memory a process of its own takes at most for ``run`` in ``code``."""
    script = f"""
from pathlib import Path
LEXICON, GRAMMAR = {str(lexicon)!r}, {str(grammar)!r}
{code}
def kilobytes(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))
before = kilobytes("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
kept = run()
print((kilobytes("VmHWM") - before) / 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd="/", capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_lexicon_and_grammar_beside_kaldifst(parts, tmp_path):
    """min(det(L o G)): compose, determinize_star, minimize_encoded on the same L and G."""
    kaldifst = pytest.importorskip("kaldifst")
    lexicon, arpa, units = parts
    entries = list(lexicon)
    ell, grammar = lexicon_and_ngrams(entries, arpa, units[1:])
    building = interleaved(lambda: lexicon_and_ngrams(entries, arpa, units[1:]))[0]
    write_fst(arcsort(ell.fst, "olabel"), tmp_path / "L.fst")
    write_fst(arcsort(grammar, "ilabel"), tmp_path / "G.fst")
    their_ell, their_g = (kaldifst.StdVectorFst.read(str(tmp_path / name)) for name in ("L.fst", "G.fst"))
    made = {}

    def ours():
        made["ours"] = compose_lexicon_grammar(ell, grammar)

    def theirs():
        fst = kaldifst.StdVectorFst(kaldifst.compose(their_ell, their_g))
        kaldifst.determinize_star(fst)
        kaldifst.minimize_encoded(fst)
        made["theirs"] = fst

    our_ms, their_ms = interleaved(ours, theirs)
    fst, peer = made["ours"], made["theirs"]
    peer_arcs = sum(peer.num_arcs(state) for state in range(peer.num_states))
    memory = [peak_mb(code, tmp_path / "L.fst", tmp_path / "G.fst") for code in (OURS, THEIRS)]
    print(f"\nn-grams {arpa.counts}, pronunciations {len(lexicon)}; L and G made in {building:.0f} ms")
    print(f"L: {ell.fst.states} states, {ell.fst.arcs} arcs; G: {grammar.states} states, {grammar.arcs} arcs")
    print(f"ours:     {fst.states} states, {fst.arcs} arcs, {our_ms:.0f} ms, {memory[0]:.0f} MB more at the peak")
    print(f"kaldifst: {peer.num_states} states, {peer_arcs} arcs, {their_ms:.0f} ms, {memory[1]:.0f} MB more")
    print(f"ratio: {our_ms / their_ms:.2f} of the time, {memory[0] / memory[1]:.2f} of the memory")
    silent = without_symbols(fst, ell.phones.first_disambiguation)
    write_fst(ctc_topology(ell.phones), tmp_path / "T.fst")
    write_fst(silent, tmp_path / "LG.fst")
    their_t, their_lg = (kaldifst.StdVectorFst.read(str(tmp_path / name)) for name in ("T.fst", "LG.fst"))
    frames = ctc_labels_of(ell.phones)
    labels = CtcLabels.of_phones(len(units) - 1)

    def expanded():
        tidy = remove_epsilons_locally(silent, ell.phones.starts_word)
        made["TLG"] = expand_ctc(replace(tidy, ilabels=frames[tidy.ilabels]).in_search_order(), labels)

    def composed():
        kaldifst.arcsort(their_lg, "ilabel")
        made["T o LG"] = kaldifst.StdVectorFst(kaldifst.compose(their_t, their_lg))

    more_ms, their_more_ms = interleaved(expanded, composed, rounds=2)
    tlg, their_tlg = made["TLG"], made["T o LG"]
    their_arcs = sum(their_tlg.num_arcs(state) for state in range(their_tlg.num_states))
    print(f"CTC topology put under it by us: {tlg.states} states, {tlg.arcs} arcs, {more_ms:.0f} ms")
    print(f"T composed by kaldifst: {their_tlg.num_states} states, {their_arcs} arcs, {their_more_ms:.0f} ms")
    ratio = (our_ms + more_ms) / (their_ms + their_more_ms)
    print(f"TLG from L and G: {our_ms + more_ms:.0f} ms, {ratio:.2f} of kaldifst's time")
    assert abs(fst.states / peer.num_states - 1) < 0.01
    assert abs(fst.arcs / peer_arcs - 1) < 0.01
    assert our_ms <= 1.5 * their_ms


def test_search_graphs(parts):
    """TLG and HCLG out of the same L and G, and the compiler that goes without them."""
    lexicon, arpa, units = parts
    ell, grammar = lexicon_and_ngrams(list(lexicon), arpa, units[1:])
    topology = chain_topology()
    made = {}

    def tlg():
        made["TLG"] = compose_tlg(ell, grammar)

    def direct():
        made["compile_ctc_graph"] = Graph.from_phones(compile_phone_graph(lexicon, arpa, units))

    def hclg(name, table, silence=None):
        def make():
            parts_of_it = lexicon_and_ngrams(list(lexicon), arpa, units[1:], LexiconOptions(silence))
            made[name] = compose_hclg(*parts_of_it, topology, table)

        return make

    phones = tuple(units[1:])
    ways = (
        tlg,
        direct,
        hclg("HCLG, chain, monophones", monophone_table(phones, topology)),
        hclg("HCLG, chain, left-biphones", left_biphone_table(phones, topology)),
    )
    print()
    for (name, graph), ms in zip(made.items(), interleaved(*ways, rounds=1), strict=False):
        fst = graph.fst
        print(f"{name}: {fst.states} states, {fst.arcs} arcs, {fst.nbytes / 1e6:.1f} MB, {ms:.0f} ms")
    assert len(made) == 4


def median_ms(function):
    """Return the median time of some calls in ms, after one that compiles."""
    function()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def test_size_and_time(parts, tmp_path):
    lexicon, arpa, units = parts
    phones = compile_phone_graph(lexicon, arpa, units)
    graph = Graph.from_phones(phones)
    graph.save(tmp_path / "graph")
    phones.save(tmp_path / "phones")
    compiling = median_ms(lambda: compile_phone_graph(lexicon, arpa, units))
    expanding = median_ms(lambda: Graph.from_phones(phones))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nn-grams {arpa.counts}, pronunciations {len(lexicon)}")
    print(f"phones and words: {phones.fst.states} states, {phones.fst.arcs} arcs, {compiling:.0f} ms")
    print(f"with CTC topology: {graph.fst.states} states, {graph.fst.arcs} arcs, {expanding:.0f} ms more")
    for what, path in (("whole", tmp_path / "graph"), ("phones and words", tmp_path / "phones")):
        print(
            f"file, {what}: {path.stat().st_size / 1e6:.1f} MB, load {median_ms(lambda p=path: Graph.load(p)):.1f} ms"
        )
    checking = median_ms(graph.check)
    print(f"check {checking:.1f} ms, {graph.fst.nbytes / graph.fst.arcs:.1f} bytes an arc, peak memory {peak:.0f} MB")
    assert (tmp_path / "phones").stat().st_size < 0.3 * (tmp_path / "graph").stat().st_size


def test_beside_the_chain_of_kaldi(parts):
    kaldifst = pytest.importorskip("kaldifst")
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from kaldi_chain import chain

    lexicon, arpa, units = parts
    fst = compile_phone_graph(lexicon, arpa, units).fst
    ours = median_ms(lambda: compile_phone_graph(lexicon, arpa, units))
    start = time.perf_counter()
    states, arcs = chain(kaldifst, lexicon, arpa, units)
    theirs = 1000 * (time.perf_counter() - start)
    print(f"\nours:  {fst.states} states, {fst.arcs} arcs, {ours:.0f} ms")
    print(f"Kaldi: {states} states, {arcs} arcs, {theirs:.0f} ms (with its input written arc by arc)")
    sizes = f"{fst.states / states:.2f} of the states, {fst.arcs / arcs:.2f} of the arcs"
    print(f"ratio: {sizes}, {ours / theirs:.3f} of the time")
    assert fst.states + fst.arcs <= states + arcs
