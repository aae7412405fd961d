"""Beam search beside kaldi-decoder's FasterDecoder, one thread, 15 s of scores: ``pytest bench/bench_decoder.py -s``.

The graph is the bundled model's, or the one that $HARKEN_GRAPH names; the scores are peaky ones made from the graph (or
those in $HARKEN_SCORES, an .npz with an array ``scores``). Both searches get the same beam, max_active and min_active.
The peer keeps only its best path, ours the links for n-best lists too; its decodable object is made outside the timer.
"""

import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kaldi_search import as_kaldi, real_graphs
from peaky_scores import peaky_scores

ROWS = 500
ROUNDS = 3
BAR = 0.8
CASES = [(9.0, 3000), (11.0, 7000), (13.0, 7000)]


@pytest.fixture(scope="module")
def graph():
    paths = real_graphs()
    if not paths:
        pytest.skip("no graph in engine/models or $HARKEN_GRAPH")
    return Graph.load(paths[0])


@pytest.fixture(scope="module")
def utterances(graph):
    if "HARKEN_SCORES" in os.environ:
        return [np.load(os.environ["HARKEN_SCORES"])["scores"]]
    return [peaky_scores(graph, ROWS, seed) for seed in range(3)]


@pytest.fixture(scope="module")
def kaldi_graph(graph):
    pytest.importorskip("kaldi_decoder")
    return as_kaldi(graph)


def decode(machine, scores):
    search = machine.start()
    search.advance(scores)
    return search, search.finish()


def seconds(function, *arguments):
    """Return the processor time that a call takes, and its answer: other processes do not count."""
    start = time.thread_time()
    answer = function(*arguments)
    return time.thread_time() - start, answer


@pytest.mark.parametrize(("beam", "max_active"), CASES)
def test_search(graph, kaldi_graph, utterances, beam, max_active):
    import kaldi_decoder

    machine = BeamSearch(graph, SearchOptions(beam=beam, max_active=max_active, min_active=20))
    options = kaldi_decoder.FasterDecoderOptions(beam=beam, max_active=max_active, min_active=20)

    def peer(decodable):
        decoder = kaldi_decoder.FasterDecoder(kaldi_graph, options)
        decoder.decode(decodable)
        return decoder.get_best_path()

    decode(machine, utterances[0])[1].nbest(2)
    ours, theirs, lists, arcs, frames = [], [], [], 0, 0
    for _ in range(ROUNDS):
        for scores in utterances:
            taken, (search, result) = seconds(decode, machine, scores)
            ours.append(taken)
            lists.append(seconds(result.nbest, 100)[0])
            expanded = np.ascontiguousarray(scores[:, graph.score_column[1:]])
            theirs.append(seconds(peer, kaldi_decoder.DecodableCtc(expanded))[0])
            arcs, frames = arcs + search.arcs, frames + len(scores)
    ratio = statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))
    print(
        f"\nbeam {beam:g}, max_active {max_active}: {frames / sum(ours):,.0f} frames/s, {arcs / sum(ours) / 1e6:.1f} M "
        f"arcs/s, {1000 * statistics.median(ours):.1f} ms an utterance; FasterDecoder "
        f"{1000 * statistics.median(theirs):.1f} ms; ratio {ratio:.2f} (bar {BAR}); "
        f"100-best {1000 * statistics.median(lists):.1f} ms"
    )
    assert ratio <= BAR


def test_ready_to_search(graph):
    BeamSearch(graph)
    taken = statistics.median(seconds(BeamSearch, graph)[0] for _ in range(5))
    machine = BeamSearch(graph)
    start = statistics.median(seconds(machine.start)[0] for _ in range(20))
    print(f"\na BeamSearch of {graph.fst.arcs:,} arcs is ready in {1000 * taken:.1f} ms, a search begins in "
          f"{1000 * start:.2f} ms")  # fmt: skip
    assert start < 0.05
