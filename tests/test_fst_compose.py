from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst import compose as compose_module
from harken.decoder.fst import room
from harken.decoder.fst.arcsort import arcsort
from harken.decoder.fst.compose import compose
from harken.decoder.fst.connect import connect
from harken.decoder.fst.openfst import write_fst
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text
from harken.decoder.fst.transducer import Fst
from harken.errors import OptionsError, SearchError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import assert_same_language, random_fsts
from .naive_fst_compose import composed_paths, number_of_paths, path_costs, unfiltered
from .pynini_fst import from_pynini, to_pynini

some = settings(max_examples=80, deadline=None)
SEMIRINGS = st.sampled_from(["tropical", "log"])


def pairs(**options):
    return SEMIRINGS.flatmap(lambda s: st.tuples(*(random_fsts(semiring=s, max_arcs=7, **options) for _ in range(2))))


def assert_same_paths(one, other):
    assert one.keys() == other.keys()
    for pair, costs in one.items():
        assert costs == pytest.approx(other[pair], abs=1e-4)


@some
@given(pairs(cyclic=False), st.booleans())
def test_each_pair_of_paths_gives_one_path(machines, connected):
    a, b = machines
    c = compose(a, b, connect=connected)
    c.check()
    assert_same_paths(path_costs(c, 12), composed_paths(a, b, 7))
    assert c.semiring == a.semiring


@some
@given(random_fsts(max_arcs=6, max_states=4), random_fsts(max_arcs=6, max_states=4))
def test_cyclic_machines_keep_their_language(a, b):
    assert_same_language(compose(a, b), unfiltered(a, b), max_labels=3)


@some
@given(pairs(epsilons=False, max_states=3))
def test_log_costs_of_cyclic_machines(machines):
    a, b = machines
    assert_same_paths(path_costs(compose(a, b), 4), path_costs(unfiltered(a, b), 4))


@some
@given(pairs())
def test_connect_leaves_out_what_is_useless(machines):
    a, b = machines
    whole, part = compose(a, b, connect=False), compose(a, b)
    again = connect(whole)
    assert (part.states, part.arcs, part.start) == (again.states, again.arcs, again.start)
    assert part.nextstates.tolist() == again.nextstates.tolist()


def many_arcs(random, states, arcs, labels):
    """A machine whose states have so many arcs that they are indexed by label, if that is dense."""
    final = np.where(random.random(states) < 0.5, random.random(states), np.inf)
    return Fst.from_arcs(
        0,
        random.integers(0, states, arcs),
        random.integers(0, labels, arcs),
        random.integers(0, labels, arcs),
        random.integers(0, 20, arcs) / 4,
        random.integers(0, states, arcs),
        final,
    )


def forward_machine(random, states=30, arcs=100, labels=3):
    """An acyclic machine with epsilons, of which many strings are accepted."""
    sources = random.integers(0, states - 1, arcs)
    targets = np.minimum(states - 1, sources + random.integers(1, 4, arcs))
    final = np.where(np.arange(states) > states - 4, 0.5, np.inf)
    return Fst.from_arcs(
        0,
        sources,
        random.integers(0, labels, arcs),
        random.integers(0, labels, arcs),
        random.integers(0, 20, arcs) / 4,
        targets,
        final,
    )


def first_arcs(fst):
    arcs = slice(int(fst.arc_begin[0]), int(fst.arc_begin[1]))
    return Counter(zip(*(getattr(fst, name)[arcs].tolist() for name in ("ilabels", "olabels", "weights")), strict=True))


@pytest.mark.parametrize("labels", [5, 30, 3000])
def test_states_with_many_arcs(labels):
    random = np.random.default_rng(labels)
    a, b = (many_arcs(random, 3, 150, labels) for _ in range(2))
    got, every = first_arcs(compose(a, b, connect=False)), first_arcs(unfiltered(a, b))
    silent = np.sum(a.olabels[: a.arc_begin[1]] == 0) * np.sum(b.ilabels[: b.arc_begin[1]] == 0)
    assert got <= every
    assert every.total() - got.total() == silent  # both machines at once: the filter moves one, then the other


def loops(arcs, olabel=1, ilabel=1):
    """A state with so many equal arcs to itself."""
    return Fst.from_arcs(0, [0] * arcs, [ilabel] * arcs, [olabel] * arcs, np.arange(arcs), [0] * arcs, [0.0])


def test_more_arcs_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(compose_module, "ROOM", 1)
    a = loops(270)
    c = compose(a, a)
    assert (c.states, c.arcs) == (1, 270 * 270)
    assert np.bincount(c.weights.astype(int)).tolist() == np.convolve(np.ones(270), np.ones(270)).tolist()


def test_more_states_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(compose_module, "ROOM", 1)
    random = np.random.default_rng(1)
    a, b = (many_arcs(random, 30, 120, 4) for _ in range(2))
    c = compose(a, b, connect=False)
    monkeypatch.undo()
    again = compose(a, b, connect=False)
    assert c.states > 200
    assert c.arc_begin.tolist() == again.arc_begin.tolist()
    assert c.nextstates.tolist() == again.nextstates.tolist()


def test_operands_are_sorted_where_needed_and_stay_as_they_are():
    a = parse_text("0 1 1 5\n0 1 2 3\n0 1 3 4\n1")
    b = parse_text("0 1 4 1\n0 1 5 2\n0 1 3 3\n1")
    before = a.olabels.copy(), b.ilabels.copy()
    c = compose(a, b)
    assert sorted(zip(c.ilabels.tolist(), c.olabels.tolist(), strict=True)) == [(1, 2), (2, 3), (3, 1)]
    assert np.array_equal(a.olabels, before[0])
    assert np.array_equal(b.ilabels, before[1])


def test_high_labels():
    top = 2**31 - 1
    a = parse_text(f"0 1 1 {top}\n" + "".join(f"0 1 {n} {n}\n" for n in range(1, 20)) + "1")
    assert compose(a, a).arcs == 20
    assert compose(loops(1, olabel=top), loops(1, ilabel=top)).arcs == 1


def test_symbol_tables():
    read, middle, written = (SymbolTable.of_words(["<eps>", word]) for word in ("a", "b", "c"))
    a = replace(parse_text("0 0 1 1\n0"), isymbols=read, osymbols=middle)
    b = replace(parse_text("0 0 1 1\n0"), isymbols=middle, osymbols=written)
    c = compose(a, b)
    assert (c.isymbols, c.osymbols) == (read, written)
    with pytest.raises(OptionsError, match="output symbols"):
        compose(b, a)


def test_nothing_to_compose():
    nothing = Fst.from_arcs(-1, [], [], [], [], [], [])
    some = parse_text("0 1 1 1\n1")
    for a, b in ((nothing, some), (some, nothing), (nothing, nothing), (some, parse_text("0 1 2 2\n1"))):
        assert (compose(a, b).start, compose(a, b).states) == (-1, 0)


def test_refusals(monkeypatch):
    a = parse_text("0 1 1 1\n1")
    with pytest.raises(OptionsError, match="semirings are tropical and log"):
        compose(a, replace(a, semiring="log"))
    with pytest.raises(OptionsError, match="max_states is 0"):
        compose(a, a, max_states=0)
    with pytest.raises(SearchError, match="over 1 states"):
        compose(a, a, max_states=1)
    assert compose(a, a, max_states=2).states == 2
    monkeypatch.setattr(room, "FREE_OF_COURSE", 1000)
    monkeypatch.setattr(room, "_available_memory", lambda: 1000)
    with pytest.raises(SearchError, match=r"compose: the result needs \d+ MB"):
        compose(a, a)


@pytest.mark.parity
def test_as_many_paths_as_openfst():
    pywrapfst = pytest.importorskip("pywrapfst")
    random = np.random.default_rng(3)
    paths = []
    for _ in range(15):
        a, b = (forward_machine(random) for _ in range(2))
        ours = compose(a, b)
        theirs = pywrapfst.compose(to_pynini(a).arcsort("olabel"), to_pynini(b).arcsort("ilabel"))
        paths.append(number_of_paths(ours))
        assert paths[-1] == number_of_paths(from_pynini(theirs))
        assert pywrapfst.randequivalent(to_pynini(ours), theirs, npath=5, delta=1e-3)
    assert np.median(paths) > 1000


@pytest.mark.parity
def test_the_size_of_the_table_matchers_result(tmp_path):
    kaldifst = pytest.importorskip("kaldifst")
    random = np.random.default_rng(4)
    a, b = many_arcs(random, 200, 4000, 50), many_arcs(random, 100, 3000, 50)
    for fst, by, name in ((a, "olabel", "a"), (b, "ilabel", "b")):
        write_fst(arcsort(fst, by), tmp_path / name)
    one, other = (kaldifst.StdVectorFst.read(str(tmp_path / name)) for name in "ab")
    theirs, ours = kaldifst.compose(one, other), compose(a, b)
    assert ours.states == theirs.num_states
    assert ours.arcs == sum(theirs.num_arcs(state) for state in range(theirs.num_states))
