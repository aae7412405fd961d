import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.nbest import best_path, nbest
from harken.errors import OptionsError, SearchError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, best_by_words, random_lattice


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    arcs=st.integers(5, 40),
    count=st.integers(1, 30),
    beam=st.sampled_from([0.0, 1.0, 4.0, np.inf]),
)
def test_nbest_is_the_front_of_the_list_of_all_word_sequences(seed: int, arcs: int, count: int, beam: float) -> None:
    lattice = random_lattice(seed, arcs=arcs)
    expected = best_by_words(lattice)
    ranked = sorted(path.total for path in expected.values())
    found = nbest(lattice, count, beam)
    inside = [cost for cost in ranked if cost <= ranked[0] + beam - 1e-9]
    assert min(count, len(inside)) <= len(found) <= count
    assert len({tuple(path.word_ids) for path in found}) == len(found)
    assert [path.total_cost for path in found] == pytest.approx(ranked[: len(found)], abs=1e-9)
    for path in found:
        twin = expected[tuple(path.word_ids.tolist())]
        assert path.total_cost == pytest.approx(twin.total, abs=1e-9)
        same = [item for item in all_paths(lattice) if item.arcs == tuple(path.arcs.tolist())]
        assert [same[0].labels, same[0].words] == [tuple(path.labels.tolist()), tuple(path.word_ids.tolist())]
        kinds = (path.graph_cost, path.acoustic_cost, path.phrase_cost, path.lm_cost)
        assert kinds == pytest.approx(same[0].costs, abs=1e-9)


def test_the_best_path_is_the_first_of_the_list() -> None:
    for seed in range(5):
        lattice = random_lattice(seed)
        assert best_path(lattice).total_cost == pytest.approx(all_paths(lattice)[0].total)


def test_a_lattice_without_a_path_has_no_best_one() -> None:
    empty = empty_lattice(1.0, ("<eps>",))
    assert nbest(empty, 3) == ()
    with pytest.raises(SearchError, match="no path"):
        best_path(empty)


def test_no_sequence_at_all_cannot_be_asked_for() -> None:
    lattice = random_lattice(1)
    with pytest.raises(OptionsError, match="at least one"):
        nbest(lattice, 0)
    with pytest.raises(OptionsError, match="beam"):
        nbest(lattice, 1, -1.0)


def test_any_number_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    lattice = random_lattice(3, arcs=30)
    every = nbest(lattice, 10**12)
    assert len(every) == len(best_by_words(lattice)) > 4
    monkeypatch.setattr("harken.decoder.lattice.nbest._AT_FIRST", 2)
    again = nbest(lattice, 10**12)
    assert [path.words for path in again] == [path.words for path in every]
    assert [path.words for path in nbest(lattice, 3)] == [path.words for path in every[:3]]
