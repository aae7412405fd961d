from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst.connect import connect
from harken.decoder.fst.prune import prune
from harken.decoder.fst.shortest_distance import shortest_distance
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text
from harken.decoder.fst.transducer import Fst
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, every_path, random_fsts
from .naive_fst_distance import distances_from, distances_to_end
from .pynini_fst import from_pynini, to_pynini

some = settings(max_examples=80, deadline=None)
WEIGHTS = st.integers(0, 24).map(lambda quarters: quarters / 4)


def useful_arcs(fst, weight):
    """The arcs, and the final states, on a path that costs at most ``weight`` more than the best one."""
    before, after = distances_from(fst, fst.start), distances_to_end(fst)
    limit = min(after[fst.start : fst.start + 1] if fst.start >= 0 else [np.inf], default=np.inf) + weight + 1e-6
    if limit == np.inf:
        return [], []
    arcs = [
        (state, *arc)
        for state in range(fst.states)
        for arc in arcs_of(fst, state)
        if before[state] + arc[2] + after[arc[3]] <= limit
    ]
    finals = [state for state in range(fst.states) if before[state] + fst.final_weights[state] <= limit]
    return arcs, finals


@some
@given(random_fsts(), WEIGHTS)
def test_what_is_on_no_good_path_goes(fst, weight):
    result = prune(fst, weight)
    result.check()
    arcs, finals = useful_arcs(fst, weight)
    kept = sorted({*finals, *(arc[0] for arc in arcs), *(arc[4] for arc in arcs)})
    number = {state: index for index, state in enumerate(kept)}
    rows = [(number[arc[0]], *arc[1:4], number[arc[4]]) for arc in arcs]
    assert [(state, *arc) for state in range(result.states) for arc in arcs_of(result, state)] == rows
    assert np.flatnonzero(np.isfinite(result.final_weights)).tolist() == [number[state] for state in finals]


@some
@given(random_fsts(cyclic=False), WEIGHTS)
def test_every_good_path_stays(fst, weight):
    costs = sorted(cost for _, cost in every_path(fst, 9))
    kept = sorted(cost for _, cost in every_path(prune(fst, weight), 9))
    good = [cost for cost in costs if cost <= costs[0] + weight + 1e-6]
    assert kept[: len(good)] == pytest.approx(good, abs=1e-5)


@some
@given(random_fsts(), st.integers(1, 5), st.one_of(WEIGHTS, st.just(np.inf)))
def test_few_states_hold_the_best_paths(fst, count, weight):
    result = prune(fst, weight, state_threshold=count)
    assert result.states <= count
    whole = shortest_distance(fst, reverse=True)
    if result.states:
        assert shortest_distance(result, reverse=True)[result.start] == pytest.approx(whole[fst.start], abs=1e-5)
        assert connect(result).states == result.states
    elif fst.start >= 0 and np.isfinite(whole[fst.start]):
        assert count < fst.states  # not even the best path fits


def test_an_example():
    fst = parse_text("0 1 1 1 1\n0 2 2 2 2\n0 3 3 3 4\n1 4 4 4 1\n2 4 5 5 1\n3 4 6 6 1\n4 0.5\n2 4")
    fst = replace(fst, isymbols=SymbolTable.of_words("abcdefg"))
    result = prune(fst, 1)
    assert result.ilabels.tolist() == [1, 2, 4, 5]
    assert np.isfinite(result.final_weights).tolist() == [False, False, False, True]
    assert result.isymbols == fst.isymbols
    assert prune(fst, 0).states == 3
    assert prune(fst, 0).ilabels.tolist() == [1, 4]
    assert prune(fst, 3.5).states == 5
    assert prune(fst, state_threshold=4).ilabels.tolist() == [1, 2, 4, 5]
    assert prune(fst, state_threshold=2).states == 0


def test_nothing_and_everything():
    empty = Fst.from_arcs(-1, [], [], [], [], [], [])
    assert prune(empty, 1).states == 0
    assert prune(parse_text("0 1 1 1\n1 inf"), 1).states == 0
    useless = parse_text("0 1 1 1 9\n0 2 1 1 1\n0 3 1 1 2\n1\n3")
    assert prune(useless).arcs == 2


def test_rounding_does_not_break_the_best_path():
    costs = np.random.default_rng(0).random(2000) * 1e3
    states = np.arange(2000)
    fst = Fst.from_arcs(0, states, states + 1, states + 1, costs, states + 1, [np.inf] * 2000 + [0.1])
    assert prune(fst, 0).states == 2001
    assert prune(fst, 0, state_threshold=2001).states == 2001


def test_refusals():
    fst = parse_text("0 1 1 1\n1")
    for weight in (-1, float("nan")):
        with pytest.raises(OptionsError, match="weight is"):
            prune(fst, weight)
    with pytest.raises(OptionsError, match="state_threshold is 0"):
        prune(fst, 1, state_threshold=0)
    with pytest.raises(FormatError, match="negative cost"):
        prune(parse_text("0 0 1 1 -1\n0"), 1)


@pytest.mark.parity
@pytest.mark.parametrize("weight", [0.0, 0.5, 3.0])
def test_the_same_as_openfst(weight):
    pytest.importorskip("pywrapfst")
    random = np.random.default_rng(8)
    for cyclic in (False, True):
        for _ in range(10):
            sources = random.integers(0, 50, 200)
            targets = random.integers(0, 50, 200) if cyclic else np.minimum(50, sources + random.integers(1, 6, 200))
            labels, finals = random.integers(0, 4, 200), np.where(random.random(51) < 0.3, 1.0, np.inf)
            fst = Fst.from_arcs(0, sources, labels, labels, random.integers(0, 80, 200) / 16, targets, finals)
            theirs = to_pynini(fst)
            theirs.prune(weight=weight)
            ours, theirs = prune(fst, weight), connect(from_pynini(theirs))
            assert (ours.states, ours.arcs) == (theirs.states, theirs.arcs)
            assert sorted(ours.weights.tolist()) == sorted(theirs.weights.tolist())
