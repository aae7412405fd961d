from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.lattice.assemble import Pieces, assemble, empty_lattice, trim
from harken.decoder.lattice.depth import depth, depth_per_frame
from harken.decoder.lattice.lattice import Lattice
from harken.decoder.lattice.prune import prune
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, random_lattice

LATTICE = random_lattice(11)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nextstates", np.zeros_like(LATTICE.nextstates)),
        ("nextstates", LATTICE.nextstates + 50),
        ("nextstates", LATTICE.nextstates.astype(np.int64)),
        ("words", LATTICE.words - 1),
        ("words", LATTICE.words + 9),
        ("words", LATTICE.words[1:]),
        ("labels", LATTICE.labels * 0),
        ("labels", LATTICE.labels + 7),
        ("arc_begin", LATTICE.arc_begin + 1),
        ("label_begin", LATTICE.label_begin[::-1].copy()),
        ("graph_costs", LATTICE.graph_costs * np.nan),
        ("acoustic_costs", LATTICE.acoustic_costs + np.inf),
        ("final_lm_costs", LATTICE.final_lm_costs - np.inf),
        ("final_graph_costs", LATTICE.final_graph_costs * np.nan),
        ("frames", LATTICE.frames[::-1].copy()),
        ("acoustic_scale", -1.0),
        ("beam", np.nan),
    ],
)
def test_arrays_that_make_no_lattice_are_refused(field: str, value: object) -> None:
    LATTICE.check()
    with pytest.raises(FormatError, match=f"mine: {field}"):
        replace(LATTICE, **{field: value}).check("mine")  # type: ignore[arg-type]


def test_a_label_table_of_another_type_is_refused() -> None:
    assert LATTICE.label_table is not None
    table = LATTICE.label_table._replace(label_starts_word=np.zeros(5))
    with pytest.raises(FormatError, match="label_starts_word"):
        replace(LATTICE, label_table=table).check()


def test_totals_weigh_the_acoustic_costs_alone() -> None:
    expected = LATTICE.costs @ np.array([1.0, 0.7, 1.0, 1.0])
    assert np.allclose(LATTICE.totals, expected)
    assert np.array_equal(np.isfinite(LATTICE.final_totals), np.isfinite(LATTICE.final_graph_costs))
    assert np.array_equal(LATTICE.arrays.totals, LATTICE.totals)
    assert LATTICE.nbytes == sum(getattr(LATTICE, name).nbytes for name in ("arc_begin", "nextstates", "words",
        "label_begin", "labels", "frames")) + 4 * 8 * (LATTICE.arcs + LATTICE.states)  # fmt: skip


def test_an_empty_lattice_is_one() -> None:
    empty = empty_lattice(1.0, ("<eps>",))
    empty.check()
    assert (empty.states, empty.arcs, depth(empty)) == (0, 0, 0.0)
    assert prune(empty, 1.0).states == 0


def test_shuffled_pieces_make_the_same_paths() -> None:
    random = np.random.default_rng(3)
    for seed in range(5):
        lattice = random_lattice(seed)
        pieces = Pieces.of(lattice)
        name = random.permutation(lattice.states)
        order = random.permutation(lattice.arcs)
        shuffled = pieces.take_arcs(order)
        shuffled = shuffled._replace(
            sources=name[shuffled.sources],
            nextstates=name[shuffled.nextstates],
            final_costs=pieces.final_costs[np.argsort(name)],
            frames=None,
        )
        made = assemble(shuffled, int(name[0]), 0.7, lattice.words_table, lattice.label_table)
        made.check()
        assert [(path.words, path.labels) for path in all_paths(made)] == [
            (path.words, path.labels) for path in all_paths(lattice)
        ]
        assert np.array_equal(np.sort(made.frames + 7), np.sort(lattice.frames))


def test_a_cycle_is_refused() -> None:
    pieces = Pieces(np.array([0, 1]), np.array([1, 0]), np.zeros(2), np.zeros(3, np.int64), np.zeros(0),
                    np.zeros((2, 4)), np.zeros((2, 4)))  # fmt: skip
    with pytest.raises(FormatError, match="cycle"):
        assemble(pieces, 0, 1.0, ("<eps>",))


def test_states_on_no_path_go() -> None:
    costs = LATTICE.final_graph_costs.copy()
    costs[:-1] = np.inf
    ended = trim(replace(LATTICE, final_graph_costs=costs))
    ended.check()
    expected = [path for path in all_paths(LATTICE) if LATTICE.nextstates[path.arcs[-1]] == LATTICE.states - 1]
    assert [path.total for path in all_paths(ended)] == pytest.approx([path.total for path in expected])
    reached = {0, *ended.nextstates.tolist()}
    assert reached == set(range(ended.states))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), beam=st.sampled_from([0.0, 0.5, 2.0, 6.0]))
def test_pruning_keeps_the_arcs_of_paths_within_the_beam_and_no_others(seed: int, beam: float) -> None:
    lattice = random_lattice(seed)
    pruned = prune(lattice, beam)
    pruned.check()
    before, after = all_paths(lattice), all_paths(pruned)
    limit = before[0].total + beam
    inside = [path for path in before if path.total <= limit + 1e-6]
    assert [path.total for path in after if path.total <= limit + 1e-6] == pytest.approx([p.total for p in inside])
    assert pruned.arcs == len({arc for path in inside for arc in path.arcs})
    assert pruned.beam == beam


def test_a_negative_beam_is_refused() -> None:
    with pytest.raises(OptionsError, match="beam"):
        prune(LATTICE, -1.0)


@pytest.mark.parametrize("seed", range(5))
def test_depth_counts_the_arcs_that_read_each_frame(seed: int) -> None:
    lattice: Lattice = random_lattice(seed)
    counts = np.zeros(4, int)
    for arc, source in enumerate(lattice.sources()):
        for place in range(lattice.label_begin[arc], lattice.label_begin[arc + 1]):
            counts[lattice.frames[source] - 7 + place - lattice.label_begin[arc]] += 1
    assert depth_per_frame(lattice).tolist() == counts.tolist()
    assert depth(lattice) == pytest.approx(len(lattice.labels) / 4)
