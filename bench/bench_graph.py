"""The search graph: size, time and memory of its making, beside Kaldi's chain: ``pytest bench/bench_graph.py -s``.

Set BENCH_ARPA and BENCH_LEXICON to measure a real model; otherwise a made-up one stands in: words of random phones,
text by Zipf's law with some memory. The peer (kaldifst: L composed with G, determinised, minimised) makes the
transducer of phones and words alone, so it is compared with that, on the same model, once: half a minute for 150,000
n-grams.
"""

import os
import resource
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph, compile_phone_graph
from harken.lm.arpa import Arpa, NgramTable, read_arpa
from harken.lm.lexicon import Lexicon, Pronunciation

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


@pytest.fixture(scope="module")
def parts():
    if "BENCH_ARPA" not in os.environ:
        return (*made_up(), ("<blank>", *PHONES))
    lexicon = Lexicon.read(os.environ["BENCH_LEXICON"])
    return lexicon, read_arpa(os.environ["BENCH_ARPA"]), ("<blank>", *lexicon.phones)


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
