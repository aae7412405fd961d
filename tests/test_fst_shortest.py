import math
from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst import shortest_path as shortest_path_module
from harken.decoder.fst.shortest_distance import shortest_distance
from harken.decoder.fst.shortest_path import shortest_path
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text
from harken.decoder.fst.topsort import is_acyclic, strongly_connected, topsort
from harken.decoder.fst.transducer import Fst
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import assert_same_language, every_path, language, paths, random_fsts, strings_of
from .naive_fst_distance import distances_from, distances_to_end
from .pynini_fst import from_pynini, to_pynini

some = settings(max_examples=80, deadline=None)
ANY = st.sampled_from(["tropical", "log"]).flatmap(lambda semiring: random_fsts(semiring=semiring))


def with_potentials(fst, potentials):
    """The machine with costs, negative ones too, that change no cycle's cost."""
    shift = np.asarray(potentials[: fst.states], dtype=np.float32)
    if not fst.states:
        return fst
    return replace(fst, weights=fst.weights + shift[fst.nextstates] - shift[fst.sources()])


POTENTIALS = st.lists(st.integers(-5, 5), min_size=5, max_size=5)


@some
@given(ANY, st.booleans())
def test_distances_match_the_slow_twin(fst, reverse):
    wanted = distances_to_end(fst) if reverse else distances_from(fst, fst.start)
    distance = shortest_distance(fst, reverse=reverse)
    assert distance.dtype == np.float64
    assert distance == pytest.approx(wanted, abs=1e-4)


@some
@given(random_fsts(), POTENTIALS, st.booleans())
def test_distances_with_negative_costs(fst, potentials, reverse):
    fst = with_potentials(fst, potentials)
    wanted = distances_to_end(fst) if reverse else distances_from(fst, fst.start)
    assert shortest_distance(fst, reverse=reverse) == pytest.approx(wanted, abs=1e-4)


def test_log_distances_are_exact_where_cycles_barely_lose():
    keep = -math.log(0.9)
    circle = replace(parse_text(f"0 1 1 1 {keep}\n1 2 1 1 0\n2 0 1 1 0\n2 3 1 1 {-math.log(0.1)}\n3"), semiring="log")
    assert shortest_distance(circle)[3] == pytest.approx(-math.log(0.09 / 0.1), abs=1e-4)
    assert shortest_distance(circle, reverse=True)[0] == pytest.approx(-math.log(0.09 / 0.1), abs=1e-4)
    loop = replace(
        parse_text(f"0 0 1 1 {-math.log(0.5)}\n0 0 2 2 {-math.log(0.25)}\n0 {-math.log(0.25)}"), semiring="log"
    )
    assert shortest_distance(loop) == pytest.approx([-math.log(4)], abs=1e-6)
    assert shortest_distance(loop, reverse=True) == pytest.approx([0], abs=1e-6)


def test_a_smaller_delta_is_more_exact():
    cost = -math.log(0.999)
    fst = replace(parse_text(f"0 1 1 1 {cost}\n1 0 1 1 0\n1 {-math.log(0.001)}"), semiring="log")
    wanted = -math.log(0.999)
    errors = [abs(shortest_distance(fst, reverse=True, delta=delta)[0] - wanted) for delta in (1e-2, 1e-4, 1e-8)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-4


GAINING = ["0 0 1 1 -1\n0", "0 1 1 1 1\n1 2 1 1 -3\n2 1 1 1 2.5\n2", "0 1 1 1\n1 2 1 1 -1\n2 3 1 1 0\n3 1 1 1 .5\n0"]


@pytest.mark.parametrize("semiring", ["tropical", "log"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("text", GAINING)
def test_cycles_that_gain_are_refused(text, reverse, semiring):
    fst = replace(parse_text(text), semiring=semiring)
    if reverse:
        fst = replace(fst, final_weights=np.zeros(fst.states, dtype=np.float32))
    with pytest.raises(FormatError, match="negative cost" if semiring == "tropical" else "probability"):
        shortest_distance(fst, reverse=reverse)


def test_cycles_that_gain_are_found_in_large_components():
    random = np.random.default_rng(0)
    states = 300
    sources = np.concatenate([np.arange(states), random.integers(0, states, 900)])
    targets = np.concatenate([(np.arange(states) + 1) % states, random.integers(0, states, 900)])
    shift = random.integers(-20, 20, states)
    costs = random.integers(0, 9, len(sources)) + shift[targets] - shift[sources]
    fst = Fst.from_arcs(0, sources, np.ones_like(sources), np.ones_like(sources), costs, targets, np.zeros(states))
    assert shortest_distance(fst) == pytest.approx(distances_from(fst, 0), abs=1e-3)
    worse = replace(fst, weights=np.where(np.arange(len(costs)) == 17, np.float32(-500), fst.weights))
    with pytest.raises(FormatError, match="negative cost"):
        shortest_distance(worse)


def test_infinite_costs_lead_nowhere():
    fst = parse_text("0 1 1 1 inf\n0 2 1 1 1\n2 2 1 1 inf\n2 0 1 1 inf\n1 2 1 1 1\n2")
    for machine in (fst, replace(fst, semiring="log")):
        assert shortest_distance(machine).tolist() == [0.0, 1.0, np.inf] or machine.states == 3
        assert np.isinf(shortest_distance(machine)).sum() == 1
    assert shortest_path(fst, 5).arcs == 1


@some
@given(random_fsts(max_states=7))
def test_components_and_topological_order(fst):
    reaches = [
        {state for state, cost in enumerate(distances_from(fst, start)) if cost < np.inf} for start in range(fst.states)
    ]
    component, count = strongly_connected(fst)
    assert set(component.tolist()) == set(range(count))
    for one in range(fst.states):
        for other in range(fst.states):
            assert (component[one] == component[other]) == (other in reaches[one] and one in reaches[other])
    assert np.all(component[fst.sources()] <= component[fst.nextstates])
    acyclic = count == fst.states and not np.any(fst.sources() == fst.nextstates)
    assert is_acyclic(fst) == acyclic
    in_order = topsort(fst)
    assert (in_order is not None) == acyclic
    if in_order is not None:
        assert np.all(in_order.sources() < in_order.nextstates)
        assert_same_language(in_order, fst)


@some
@given(random_fsts(cyclic=False), st.integers(1, 6))
def test_the_n_best_paths(fst, n):
    result = shortest_path(fst, n)
    result.check()
    wanted = sorted(cost for _, cost in every_path(fst, 9))[:n]
    found = list(every_path(result, 9))
    assert sorted(cost for _, cost in found) == pytest.approx(wanted, abs=1e-4)
    known = paths(fst, 9)
    for path, cost in found:
        assert cost >= known[strings_of(path)] - 1e-4


@some
@given(random_fsts(labels=1, max_arcs=8), POTENTIALS, st.integers(1, 5), st.booleans())
def test_the_n_best_of_cyclic_machines(fst, potentials, n, unique):
    fst = with_potentials(fst, potentials)
    result = shortest_path(fst, n, unique)
    costs = sorted(cost for _, cost in every_path(result, 60))
    known = paths(fst, 5) if unique else [cost for _, cost in every_path(fst, 5)]
    if unique:
        best = {}
        for pair, cost in known.items():
            best[pair[0]] = min(cost, best.get(pair[0], math.inf))
        known = best.values()
    short = sorted(known)[:n]
    assert len(short) <= len(costs) <= n
    assert all(cost <= other + 1e-4 for cost, other in zip(costs, short, strict=False))


@some
@given(random_fsts(labels=1), st.integers(2, 5))
def test_unique_strings_with_their_best_paths(fst, n):
    best = {}
    for pair, cost in language(replace(fst, olabels=fst.ilabels), 6).items():
        best[pair[0]] = cost
    found = {}
    for path, cost in every_path(shortest_path(fst, n, unique=True), 60):
        read = strings_of(path)[0]
        assert read not in found
        found[read] = cost
        if len(read) <= 6:
            assert cost == pytest.approx(best[read], abs=1e-4)
    assert len(found) >= min(n, len(best))


def test_chains_come_best_first_and_keep_their_arcs():
    fst = parse_text("0 1 1 5 1\n0 1 2 6 2\n1 2 0 0 1\n2 3 3 7 0.5\n0 3 4 8 9\n3 0.25\n0 20")
    fst = replace(fst, isymbols=SymbolTable.of_words("abcde"))
    best = shortest_path(fst, 4)
    assert best.start == 0
    assert best.ilabels.tolist() == [1, 2, 4, 0, 3, 0, 3]
    assert best.final_weights[0] == 20
    assert best.isymbols == fst.isymbols
    chain = shortest_path(fst)
    assert (chain.ilabels.tolist(), chain.olabels.tolist()) == ([1, 0, 3], [5, 0, 7])
    assert chain.nextstates.tolist() == [1, 2, 3]
    assert chain.final_weights.tolist() == [np.inf, np.inf, np.inf, 0.25]


def test_a_free_cycle_does_not_hide_the_other_strings():
    fst = parse_text("0 0 1 1 0\n0 1 2 2 0\n1 0")
    for unique in (False, True):
        found = {strings_of(path)[0] for path, _ in every_path(shortest_path(fst, 4, unique), 9)}
        assert len(found) == 4
        assert all(string[-1] == 2 for string in found)


def test_where_there_is_no_path():
    for fst in (Fst.from_arcs(-1, [], [], [], [], [], []), parse_text("0 1 1 1\n1 inf"), parse_text("0 0 1 1\n1 0")):
        for n in (1, 3):
            result = shortest_path(fst, n)
            assert (result.start, result.states) == (-1, 0)


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize("steps", [4, 1000])
def test_few_paths_of_many(unique, steps):
    random = np.random.default_rng(steps)
    sources, labels = np.repeat([0, 1, 2], 80), np.tile(np.arange(1, 81), 3)
    costs = random.integers(0, steps, 240) / 4  # with few steps there are many ties
    fst = Fst.from_arcs(0, sources, labels, labels, costs, sources + 1, [np.inf, np.inf, 1.0, 0.5])
    first, second, third = costs.astype(np.float32).reshape(3, 80).astype(float)
    two = np.add.outer(first, second).ravel()
    wanted = np.sort(np.concatenate([two + 1.0, np.add.outer(two, third).ravel() + 0.5]))[:30]
    found = list(every_path(shortest_path(fst, 30, unique), 3))
    assert sorted(cost for _, cost in found) == pytest.approx(wanted)
    assert len({strings_of(path)[0] for path, _ in found}) == 30


def test_growing_searches(monkeypatch):
    random = np.random.default_rng(2)
    sources = np.repeat(np.arange(20), 12)
    labels = random.integers(0, 4, 240)
    fst = Fst.from_arcs(
        0,
        sources,
        labels,
        labels,
        random.integers(0, 40, 240) / 8,
        sources + 1 + (random.random(240) < 0.2),
        np.zeros(22),
    )
    for unique in (False, True):
        wanted = shortest_path(fst, 60, unique)
        with monkeypatch.context() as small:
            small.setattr(shortest_path_module, "ROOM", 1)
            found = shortest_path(fst, 60, unique)
        assert found.ilabels.tolist() == wanted.ilabels.tolist()
        assert found.weights.tolist() == wanted.weights.tolist()


def test_refusals():
    fst = parse_text("0 1 1 1\n1")
    with pytest.raises(OptionsError, match="tropical"):
        shortest_path(replace(fst, semiring="log"))
    with pytest.raises(OptionsError, match="n is 0"):
        shortest_path(fst, 0)
    with pytest.raises(OptionsError, match="delta is 2"):
        shortest_distance(fst, delta=2)
    with pytest.raises(FormatError, match="negative cost"):
        shortest_path(parse_text("0 0 1 1 -1\n0"), 2)


def random_machine(random, cyclic):
    sources = random.integers(0, 50, 200)
    targets = random.integers(0, 50, 200) if cyclic else np.minimum(50, sources + random.integers(1, 6, 200))
    labels = random.integers(1, 4, 200)
    return Fst.from_arcs(
        0,
        sources,
        labels,
        labels,
        random.integers(0, 80, 200) / 16,
        targets,
        np.where(random.random(51) < 0.3, 1.0, np.inf),
    )


@pytest.mark.parity
@pytest.mark.parametrize(
    ("cyclic", "unique"), [(False, False), (True, False), (False, True)]
)  # it may determinize for ever
def test_the_costs_of_openfsts_paths(cyclic, unique):
    pywrapfst = pytest.importorskip("pywrapfst")
    random = np.random.default_rng(5)
    for _ in range(20):
        fst = random_machine(random, cyclic)
        theirs = from_pynini(pywrapfst.shortestpath(to_pynini(fst), nshortest=15, unique=unique))
        costs = sorted(cost for _, cost in every_path(shortest_path(fst, 15, unique), 99))
        assert costs == pytest.approx(sorted(cost for _, cost in every_path(theirs, 99)), abs=1e-3)


@pytest.mark.parity
@pytest.mark.parametrize("semiring", ["tropical", "log"])
@pytest.mark.parametrize("reverse", [False, True])
def test_openfsts_distances(semiring, reverse):
    pywrapfst = pytest.importorskip("pywrapfst")
    random = np.random.default_rng(6)
    for cyclic in (False, True):
        fst = random_machine(random, cyclic)
        fst = replace(fst, semiring=semiring, weights=fst.weights + np.float32(3.0))
        theirs = pywrapfst.shortestdistance(to_pynini(fst), reverse=reverse, delta=1e-6)
        theirs = np.array([float(cost) for cost in theirs] + [np.inf] * fst.states)[: fst.states]
        assert shortest_distance(fst, reverse=reverse) == pytest.approx(theirs, abs=1e-3)
