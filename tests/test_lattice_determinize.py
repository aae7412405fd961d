import numpy as np
import pytest
from harken.decoder.lattice.determinize import DeterminizeOptions, determinize
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, best_by_words, random_lattice


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), arcs=st.integers(5, 30), beam=st.sampled_from([0.3, 2.0, 1e3]))
def test_each_word_sequence_keeps_its_best_path(seed: int, arcs: int, beam: float) -> None:
    lattice = random_lattice(seed, arcs=arcs)
    expected = best_by_words(lattice)
    best = min(path.total for path in expected.values())
    made = determinize(lattice, DeterminizeOptions(beam=beam))
    made.check()
    found = all_paths(made)
    assert len({path.words for path in found}) == len(found)
    assert {words for words, path in expected.items() if path.total <= best + beam} <= {path.words for path in found}
    for path in found:
        other = expected[path.words]
        assert path.total == pytest.approx(other.total, abs=1e-9)
        # Other alignments may cost the same: then which one is kept is open.
        same = [item for item in all_paths(lattice) if item.words == path.words and item.total < other.total + 1e-9]
        assert any(path.labels == item.labels and np.allclose(path.costs, item.costs, atol=1e-9) for item in same)
