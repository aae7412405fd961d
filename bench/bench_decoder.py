"""The beam search beside kaldi-decoder, one thread, the bundled model's scores: ``pytest bench/bench_decoder.py -s``.

Two graphs: the bundled model's, and a small one (the 2,000 commonest words of the shared Common Voice sentences, a
unigram, CTC topology) with 1,500 frames. The peers are FasterDecoder (its best path beside our search with a lattice
beam of 0) and LatticeSimpleDecoder (its raw lattice beside ours), with equal beams and max_active; their decodable
objects are made outside the timer. HARKEN_BENCH_CLIPS says how many clips are compared (100: some minutes).
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harken.decoder.lattice.determinize import determinize
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions

sys.path.insert(0, str(Path(__file__).parent))
from search_inputs import clip_scores, decodable, graph_named, kaldi_graph_named, recognizer, rounds, stream_scores

BEST_PATH_BAR, LATTICE_BAR, LATTICE_TO_BEST_BAR = 0.8, 0.6, 2.0
UNLIMITED = 2**31 - 1
CLIPS = int(os.environ.get("HARKEN_BENCH_CLIPS", "100"))
CASES = [(9.0, 3000, 20), (11.0, 7000, 20), (14.0, 6000, 200), (16.0, UNLIMITED, 0)]


def pieces(name):
    """Return the score matrices that are searched in a graph."""
    return clip_scores(8)[:4] if name == "bundled" else [stream_scores(1500)]


def seconds(function, *arguments):
    """Return the processor time that a call takes, and its answer: other processes do not count."""
    start = time.thread_time()
    answer = function(*arguments)
    return time.thread_time() - start, answer


def decode(machine, scores):
    search = machine.start()
    search.advance(scores)
    return search.finish()


def faster_decoder(name, beam, max_active, min_active, scores):
    """Return the time that FasterDecoder takes, the cost and the words that it finds, and whether it ends finally."""
    import kaldi_decoder
    import kaldifst

    options = kaldi_decoder.FasterDecoderOptions(beam=beam, max_active=max_active, min_active=min_active)
    readable = decodable(graph_named(name), scores)

    def run():
        decoder = kaldi_decoder.FasterDecoder(kaldi_graph_named(name), options)
        decoder.decode(readable)
        return decoder.get_best_path()[1], decoder.reached_final()

    taken, (path, reached) = seconds(run)
    _, _, olabels, weight = kaldifst.get_linear_symbol_sequence(path)
    words = tuple(graph_named(name).words[label] for label in olabels)
    return taken, weight.value1 + weight.value2, words, reached


def lattice_decoder(name, beam, lattice_beam, scores):
    """Return the time that LatticeSimpleDecoder takes to decode and give its raw lattice."""
    import kaldi_decoder

    config = kaldi_decoder.LatticeSimpleDecoderConfig(beam=beam, lattice_beam=lattice_beam)
    readable = decodable(graph_named(name), scores)

    def run():
        decoder = kaldi_decoder.LatticeSimpleDecoder(kaldi_graph_named(name), config)
        decoder.decode(readable)
        return decoder.get_raw_lattice()

    return seconds(run)[0]


def median_ratio(ours, theirs):
    return statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("name", ["bundled", "small"])
@pytest.mark.parametrize(("beam", "max_active", "min_active"), CASES)
def test_best_path(name, beam, max_active, min_active):
    kaldi_graph_named(name)
    limits = {"beam": beam, "max_active": max_active, "min_active": min_active}
    machine = BeamSearch(graph_named(name), SearchOptions(**limits, lattice_beam=0.0))
    decode(machine, pieces(name)[0])
    ours, theirs, arcs, frames = [], [], 0, 0
    for _ in range(rounds(5)):
        for scores in pieces(name):
            taken, result = seconds(decode, machine, scores)
            ours.append(taken)
            theirs.append(faster_decoder(name, beam, max_active, min_active, scores)[0])
            arcs, frames = arcs + result.search.arcs, frames + len(scores)
    ratio = median_ratio(ours, theirs)
    print(
        f"\n{name} graph, best path, beam {beam:g}, max_active {max_active}: {frames / sum(ours):,.0f} frames/s, "
        f"{arcs / sum(ours) / 1e6:.1f} M arcs/s; FasterDecoder {frames / sum(theirs):,.0f} frames/s; "
        f"ratio {ratio:.2f} (bar {BEST_PATH_BAR})"
    )
    assert ratio <= BEST_PATH_BAR


@pytest.mark.parametrize("name", ["bundled", "small"])
def test_raw_lattice(name):
    kaldi_graph_named(name)
    limits = {"beam": 16.0, "max_active": UNLIMITED, "min_active": 0}
    alone = BeamSearch(graph_named(name), SearchOptions(**limits, lattice_beam=0.0))
    machine = BeamSearch(graph_named(name), SearchOptions(**limits, lattice_beam=8.0))

    def lattice_of(scores):
        result = decode(machine, scores)
        return result, result.lattice()

    decode(alone, pieces(name)[0])
    lattice_of(pieces(name)[0])[0].nbest(2)
    best, ours, theirs, lists, sizes, arcs, frames = [], [], [], [], [], 0, 0
    for _ in range(rounds(3)):
        for scores in pieces(name):
            best.append(seconds(decode, alone, scores)[0])
            taken, (result, lattice) = seconds(lattice_of, scores)
            ours.append(taken)
            lists.append(seconds(result.nbest, 100)[0])
            theirs.append(lattice_decoder(name, 16.0, 8.0, scores))
            sizes.append(lattice.arcs / len(scores))
            arcs, frames = arcs + result.search.arcs, frames + len(scores)
    ratio, to_best = median_ratio(ours, theirs), median_ratio(ours, best)
    print(
        f"\n{name} graph, raw lattice, beam 16, lattice beam 8: {frames / sum(ours):,.0f} frames/s, "
        f"{arcs / sum(ours) / 1e6:.1f} M arcs/s, {statistics.mean(sizes):.1f} lattice arcs a frame; "
        f"LatticeSimpleDecoder {frames / sum(theirs):,.0f} frames/s, ratio {ratio:.2f} (bar {LATTICE_BAR}); "
        f"our best path {frames / sum(best):,.0f} frames/s, ratio {to_best:.2f} (bar {LATTICE_TO_BEST_BAR}); "
        f"100-best {1000 * statistics.median(lists):.1f} ms"
    )
    assert ratio <= LATTICE_BAR
    assert to_best <= LATTICE_TO_BEST_BAR


@pytest.mark.parametrize("settings", ["wide", "bundle"])
def test_words_and_costs_beside_faster_decoder(settings):
    decoding = recognizer().decoding
    beam, max_active, min_active = (
        (20.0, UNLIMITED, 0) if settings == "wide" else (decoding.beam, decoding.max_active, decoding.min_active)
    )
    lattice_beam = 0.0 if settings == "wide" else decoding.lattice_beam
    options = SearchOptions(beam=beam, max_active=max_active, min_active=min_active, lattice_beam=lattice_beam)
    machine = BeamSearch(graph_named("bundled"), options)
    kaldi_graph_named("bundled")
    same_words, equal, no_higher, worst, ours, theirs = 0, 0, 0, 0.0, [], []
    for scores in clip_scores(CLIPS):
        taken, result = seconds(decode, machine, scores)
        its, cost, words, reached = faster_decoder("bundled", beam, max_active, min_active, scores)
        difference = (result.best.total_cost - cost) / abs(cost)
        same_words += result.best.words == words and result.reached_final == reached
        equal += abs(difference) <= 1e-3
        no_higher += difference <= 1e-3
        worst = max(worst, abs(difference))
        ours.append(taken)
        theirs.append(its)
    print(
        f"\n{settings} settings, {CLIPS} clips: same words {same_words}, equal costs {equal}, costs no higher "
        f"{no_higher}; largest relative difference {worst:.1e}; time {sum(ours):.1f} s beside {sum(theirs):.1f} s, "
        f"ratio {sum(ours) / sum(theirs):.2f}"
    )
    if settings == "wide":
        assert same_words == equal == CLIPS
    else:
        assert no_higher >= 0.98 * CLIPS


def test_trace_costs_nothing():
    scores, machine = clip_scores(8)[0], BeamSearch(graph_named("bundled"), SearchOptions(beam=11.0, max_active=7000))
    decode(machine, scores)

    def traced():
        search = machine.start(trace=True)
        search.advance(scores)
        return search.finish()

    pairs = [(seconds(decode, machine, scores)[0], seconds(traced)[0]) for _ in range(rounds(15))]
    ratio = statistics.median(with_trace / without for without, with_trace in pairs)
    trace = traced().search.trace
    print(f"\ntracing a search takes {ratio:.2f} of its time; tokens followed a frame: {trace.followed.mean():,.0f}")
    assert ratio < 1.1


@pytest.mark.parametrize("keep_lattice", [False, True, determinize])
def test_memory_of_an_hour(keep_lattice):
    """An hour of scores in one search, 30 ms a row, a minute at a time."""
    decoding = recognizer().decoding
    options = SearchOptions(decoding.beam, decoding.max_active, decoding.min_active, lattice_beam=decoding.lattice_beam)
    scores = stream_scores(8000)
    search = BeamSearch(graph_named("bundled"), options).start(keep_lattice=keep_lattice)
    start, kept = time.thread_time(), []
    for minute in range(60):
        search.advance(scores[2000 * (minute % 4) : 2000 * (minute % 4) + 2000])
        kept.append(search.kept_bytes)
    taken = time.thread_time() - start
    segments = sum(segment.nbytes for segment in search.segments)
    result = search.finish()
    what = {False: "words", True: "raw lattices", determinize: "determinized lattices"}[keep_lattice]
    print(
        f"\nan hour in one search, {what} kept: {search.frames / taken:,.0f} frames/s; its "
        f"arrays {kept[0] / 1e6:.1f} MB after a minute, {max(kept) / 1e6:.1f} MB at most; {len(result.best.words)} "
        f"words; {len(search.segments)} segments of {segments / 1e6:.1f} MB"
    )
    assert max(kept[5:]) <= 1.01 * max(kept[:5])


def test_ready_to_search():
    graph = graph_named("bundled")
    BeamSearch(graph)
    taken = statistics.median(seconds(BeamSearch, graph)[0] for _ in range(5))
    machine = BeamSearch(graph)
    start = statistics.median(seconds(machine.start)[0] for _ in range(20))
    print(f"\na BeamSearch of {graph.fst.arcs:,} arcs is ready in {1000 * taken:.1f} ms, a search begins in "
          f"{1000 * start:.2f} ms")  # fmt: skip
    assert start < 0.05


FIRST_SEARCH = """
import sys, time
sys.path.insert(0, {tests!r})
import numpy as np
from naive_search import random_graph
from harken.decoder.search.beam_search import BeamSearch

graph = random_graph(3, 12, 6, 9, 30)
scores = np.zeros((5, graph.columns), np.float32)
start = time.process_time()
search = BeamSearch(graph).start()
search.advance(scores)
print("search", time.process_time() - start)
start = time.process_time()
result = search.finish()
result.lattice()
print("lattice", time.process_time() - start)
start = time.process_time()
result.nbest(3)
print("n-best", time.process_time() - start)
"""


def test_compile_time(tmp_path):
    tests = str(Path(__file__).parent.parent / "tests")
    command = [sys.executable, "-c", FIRST_SEARCH.format(tests=tests)]
    times = []
    for _ in ("cold", "warm"):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=tmp_path)
        times.append({name: float(taken) for name, taken in (line.split() for line in done.stdout.splitlines())})
    cold, warm = times
    print("\nkernels compiled: " + ", ".join(f"{name} {cold[name]:.1f} s (warm {warm[name]:.2f} s)" for name in cold))
    assert sum(cold.values()) < 20
    assert sum(warm.values()) < 3
