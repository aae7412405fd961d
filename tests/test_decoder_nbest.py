import dataclasses

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.search.options import SearchOptions
from harken.errors import OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_search import all_sequences, random_graph, word_times
from .test_decoder_search import WIDE, graphs, random_scores, searched


@settings(max_examples=50, deadline=None)
@given(
    graph=graphs,
    rows=st.integers(0, 5),
    seed=st.integers(0, 10**6),
    count=st.integers(1, 40),
    lattice_beam=st.sampled_from([0.5, 3.0, 1e4]),
)
def test_nbest_is_every_sequence_within_the_lattice_beam(
    graph: Graph, rows: int, seed: int, count: int, lattice_beam: float
) -> None:
    scores = random_scores(seed, rows, graph.columns)
    options = dataclasses.replace(WIDE, lattice_beam=lattice_beam, prune_interval=2)
    result = searched(graph, scores, options).finish()
    found = result.nbest(count)
    expected, _ = all_sequences(graph, scores, 0.7)
    best = expected[0][1].cost
    # Sequences on the very edge of the beam may fall on either side of it.
    inside = [item for item in expected if item[1].cost <= best + lattice_beam - 1e-4]
    assert len(found) >= min(count, len(inside))
    assert len({hypothesis.words for hypothesis in found}) == len(found) <= count
    by_words = dict(expected)
    for hypothesis, (_, path) in zip(found, expected, strict=False):
        assert hypothesis.total_cost == pytest.approx(path.cost, abs=1e-4)
        mine = by_words[hypothesis.words]
        assert hypothesis.total_cost == pytest.approx(mine.cost, abs=1e-4)
        assert hypothesis.total_cost == pytest.approx(hypothesis.graph_cost + 0.7 * hypothesis.acoustic_cost)
    assert [item.total_cost for item in found] == pytest.approx(sorted(item.total_cost for item in found))


@settings(max_examples=40, deadline=None)
@given(graph=graphs, rows=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_times_are_those_of_the_best_alignment(graph: Graph, rows: int, seed: int) -> None:
    scores = random_scores(seed, rows, graph.columns)
    found = searched(graph, scores, WIDE).finish().nbest(10)
    by_words = dict(all_sequences(graph, scores, 0.7)[0])
    for hypothesis in found:
        times = word_times(graph, by_words[hypothesis.words].labels, len(hypothesis.words))
        assert len(hypothesis.times) == len(hypothesis.words)
        assert list(hypothesis.times[: len(times)]) == times


def test_fewer_are_asked_for_gives_the_front_of_the_list() -> None:
    graph = random_graph(21, 6, 5, 5, 20)
    scores = random_scores(2, 7, graph.columns)
    result = searched(graph, scores, WIDE).finish()
    many = result.nbest(60)
    assert len(many) == 60
    assert result.nbest(7) == many[:7]
    assert many[0] == result.best


def test_a_lattice_beam_of_nothing_keeps_the_best_path() -> None:
    graph = random_graph(21, 6, 5, 5, 20)
    scores = random_scores(2, 9, graph.columns)
    result = searched(graph, scores, dataclasses.replace(WIDE, lattice_beam=0.0)).finish()
    assert [hypothesis.words for hypothesis in result.nbest(5)] == [result.best.words]


def test_committed_words_stand_before_every_alternative() -> None:
    graph = random_graph(5, 12, 6, 9, 30)
    scores = random_scores(1, 60, graph.columns, 0.2)
    options = SearchOptions(beam=8.0, prune_interval=5, keep_frames=10)
    search = searched(graph, scores, options)
    assert search.committed_frames > 30
    result = search.finish()
    settled = [word for word, (_, end) in zip(result.best.words, result.best.times, strict=True) if end < 20]
    found = result.nbest(10)
    assert len(found) > 1
    assert settled
    for hypothesis in found:
        assert list(hypothesis.words[: len(settled)]) == settled


def test_no_sequence_at_all_cannot_be_asked_for() -> None:
    graph = random_graph(5, 4, 4, 4, 8)
    result = searched(graph, np.zeros((2, graph.columns), np.float32), WIDE).finish()
    with pytest.raises(OptionsError, match="at least one"):
        result.nbest(0)
