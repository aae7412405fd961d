"""What is shown of models, counts and lattices tells their sizes, never their arrays."""

from harken.lm import estimate
from harken.lm.estimation.counting import count_ngrams, encode

from .naive_lattice import random_lattice


def test_models_and_counts_show_their_sizes():
    tables = estimate(["a b", "b a"], 2)
    assert repr(tables) == "BackoffTables(order=2, counts=(5, 6))"
    assert repr(tables.tables[1]) == "BackoffTable(count=6)"
    assert repr(tables.to_arpa()) == "Arpa(order=2, counts=(5, 6))"
    assert repr(tables.to_arpa().tables[1]) == "NgramTable(order=2, count=6)"
    counts = count_ngrams(*encode(["a b", "b a"]), 2)
    assert repr(counts) == "NgramCounts(order=2, counts=(5, 6))"
    assert repr(counts.tables[0]) == "CountTable(count=5)"


def test_lattices_show_their_sizes():
    lattice = random_lattice(3)
    shown = f"Lattice(states={lattice.states}, arcs={lattice.arcs}, frames={lattice.frames.max()}, beam="
    assert repr(lattice).startswith(shown)
    assert len(repr(lattice)) < len(shown) + 20
