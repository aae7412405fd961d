import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.oracle import oracle
from harken.errors import OptionsError, SearchError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, random_lattice
from .naive_mbr import edit_distance


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    reference=st.lists(st.sampled_from(["w1", "w2", "w3", "other"]), max_size=7),
)
def test_the_oracle_has_the_least_edit_distance_of_all_paths(seed, reference):
    lattice = random_lattice(seed)
    found = oracle(lattice, reference)
    paths = all_paths(lattice)
    distances = [edit_distance([lattice.words_table[w] for w in path.words], reference) for path in paths]
    assert found.errors == min(distances)
    assert found.errors == edit_distance(found.path.words, reference)
    assert found.insertions - found.deletions == len(found.path.words) - len(reference)
    assert found.wer == pytest.approx(found.errors / max(len(reference), 1))
    # Among the paths with as few errors it is the cheapest.
    cheapest = min(path.total for path, errors in zip(paths, distances, strict=True) if errors == min(distances))
    assert found.path.total_cost == pytest.approx(cheapest)
    assert tuple(found.path.arcs.tolist()) in {path.arcs for path in paths}


def test_a_path_of_the_lattice_has_no_errors():
    for seed in range(8):
        lattice = random_lattice(seed)
        for path in all_paths(lattice)[::7]:
            found = oracle(lattice, [lattice.words_table[word] for word in path.words])
            assert (found.errors, found.path.words) == (0, tuple(lattice.words_table[word] for word in path.words))
    assert np.isfinite(found.path.total_cost)


def test_nothing_has_no_oracle():
    with pytest.raises(SearchError, match="no path"):
        oracle(empty_lattice(1.0, ("<eps>",)), ["a"])


def test_what_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("harken.decoder.lattice.oracle.MOST_CELLS", 20)
    with pytest.raises(OptionsError, match="too many at once"):
        oracle(random_lattice(3), ["w1"] * 9)
