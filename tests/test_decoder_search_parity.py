"""The beam search beside kaldi-decoder's searches, on the same graphs with the same scores."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.lattice.nbest import nbest
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions
from harken.decoder.search.result import SearchResult

from .kaldi_lattice import as_lattice, raw_lattice
from .kaldi_search import as_kaldi, real_graphs
from .naive_search import random_graph
from .peaky_scores import peaky_scores
from .shared_data import shared

pytestmark = pytest.mark.parity


def faster_decoder(
    graph: Graph, kaldi_graph: Any, scores: Any, options: SearchOptions
) -> tuple[tuple[str, ...], float, bool]:
    kaldi_decoder, kaldifst = pytest.importorskip("kaldi_decoder"), pytest.importorskip("kaldifst")
    widths = {name: getattr(options, name) for name in ("beam", "max_active", "min_active", "beam_delta")}
    decoder = kaldi_decoder.FasterDecoder(kaldi_graph, kaldi_decoder.FasterDecoderOptions(**widths))
    # Its DecodableCtc reads column ilabel - 1, so every input label gets a column of its own.
    decoder.decode(kaldi_decoder.DecodableCtc(np.ascontiguousarray(scores[:, graph.score_column[1:]])))
    found, path = decoder.get_best_path()
    assert found
    _, _, olabels, weight = kaldifst.get_linear_symbol_sequence(path)
    return tuple(graph.words[label] for label in olabels), weight.value1 + weight.value2, decoder.reached_final()


def searched(graph: Graph, scores: Any, options: SearchOptions) -> SearchResult:
    search = BeamSearch(graph, options).start()
    search.advance(scores)
    return search.finish()


def compare(graph: Graph, kaldi_graph: Any, scores: Any, options: SearchOptions) -> None:
    words, cost, reached = faster_decoder(graph, kaldi_graph, scores, options)
    result = searched(graph, scores, options)
    assert result.reached_final == reached
    assert result.best.total_cost == pytest.approx(cost, rel=1e-3, abs=1e-3)
    assert result.best.words == words


@cache
def real_graph() -> tuple[Graph, Any]:
    paths = real_graphs()
    if not paths:
        pytest.skip("no graph in engine/models or $HARKEN_GRAPH")
    graph = Graph.load(paths[0])
    return graph, as_kaldi(graph)


@cache
def speech_scores() -> tuple[Any, ...]:
    from harken import Recognizer
    from harken.engine.audio import read_audio

    clips = sorted(shared("speech/valid/librispeech").glob("*.opus"))[::80]
    recognizer = Recognizer()
    return tuple(recognizer.scores(recognizer.features(read_audio(clip)[0])) for clip in clips)


def small_scores(graph: Graph, seed: int) -> Any:
    drawn = np.random.default_rng(seed).dirichlet(np.full(graph.columns, 0.5), size=30)
    return np.log(drawn + 1e-9).astype(np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_small_graphs_are_decoded_as_faster_decoder_decodes_them(seed: int) -> None:
    graph = random_graph(seed, 40, 12, 30, 160)
    options = SearchOptions(beam=100.0, min_active=20, lattice_beam=0.0 if seed % 2 else 10.0)
    compare(graph, as_kaldi(graph), small_scores(graph, seed), options)


@pytest.mark.parametrize("seed", range(10))
def test_few_active_states_find_paths_no_worse_than_faster_decoder_finds(seed: int) -> None:
    graph = random_graph(seed, 200, 12, 30, 900)
    scores, options = small_scores(graph, seed), SearchOptions(beam=9.0, max_active=40, min_active=10)
    _, cost, reached = faster_decoder(graph, as_kaldi(graph), scores, options)
    result = searched(graph, scores, options)
    assert result.reached_final == reached
    assert result.best.total_cost <= cost * (1 + 1e-3) + 1e-3


@pytest.mark.parametrize("seed", range(10))
def test_small_lattices_hold_what_lattice_simple_decoder_keeps(seed: int) -> None:
    graph = random_graph(seed, 12, 8, 9, 40)
    scores = small_scores(graph, seed)[:12]
    theirs = nbest(as_lattice(raw_lattice(graph, as_kaldi(graph), scores, 100.0, 6.0), graph), 1000, 5.9)
    options = SearchOptions(beam=100.0, min_active=0, lattice_beam=6.0)
    ours = nbest(searched(graph, scores, options).lattice(), 1000, 5.9)
    assert {path.words for path in ours} == {path.words for path in theirs}
    costs = [path.total_cost for path in theirs]
    assert [path.total_cost for path in ours] == pytest.approx(costs, rel=1e-4, abs=1e-3)


def test_the_real_graph_is_decoded_as_faster_decoder_decodes_it() -> None:
    graph, kaldi_graph = real_graph()
    for seed in range(2):
        compare(graph, kaldi_graph, peaky_scores(graph, 100, seed), SearchOptions(beam=14.0, min_active=20))


@pytest.mark.speech
def test_real_speech_is_decoded_as_faster_decoder_decodes_it() -> None:
    graph, kaldi_graph = real_graph()
    for scores in speech_scores():
        compare(graph, kaldi_graph, scores, SearchOptions(beam=14.0, max_active=6000))
    compare(graph, kaldi_graph, speech_scores()[0][:120], SearchOptions(beam=20.0, min_active=0, lattice_beam=0.0))


@pytest.mark.speech
def test_real_lattices_list_what_lattice_simple_decoder_lists() -> None:
    graph, kaldi_graph = real_graph()
    scores = speech_scores()[0][:150]
    theirs = nbest(as_lattice(raw_lattice(graph, kaldi_graph, scores, 13.0, 6.0), graph), 20)
    ours = nbest(searched(graph, scores, SearchOptions(beam=13.0, min_active=0, lattice_beam=6.0)).lattice(), 20)
    assert [path.words for path in ours] == [path.words for path in theirs]
    assert [path.total_cost for path in ours] == pytest.approx([path.total_cost for path in theirs], rel=1e-4)
