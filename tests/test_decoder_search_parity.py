"""The beam search beside kaldi-decoder's FasterDecoder, on the same graph with the same scores."""

from typing import Any

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.search.beam_search import BeamSearch
from harken.decoder.search.options import SearchOptions

from .kaldi_search import as_kaldi, real_graphs
from .naive_search import random_graph
from .peaky_scores import peaky_scores
from .shared_data import shared

pytestmark = pytest.mark.parity


def faster_decoder(graph: Graph, kaldi_graph: Any, scores: Any, beam: float) -> tuple[tuple[str, ...], float, bool]:
    kaldi_decoder, kaldifst = pytest.importorskip("kaldi_decoder"), pytest.importorskip("kaldifst")
    options = kaldi_decoder.FasterDecoderOptions(beam=beam, min_active=20)
    decoder = kaldi_decoder.FasterDecoder(kaldi_graph, options)
    # Its DecodableCtc reads column ilabel - 1, so every input label gets a column of its own.
    decoder.decode(kaldi_decoder.DecodableCtc(np.ascontiguousarray(scores[:, graph.score_column[1:]])))
    found, path = decoder.get_best_path()
    assert found
    _, _, olabels, weight = kaldifst.get_linear_symbol_sequence(path)
    return tuple(graph.words[label] for label in olabels), weight.value1 + weight.value2, decoder.reached_final()


def compare(graph: Graph, kaldi_graph: Any, scores: Any, beam: float) -> None:
    words, cost, reached = faster_decoder(graph, kaldi_graph, scores, beam)
    search = BeamSearch(graph, SearchOptions(beam=beam, max_active=10**8, min_active=20)).start()
    search.advance(scores)
    result = search.finish()
    assert result.reached_final == reached
    assert result.best.total_cost == pytest.approx(cost, rel=1e-3, abs=1e-3)
    assert result.best.words == words


@pytest.mark.parametrize("seed", range(20))
def test_small_graphs_are_decoded_as_faster_decoder_decodes_them(seed: int) -> None:
    graph = random_graph(seed, 40, 12, 30, 160)
    scores = np.log(np.random.default_rng(seed).dirichlet(np.full(graph.columns, 0.5), size=30) + 1e-9)
    compare(graph, as_kaldi(graph), scores.astype(np.float32), beam=100.0)


def test_the_real_graph_is_decoded_as_faster_decoder_decodes_it() -> None:
    paths = real_graphs()
    if not paths:
        pytest.skip("no graph in engine/models or $HARKEN_GRAPH")
    graph = Graph.load(paths[0])
    kaldi_graph = as_kaldi(graph)
    for seed in range(3):
        compare(graph, kaldi_graph, peaky_scores(graph, 200, seed), beam=16.0)


@pytest.mark.speech
def test_real_speech_is_decoded_as_faster_decoder_decodes_it() -> None:
    from harken import Recognizer
    from harken.engine.audio import read_audio

    clips = sorted(shared("speech/valid/librispeech").glob("*.opus"))[::48]
    recognizer = Recognizer()
    kaldi_graph = as_kaldi(recognizer.graph)
    for clip in clips:
        scores = recognizer.scores(recognizer.features(read_audio(clip)[0]))
        compare(recognizer.graph, kaldi_graph, scores, beam=16.0)
