from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst import room
from harken.decoder.fst.connect import connect
from harken.decoder.fst.rmepsilon import rmepsilon
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text
from harken.decoder.fst.transducer import Fst
from harken.errors import FormatError, OptionsError, SearchError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, assert_same_costs, assert_same_language, language, random_fsts
from .naive_fst_distance import rows_without_epsilons
from .pynini_fst import from_pynini, to_pynini

some = settings(max_examples=80, deadline=None)
ANY = st.sampled_from(["tropical", "log"]).flatmap(lambda semiring: random_fsts(semiring=semiring, labels=1))


def has_epsilons(fst):
    return bool(np.any((fst.ilabels == 0) & (fst.olabels == 0)))


def likely(costs):
    """Without the pairs so improbable in the log semiring that the slow twin has left out some of their paths."""
    return {pair: cost for pair, cost in costs.items() if cost < 20}


@some
@given(ANY, st.booleans())
def test_the_language_stays(fst, connected):
    result = rmepsilon(fst, connect=connected)
    result.check()
    assert not has_epsilons(result)
    before, after = language(fst, 3), language(result, 3)
    if fst.semiring == "tropical":
        assert_same_costs(before, after)
    else:
        assert_same_costs(likely(before), {pair: cost for pair, cost in after.items() if pair in likely(before)})


@some
@given(ANY)
def test_rows_match_the_slow_twin(fst):
    result = rmepsilon(fst, connect=False)
    if fst.start < 0 or not has_epsilons(fst):
        return
    reached = {arc[3] for state in range(fst.states) for arc in arcs_of(fst, state) if arc[0] or arc[1]}
    stays = sorted(reached | {fst.start})
    number = {state: index for index, state in enumerate(stays)}
    rows, finals = rows_without_epsilons(fst)
    assert result.states == len(stays)
    assert result.final_weights == pytest.approx([finals[state] for state in stays], abs=1e-4)
    assert result.start == number[fst.start]
    epsilons = (fst.ilabels == 0) & (fst.olabels == 0)
    for state, index in number.items():
        got = arcs_of(result, index)
        arcs = {(ilabel, olabel, target): weight for ilabel, olabel, weight, target in got}
        wanted = {(*arc[:2], number[arc[2]]): weight for arc, weight in rows[state].items()}
        if epsilons[fst.arc_begin[state] : fst.arc_begin[state + 1]].any():
            assert len(got) == len(arcs), "equal arcs are one"
            assert arcs == pytest.approx(wanted, abs=1e-4)
        else:
            assert [arc[:3] for arc in got] == [arc[:3] for arc in arcs_of(fst, state)]


def test_chains_and_circles_of_epsilons():
    fst = parse_text("0 1 0 0 1\n1 2 0 0 2\n2 0 0 0 0\n2 3 5 6 1\n1 3 5 6 3\n3 1 7 7 0\n3 4 0 0 0.5\n4 0.25")
    result = rmepsilon(fst)
    assert result.states == 3
    rows = {state: arcs_of(result, state) for state in range(3)}
    assert rows == {0: [(5, 6, 4.0, 2)], 1: [(5, 6, 3.0, 2)], 2: [(7, 7, 0.0, 1)]}
    assert result.final_weights.tolist() == [np.inf, np.inf, 0.75]


def test_a_circle_in_the_log_semiring_is_a_geometric_series():
    half = float(np.log(2))
    fst = replace(parse_text(f"0 0 0 0 {half}\n0 1 1 1 1\n1"), semiring="log")
    assert rmepsilon(fst).weights == pytest.approx([1 - half], abs=1e-6)
    pair = replace(parse_text(f"0 1 0 0 {half}\n1 0 0 0 {half}\n0 2 1 1 1\n2"), semiring="log")
    assert rmepsilon(pair).weights == pytest.approx([1 + np.log(0.75)], abs=1e-5)


@pytest.mark.parametrize("semiring", ["tropical", "log"])
@pytest.mark.parametrize("text", ["0 0 0 0 -1\n0 1 1 1\n1", "0 1 0 0 1\n1 2 0 0 -2\n2 0 0 0 0.5\n2"])
def test_circles_that_gain(semiring, text):
    with pytest.raises(FormatError, match="a cycle"):
        rmepsilon(replace(parse_text(text), semiring=semiring))


def test_negative_costs_without_a_gaining_circle():
    fst = parse_text("0 1 0 0 1\n1 0 0 0 -1\n1 2 0 0 -3\n0 3 1 1 4\n2 3 1 1 5\n3")
    assert arcs_of(rmepsilon(fst), 0) == [(1, 1, 3.0, 1)]


def test_without_epsilons_nothing_changes():
    fst = replace(parse_text("0 1 0 2 1\n0 1 3 0 1\n0 1 3 0 2\n1"), isymbols=SymbolTable.of_words("abcd"))
    result = rmepsilon(fst)
    assert result.arcs == 3
    assert result.isymbols == fst.isymbols
    assert rmepsilon(Fst.from_arcs(-1, [], [], [], [], [], [])).states == 0


def test_rows_that_grow(monkeypatch):
    states, labels = 40, 30  # each state takes over the arcs of all that follow it
    sources = np.concatenate([np.arange(states - 1), np.repeat(np.arange(states), labels)])
    targets = np.concatenate([np.arange(1, states), np.repeat(np.arange(states), labels)])
    read = np.concatenate([np.zeros(states - 1, int), np.tile(np.arange(1, labels + 1), states)])
    fst = Fst.from_arcs(0, sources, read, read, np.ones(len(sources)), targets, np.zeros(states))
    result = rmepsilon(fst)
    assert result.arcs == labels * states * (states + 1) // 2
    assert np.bincount(result.weights.astype(int))[1:].tolist() == [labels * (states - d) for d in range(states)]
    monkeypatch.setattr(room, "FREE_OF_COURSE", 1000)
    monkeypatch.setattr(room, "_available_memory", lambda: 1000)
    with pytest.raises(SearchError, match="rmepsilon: the result needs"):
        rmepsilon(fst)


@pytest.mark.parametrize("delta", [0, 1, float("nan"), -1])
def test_bad_delta(delta):
    with pytest.raises(OptionsError, match="delta is"):
        rmepsilon(parse_text("0 0 0 0 1\n0"), delta=delta)


@pytest.mark.parity
@pytest.mark.parametrize("cyclic", [False, True])
def test_the_same_machine_as_openfsts(cyclic):
    pytest.importorskip("pywrapfst")
    random = np.random.default_rng(7)
    for _ in range(20):
        sources = random.integers(0, 40, 120)
        targets = random.integers(0, 40, 120) if cyclic else np.minimum(40, sources + random.integers(1, 5, 120))
        labels = random.integers(1, 3, 120) * (random.random(120) < 0.7)
        finals = np.where(random.random(41) < 0.2, 1.0, np.inf)
        fst = connect(Fst.from_arcs(0, sources, labels, labels, random.integers(0, 20, 120) / 4, targets, finals))
        theirs = to_pynini(fst)
        theirs.rmepsilon()
        ours, theirs = rmepsilon(fst), from_pynini(theirs)
        assert ours.states == theirs.states
        assert_same_language(ours, theirs, max_labels=4)


@pytest.mark.parity
def test_the_log_machine_as_openfsts():
    pytest.importorskip("pywrapfst")
    fst = replace(parse_text("0 1 0 0 1\n1 2 0 0 1.5\n2 0 0 0 2\n2 3 1 1 1\n1 3 1 1 1\n3 0 0 0 .7\n3"), semiring="log")
    theirs = to_pynini(fst)
    theirs.rmepsilon()
    assert_same_costs(likely(language(rmepsilon(fst), 3)), likely(language(from_pynini(theirs), 3)))
