import dataclasses
import tracemalloc
from typing import Any

import numpy as np
import pytest
from harken.decoder.graph.search_graph import Graph
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.nbest import nbest
from harken.decoder.search.beam_search import BeamSearch, Search
from harken.decoder.search.options import SearchOptions
from harken.decoder.search.token_arrays import BEAM, MAX_ACTIVE, MIN_ACTIVE
from harken.errors import FormatError, OptionsError, ScoresError, SearchError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .naive_search import all_sequences, random_graph, word_times

WIDE = SearchOptions(beam=1e5, max_active=10**6, min_active=0, lattice_beam=1e4, acoustic_scale=0.7, keep_frames=None)


def random_scores(seed: int, rows: int, columns: int, peak: float = 1.0) -> Any:
    random = np.random.default_rng(seed)
    return np.log(random.dirichlet(np.full(columns, peak), size=rows) + 1e-30).astype(np.float32)


def searched(graph: Graph, scores: Any, options: SearchOptions, cuts: tuple[int, ...] = ()) -> Search:
    search = BeamSearch(graph, options).start()
    for part in np.split(scores, sorted(cuts)):
        search.advance(part)
    return search


graphs = st.builds(
    random_graph,
    seed=st.integers(0, 10**6),
    states=st.integers(1, 6),
    labels=st.integers(2, 5),
    words=st.just(4),
    arcs=st.integers(1, 12),
    finals=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(graph=graphs, rows=st.integers(0, 5), seed=st.integers(0, 10**6), interval=st.integers(1, 3))
def test_wide_search_finds_what_exhaustive_search_finds(graph: Graph, rows: int, seed: int, interval: int) -> None:
    scores = random_scores(seed, rows, graph.columns)
    expected, reached = all_sequences(graph, scores, 0.7)
    result = searched(graph, scores, dataclasses.replace(WIDE, prune_interval=interval)).finish()
    words, path = expected[0]
    assert result.reached_final == reached
    assert result.frames == rows
    assert result.best.total_cost == pytest.approx(path.cost, rel=1e-6, abs=1e-5)
    near = [words for words, path in expected if path.cost < expected[0][1].cost + 1e-5]
    assert result.best.words in near
    if len(near) == 1:
        assert result.best.graph_cost == pytest.approx(path.graph_cost, rel=1e-5, abs=1e-5)
        assert result.best.acoustic_cost == pytest.approx(path.acoustic_cost, rel=1e-5, abs=1e-5)
        times = word_times(graph, path.labels, len(words))
        assert list(result.best.times[: len(times)]) == times


@settings(max_examples=40, deadline=None)
@given(
    graph_seed=st.integers(0, 10**6),
    seed=st.integers(0, 10**6),
    cuts=st.tuples(*[st.integers(0, 30)] * 3),
    keep=st.sampled_from([None, 4, 9]),
    active=st.sampled_from([2, 5, 1000]),
)
def test_any_cutting_into_calls_gives_the_same_bits(
    graph_seed: int, seed: int, cuts: tuple[int, ...], keep: int | None, active: int
) -> None:
    graph = random_graph(graph_seed, 12, 6, 9, 30)
    scores = random_scores(seed, 30, graph.columns, 0.3)
    options = SearchOptions(beam=6.0, max_active=active, min_active=2, prune_interval=3, keep_frames=keep)
    whole = searched(graph, scores, options).finish()
    cut = searched(graph, scores, options, cuts).finish()
    assert whole.best == cut.best
    assert whole.nbest(20) == cut.nbest(20)


@settings(max_examples=40, deadline=None)
@given(graph_seed=st.integers(0, 10**6), seed=st.integers(0, 10**6), keep=st.integers(1, 8))
def test_committing_leaves_the_best_path_as_it_was(graph_seed: int, seed: int, keep: int) -> None:
    graph = random_graph(graph_seed, 12, 6, 9, 30)
    scores = random_scores(seed, 40, graph.columns, 0.2)
    options = SearchOptions(beam=5.0, max_active=50, min_active=0, prune_interval=2, keep_frames=None)
    without = searched(graph, scores, options).finish()
    committing = searched(graph, scores, dataclasses.replace(options, keep_frames=keep))
    result = committing.finish()
    assert result.best.words == without.best.words
    assert result.best.times == without.best.times
    assert result.best.total_cost == pytest.approx(without.best.total_cost, rel=1e-9)
    listed = result.nbest(5)
    assert listed[0].words == result.best.words
    assert len({hypothesis.words for hypothesis in listed}) == len(listed)


@settings(max_examples=40, deadline=None)
@given(graph=graphs, seed=st.integers(0, 10**6))
def test_narrow_pruning_never_beats_the_best_path_and_costs_add_up(graph: Graph, seed: int) -> None:
    scores = random_scores(seed, 5, graph.columns)
    expected, _ = all_sequences(graph, scores, 0.7)
    options = dataclasses.replace(WIDE, max_active=2, beam=4.0, lattice_beam=3.0)
    result = searched(graph, scores, options).finish()
    if result.reached_final:
        assert result.best.total_cost >= expected[0][1].cost - 1e-4
    total = result.best.graph_cost + 0.7 * result.best.acoustic_cost
    assert result.best.total_cost == pytest.approx(total, rel=1e-9)


def test_memory_does_not_grow_with_the_recording() -> None:
    graph = random_graph(5, 12, 6, 9, 30)
    search = BeamSearch(graph, SearchOptions(beam=5.0, prune_interval=5, keep_frames=20)).start()
    scores = random_scores(1, 100, graph.columns, 0.2)
    search.advance(scores)
    sizes = []
    for _ in range(8):
        search.advance(scores)
        sizes.append(search.kept_bytes)
    assert sizes[0] == sizes[-1]
    assert search.committed_frames > 800
    assert search.frames == 900
    tracemalloc.start()
    search.advance(scores)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 200_000


def test_partial_results_and_pauses_are_those_of_the_search_so_far() -> None:
    graph = random_graph(11, 6, 4, 5, 14)
    scores = random_scores(3, 12, graph.columns)
    search = BeamSearch(graph, dataclasses.replace(WIDE, keep_frames=None)).start()
    for row in range(12):
        search.advance(scores[row : row + 1])
        here = search.partial()
        again = searched(graph, scores[: row + 1], WIDE)
        assert here == again.partial()
        if not again.finish().reached_final:
            assert here == again.finish().best


def test_trailing_blanks_are_counted_on_the_best_path() -> None:
    counted = set()
    for seed in range(12):
        graph = random_graph(seed, 5, 4, 4, 10, finals=False)
        scores = random_scores(seed, 5, graph.columns)
        scores[3:, 0] += 4.0
        labels = all_sequences(graph, scores, 0.7)[0][0][1].labels
        blanks = 0
        while blanks < len(labels) and graph.label_phone[labels[-1 - blanks]] == 0:
            blanks += 1
        assert searched(graph, scores, WIDE).trailing_blanks() == blanks
        counted.add(blanks)
    assert len(counted) > 2


def test_first_frame_moves_the_times() -> None:
    graph = random_graph(7, 6, 5, 5, 20)
    scores = random_scores(7, 8, graph.columns)
    machine = BeamSearch(graph, WIDE)
    early, late = machine.start(), machine.start(first_frame=100)
    early.advance(scores)
    late.advance(scores)
    assert late.finish().best.words == early.finish().best.words
    moved = tuple((start + 100, end + 100) for start, end in early.finish().best.times)
    assert late.finish().best.times == moved


def test_no_path_left_names_the_frame() -> None:
    graph = random_graph(3, 4, 4, 4, 8)
    search = BeamSearch(graph).start()
    scores = random_scores(3, 6, graph.columns)
    scores[4] = -np.inf
    with pytest.raises(SearchError, match="after frame 4"):
        search.advance(scores)
    with pytest.raises(SearchError, match="frame 4"):
        search.advance(scores[:1])
    with pytest.raises(SearchError, match="frame 4"):
        search.finish()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_logarithms_are_refused(bad: float) -> None:
    graph = random_graph(3, 4, 4, 4, 8)
    search = BeamSearch(graph).start()
    scores = random_scores(3, 6, graph.columns)
    before = scores.copy()
    scores[2, 1] = bad
    with pytest.raises(ScoresError, match="frame 2, column 1"):
        search.advance(scores)
    search.advance(before)
    assert search.frames == 6


def test_scores_of_another_shape_are_refused() -> None:
    graph = random_graph(3, 4, 4, 4, 8)
    search = BeamSearch(graph).start()
    with pytest.raises(ScoresError, match="shape"):
        search.advance(np.zeros((3, graph.columns - 1), np.float32))
    with pytest.raises(ScoresError, match="shape"):
        search.advance(np.zeros(graph.columns, np.float32))


def test_a_finished_search_takes_no_more() -> None:
    graph = random_graph(3, 4, 4, 4, 8)
    search = BeamSearch(graph).start()
    search.advance(random_scores(3, 6, graph.columns))
    assert search.finish() is search.finish()
    with pytest.raises(SearchError, match="start another"):
        search.advance(random_scores(3, 6, graph.columns))


def test_an_epsilon_cycle_is_refused() -> None:
    graph = random_graph(3, 4, 4, 4, 8)
    from harken.decoder.fst.transducer import Fst

    cyclic = Fst.from_arcs(
        0, [0, 1, 0], [0, 0, 1], [0, 0, 0], [1.0, 1.0, 1.0], [1, 0, 0], [0.0, np.inf]
    ).in_search_order()
    with pytest.raises(FormatError, match="cycle"):
        BeamSearch(dataclasses.replace(graph, fst=cyclic))


@pytest.mark.parametrize(
    "wrong",
    [
        {"beam": 0.0},
        {"beam": float("nan")},
        {"lattice_beam": -1.0},
        {"max_active": 0},
        {"max_active": 100},
        {"min_active": -1},
        {"acoustic_scale": 0.0},
        {"prune_interval": 0},
        {"keep_frames": 0},
    ],
)
def test_options_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionsError, match=next(iter(wrong))):
        SearchOptions(**wrong)


@settings(max_examples=40, deadline=None)
@given(graph=graphs, rows=st.integers(0, 5), seed=st.integers(0, 10**6), beam=st.sampled_from([1e4, 2.0]))
def test_the_lattice_holds_what_exhaustive_search_finds(graph: Graph, rows: int, seed: int, beam: float) -> None:
    scores = random_scores(seed, rows, graph.columns)
    expected, reached = all_sequences(graph, scores, 0.7)
    expected = [(words, path) for words, path in expected if path.cost <= expected[0][1].cost + beam - 1e-4]
    result = searched(graph, scores, dataclasses.replace(WIDE, lattice_beam=beam, prune_interval=2)).finish()
    lattice = result.lattice()
    lattice.check()
    assert (lattice.frames[0], lattice.frames[-1]) == (0, rows)
    assert np.array_equal(
        np.diff(lattice.label_begin), lattice.frames[lattice.nextstates] - lattice.frames[lattice.sources()]
    )
    found = nbest(lattice, 10**5)
    assert {path.words for path in found} >= {words for words, _ in expected}
    costs = {path.words: path for path in found}
    for words, path in expected:
        assert costs[words].total_cost == pytest.approx(path.cost, rel=1e-6, abs=1e-4)
    best = result.best
    assert found[0].total_cost == pytest.approx(best.total_cost, rel=1e-9, abs=1e-9)
    final = lattice.final_graph_costs[-1]
    assert reached or final == 0.0
    listed = result.nbest(len(expected))
    assert listed[0].total_cost == pytest.approx(best.total_cost, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(graph_seed=st.integers(0, 10**6), seed=st.integers(0, 10**6), keep=st.sampled_from([None, 4, 9]))
@example(graph_seed=598028, seed=663659, keep=4)
def test_the_best_path_alone_is_the_best_path(graph_seed: int, seed: int, keep: int | None) -> None:
    graph = random_graph(graph_seed, 12, 6, 9, 30)
    scores = random_scores(seed, 40, graph.columns, 0.2)
    options = SearchOptions(beam=5.0, max_active=50, min_active=0, prune_interval=3, keep_frames=keep)
    with_links = searched(graph, scores, options)
    alone = searched(graph, scores, dataclasses.replace(options, lattice_beam=0.0))
    assert alone.partial() == with_links.partial()
    assert alone.finish().best == with_links.finish().best
    assert alone.arcs == with_links.arcs
    (only,) = alone.finish().nbest(5)
    assert only.words == alone.finish().best.words
    assert only.total_cost == pytest.approx(alone.finish().best.total_cost, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(graph_seed=st.integers(0, 10**6), seed=st.integers(0, 10**6), keep=st.integers(2, 9))
def test_segments_join_to_the_lattice_of_the_whole(graph_seed: int, seed: int, keep: int) -> None:
    graph = random_graph(graph_seed, 12, 6, 9, 30)
    scores = random_scores(seed, 40, graph.columns, 0.2)
    options = SearchOptions(beam=5.0, max_active=50, min_active=0, prune_interval=2, keep_frames=keep)
    machine = BeamSearch(graph, options)
    search = machine.start(first_frame=7, keep_lattice=True)
    search.advance(scores)
    best = search.finish().best
    for segment in search.segments:
        segment.check()
        assert np.flatnonzero(np.isfinite(segment.final_graph_costs)).tolist() == [segment.states - 1]
    lattice = search.finish().lattice()
    lattice.check()
    assert (lattice.frames[0], lattice.frames[-1]) == (7, 47)
    assert sum(segment.arcs for segment in search.segments) < lattice.arcs
    path = nbest(lattice, 1)[0]
    assert path.words == best.words
    assert path.total_cost == pytest.approx(best.total_cost, rel=1e-9)
    small = machine.start(first_frame=7, keep_lattice=determinize)
    small.advance(scores)
    listed = nbest(small.finish().lattice(), 3, 4.0)
    small.finish().lattice().check()
    assert listed[0].words == best.words
    assert [path.total_cost for path in listed] == pytest.approx([path.total_cost for path in nbest(lattice, 3, 4.0)])
    without = machine.start(first_frame=7)
    without.advance(scores)
    assert without.segments == ()
    assert without.finish().best == best
    assert without.finish().lattice().frames[0] == 7 + without.committed_frames


@settings(max_examples=30, deadline=None)
@given(
    graph_seed=st.integers(0, 10**6),
    seed=st.integers(0, 10**6),
    active=st.tuples(st.integers(0, 6), st.integers(0, 40)),
    beam=st.floats(1.0, 9.0),
)
def test_a_trace_tells_what_was_followed_and_changes_nothing(
    graph_seed: int, seed: int, active: tuple[int, int], beam: float
) -> None:
    graph = random_graph(graph_seed, 30, 6, 9, 120)
    scores = random_scores(seed, 25, graph.columns, 0.4)
    options = SearchOptions(beam=beam, min_active=active[0], max_active=max(1, sum(active)), prune_interval=4)
    machine = BeamSearch(graph, options)
    plain, traced = machine.start(), machine.start(trace=True)
    plain.advance(scores)
    for part in np.split(scores, [3, 3, 10]):
        traced.advance(part)
    assert plain.finish().best == traced.finish().best
    assert plain.arcs == traced.arcs
    assert [len(array) for array in plain.trace] == [0] * 5
    trace = traced.trace
    assert [len(array) for array in trace] == [25] * 5
    assert (trace.followed <= trace.tokens).all()
    assert (trace.followed >= 1).all()
    assert (trace.cutoff >= trace.best).all()
    by_beam = trace.bound == BEAM
    assert trace.cutoff[by_beam] == pytest.approx(trace.best[by_beam] + beam)
    assert (trace.followed[trace.bound == MAX_ACTIVE] >= options.max_active).all()
    assert (trace.cutoff[trace.bound == MAX_ACTIVE] <= trace.best[trace.bound == MAX_ACTIVE] + beam).all()
    few = trace.bound == MIN_ACTIVE
    assert (trace.followed[few] >= np.minimum(trace.tokens[few], options.min_active)).all()
    assert (trace.cutoff[few] >= trace.best[few] + beam).all()


def test_a_recording_that_breaks_off_needs_no_final_state() -> None:
    endings = set()
    for seed in range(20):
        graph = random_graph(seed, 6, 4, 5, 14)
        scores = random_scores(seed, 8, graph.columns)
        whole, broken = searched(graph, scores, WIDE).finish(), searched(graph, scores, WIDE)
        result = broken.finish(final=False)
        assert not result.reached_final
        assert result.best == searched(graph, scores, WIDE).partial()
        assert nbest(result.lattice(), 1)[0].total_cost == pytest.approx(result.best.total_cost, rel=1e-9)
        with pytest.raises(SearchError, match="final=False"):
            broken.finish()
        endings.add(whole.best.words == result.best.words)
    assert endings == {True, False}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("nextstates", 99, "nextstates"), ("ilabels", 77, "ilabels"), ("olabels", 55, "olabels"), ("start", 44, "start")],
)
def test_a_bad_graph_is_refused(field: str, value: int, message: str) -> None:
    graph = random_graph(3, 4, 4, 4, 8)
    worse: Any = value
    if field != "start":
        worse = getattr(graph.fst, field).copy()
        worse[-1 if field != "ilabels" else 0] = value
    with pytest.raises(FormatError, match=message):
        BeamSearch(dataclasses.replace(graph, fst=dataclasses.replace(graph.fst, **{field: worse})))
