import math

import numpy as np
import pytest
from harken.decoder.fst.connect import connect
from harken.decoder.fst.push import push
from harken.decoder.fst.push_labels import prefixes_pushed, suffixes_pushed
from harken.decoder.fst.string_fst import spell_delayed, spell_whole
from harken.decoder.fst.string_table import labels_of
from harken.decoder.fst.text import parse_text
from harken.decoder.fst.transducer import Fst
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, language, paths, plus, random_fsts
from .naive_fst_determinize import common_prefix
from .pynini_fst import from_pynini, to_pynini
from .test_fst_determinize import assert_same_likely_costs

some = settings(max_examples=50, deadline=None)
MACHINES = st.sampled_from(["tropical", "log"]).flatmap(lambda semiring: random_fsts(semiring=semiring))
EITHER_WAY = st.sampled_from(["initial", "final"])


@some
@given(MACHINES, EITHER_WAY, st.booleans(), st.booleans())
def test_pushing_keeps_the_language(fst, to, weights, labels):
    result = push(fst, weights=weights, labels=labels, to=to)
    result.check()
    assert_same_likely_costs(fst, result)


@some
@given(MACHINES)
def test_weights_pushed_to_the_start_sum_to_nothing_at_each_state(fst):
    fst = connect(fst)
    result = push(fst, remove_total_weight=True)
    for state in range(result.states):
        total = float(result.final_weights[state])
        for _, _, cost, _ in arcs_of(result, state):
            total = plus(fst.semiring, total, cost)
        assert total == pytest.approx(0.0, abs=1e-4)


@some
@given(MACHINES)
def test_weights_pushed_to_the_end_sum_to_nothing_into_each_state(fst):
    fst = connect(fst)
    result = push(fst, to="final", remove_total_weight=True)
    totals = [math.inf] * result.states
    for state in range(result.states):
        for _, _, cost, target in arcs_of(result, state):
            totals[target] = plus(fst.semiring, totals[target], cost)
    for state, total in enumerate(totals):
        if state != result.start:
            assert total == pytest.approx(0.0, abs=1e-4)
    ends = result.final_weights[np.isfinite(result.final_weights)].tolist()
    total = math.inf
    for cost in ends:
        total = plus(fst.semiring, total, cost)
    assert not ends or total == pytest.approx(0.0, abs=1e-4)


@some
@given(random_fsts())
def test_the_total_is_the_cost_of_the_best_path(fst):
    costs = language(fst, 4)
    if not costs or min(costs.values()) < 0.01:
        return
    whole, rest = language(push(fst), 4), language(push(fst, remove_total_weight=True), 4)
    best = {whole[pair] - rest[pair] for pair in whole}
    assert max(best, default=0) - min(best, default=0) < 1e-4
    assert all(total <= min(costs.values()) + 1e-4 for total in best)


@some
@given(random_fsts())
def test_no_state_has_a_common_prefix_left(fst):
    machine = prefixes_pushed(connect(fst))
    fst = machine.fst
    for state in range(fst.states):
        arcs = range(fst.arc_begin[state], fst.arc_begin[state + 1])
        written = [labels_of(machine.strings, int(machine.arc_strings[arc])) for arc in arcs]
        if math.isinf(fst.final_weights[state]):
            ahead = [w for w, arc in zip(written, arcs, strict=True) if w or fst.nextstates[arc] != state]
            assert not ahead or not common_prefix(ahead)


@some
@given(random_fsts(cyclic=False))
def test_common_affixes_are_those_of_all_paths(fst):
    outputs = [pair[1] for pair in paths(fst, 9)]
    if not outputs:
        return
    first = common_prefix(outputs)
    shorter = {pair[1] for pair in paths(push(fst, weights=False, labels=True, remove_common_affix=True), 20)}
    assert shorter == {output[len(first) :] for output in outputs}
    last = common_prefix([output[::-1] for output in outputs])
    result = push(fst, weights=False, labels=True, to="final", remove_common_affix=True)
    assert {pair[1] for pair in paths(result, 20)} == {output[: len(output) - len(last)] for output in outputs}


@some
@given(random_fsts())
def test_strings_are_spelled_in_either_way(fst):
    machine = suffixes_pushed(fst)
    if fst.start >= 0:
        assert_same_likely_costs(spell_delayed(machine), spell_whole(machine))


def test_labels_move_as_far_as_they_are_certain():
    fst = parse_text("0 1 1 0 0\n1 2 2 0 0\n2 3 3 7 0\n2 3 4 7 0\n3 4 5 8 0\n3 4 6 9 0\n4 0\n")
    early = push(fst, weights=False, labels=True)
    assert [arc[1] for arc in arcs_of(early, early.start)] == [7]
    assert language(early, 4) == language(fst, 4)
    late = push(early, weights=False, labels=True, to="final")
    assert 7 not in [arc[1] for arc in arcs_of(late, late.start)]
    assert language(late, 4) == language(fst, 4)


def test_a_cost_before_a_cycle_gets_an_arc_of_its_own():
    fst = parse_text("0 0 1 1 1\n0 2\n")
    result = push(fst)
    assert (result.states, result.start) == (2, 1)
    assert arcs_of(result, 1) == [(0, 0, 2.0, 0)]
    line = push(parse_text("0 1 1 1 1\n1 2\n"))
    assert (line.states, line.weights.tolist(), line.final_weights[1]) == (2, [3.0], 0.0)


def test_bad_input_is_refused():
    fst = parse_text("0 1 1 1 1\n1 2\n")
    with pytest.raises(OptionsError, match="'initial' or 'final'"):
        push(fst, to="start")
    with pytest.raises(FormatError):
        push(parse_text("0 0 1 1 -1\n0 0\n"))
    assert push(Fst.from_arcs(-1, [], [], [], [], [], []), labels=True).start == -1
    useless = parse_text("0 1 1 1 1\n0 2 2 2 1\n1 2\n2 2 1 1 1\n")
    assert language(push(useless, labels=True), 3) == language(useless, 3)


@pytest.mark.parity
@settings(max_examples=50, deadline=None)
@given(random_fsts(empty=False), EITHER_WAY, st.booleans(), st.booleans())
def test_as_openfst_pushes(fst, to, labels, remove):
    pywrapfst = pytest.importorskip("pywrapfst")
    fst = connect(fst)
    if fst.start < 0:
        return
    result = push(fst, labels=labels, to=to, remove_total_weight=remove)
    peer = from_pynini(
        pywrapfst.push(
            to_pynini(fst),
            push_weights=True,
            push_labels=labels,
            remove_total_weight=remove,
            reweight_type=f"to_{to}",
        )
    )
    assert_same_likely_costs(result, peer)
    assert result.states <= peer.states
    if result.states == peer.states and not labels:  # OpenFst always adds a start state before a cycle
        assert sorted(result.weights) == pytest.approx(sorted(peer.weights), abs=1e-3)


@pytest.mark.parity
@settings(max_examples=40, deadline=None)
@given(random_fsts(semiring="log", empty=False))
def test_log_weights_as_openfst_pushes_them(fst):
    pywrapfst = pytest.importorskip("pywrapfst")
    fst = connect(fst)
    if fst.start < 0:
        return
    peer = from_pynini(pywrapfst.push(to_pynini(fst), delta=1e-6, push_weights=True, remove_total_weight=True))
    result = push(fst, remove_total_weight=True)
    assert_same_likely_costs(result, peer)
    if result.states == peer.states:  # OpenFst adds a start state before a cycle
        assert sorted(result.weights) == pytest.approx(sorted(peer.weights), abs=1e-2)
