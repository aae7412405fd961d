from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst import minimize as minimize_module
from harken.decoder.fst.connect import connect
from harken.decoder.fst.determinize import determinize
from harken.decoder.fst.determinize_subsets import DELTA
from harken.decoder.fst.encode import decode, encode
from harken.decoder.fst.minimize import minimize, minimize_encoded
from harken.decoder.fst.string_table import labels_of
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text
from harken.decoder.fst.transducer import Fst
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, assert_same_costs, assert_same_language, language, paths, random_fsts
from .naive_fst_determinize import coarsest_blocks, costs_to_end
from .pynini_fst import from_pynini, to_pynini
from .test_fst_determinize import assert_same_likely_costs

some = settings(max_examples=50, deadline=None)
SEMIRINGS = st.sampled_from(["tropical", "log"])


def deterministic(**options):
    return SEMIRINGS.flatmap(
        lambda semiring: random_fsts(
            max_states=6, max_arcs=14, labels=3, deterministic=True, empty=False, semiring=semiring, **options
        )
    )


def pushed(fst):
    """Return ``fst`` with weights pushed to the start by the twin's distances, the total left out."""
    ahead = np.array(costs_to_end(fst))
    weights = fst.weights + ahead[fst.nextstates] - ahead[fst.sources()]
    return replace(
        fst, weights=weights.astype(np.float32), final_weights=(fst.final_weights - ahead).astype(np.float32)
    )


@some
@given(deterministic(acceptor=True))
def test_acceptors_have_no_more_states_than_there_are_kinds(fst):
    result = minimize(fst)
    result.check()
    fst = connect(fst)
    if fst.start == -1:
        assert result.states == 0
        return
    assert_same_likely_costs(fst, result)
    wanted = coarsest_blocks(pushed(fst), fst.olabels, DELTA)
    assert result.states == wanted if fst.semiring == "tropical" else result.states <= fst.states


@some
@given(deterministic())
def test_transducers_keep_their_language_and_stay_small(fst):
    result = minimize(fst)
    result.check()
    fst = connect(fst)
    if fst.start >= 0:
        assert_same_likely_costs(fst, result)
        again = minimize(result)
        assert again.states <= result.states


@some
@given(SEMIRINGS.flatmap(lambda semiring: random_fsts(max_arcs=12, semiring=semiring)))
def test_encoded_machines_merge_what_is_alike(fst):
    try:
        result = minimize_encoded(fst)
    except FormatError as error:
        assert fst.semiring == "log"
        assert "equal labels" in str(error)
        return
    result.check()
    assert_same_likely_costs(fst, result)
    trimmed = connect(fst)
    if trimmed.start >= 0:
        both = trimmed.ilabels.astype(np.int64) << 32 | trimmed.olabels
        assert result.states == coarsest_blocks(trimmed, both, DELTA)
    arcs = [(state, *arc) for state in range(result.states) for arc in arcs_of(result, state)]
    assert len(set(arcs)) == len(arcs)


@some
@given(deterministic())
def test_partition_refinement_and_digests_agree(fst):
    found = []
    for rounds in (0, 1, 40):
        kept = minimize_module.ROUNDS
        minimize_module.ROUNDS = rounds
        try:
            found.append(minimize_encoded(fst))
        finally:
            minimize_module.ROUNDS = kept
    for other in found[1:]:
        assert other.to_text() == found[0].to_text()


@some
@given(random_fsts(max_arcs=12, acceptor=True))
def test_other_machines_keep_their_language(fst):
    result = minimize(fst)
    assert_same_language(fst, result)
    assert result.states <= fst.states


def test_suffixes_are_shared_once_weights_and_labels_are_early():
    fst = parse_text("0 1 1 1 0\n0 2 2 2 0\n1 3 3 3 5\n2 3 3 3 2\n3 1\n")
    result = minimize(fst)
    assert (result.states, result.arcs) == (3, 3)
    assert language(result, 2) == language(fst, 2)
    words = parse_text("0 1 1 0 0\n0 2 2 0 0\n1 3 3 7 0\n2 3 3 8 0\n3 0\n")
    result = minimize(words)
    assert (result.states, sorted(result.olabels)) == (3, [0, 7, 8])
    assert language(result, 2) == language(words, 2)


def test_what_is_written_late_is_owed_by_states_of_its_own():
    fst = parse_text("0 1 1 0 0\n1 2 2 7 0\n2 3 3 8 0\n0 4 2 0 0\n4 5 2 8 0\n5 3 3 8 0\n3 0\n")
    result = minimize(fst)
    assert language(result, 3) == language(fst, 3)
    assert result.states <= fst.states


def test_the_total_stands_at_the_start_or_where_that_is_on_a_cycle_at_the_end():
    line = minimize(parse_text("0 1 1 1 2\n1 2 2 2 3\n2 0.5\n"))
    assert line.weights.tolist() == [5.5, 0.0]
    cycle = minimize(parse_text("0 1 1 1 2\n1 0 2 2 3\n1 0.5\n"))
    assert (cycle.states, cycle.arcs) == (2, 2)
    assert_same_costs(paths(cycle, 5), paths(parse_text("0 1 1 1 2\n1 0 2 2 3\n1 0.5\n"), 5))


def test_chains_longer_than_the_digests_look_ahead():
    length = 60
    rows = [f"{s} {s + 1} 1 1 0" for s in range(length)] + [f"{length} 0"]
    rows = ["0 100 2 2 0", *(f"{100 + s} {101 + s} 1 1 0" for s in range(length - 1)), f"{99 + length} 0", *rows]
    fst = parse_text("\n".join(sorted(rows, key=lambda row: not row.startswith("0 "))) + "\n")
    assert minimize(fst).states == length + 1
    assert minimize_encoded(fst).states == length + 1


@pytest.mark.parametrize("operation", [minimize, minimize_encoded])
def test_empty_machines_options_and_names(operation):
    assert operation(Fst.from_arcs(-1, [], [], [], [], [], [])).start == -1
    assert operation(Fst.from_arcs(0, [0], [1], [1], [0], [1], [np.inf, np.inf])).states == 0
    symbols = SymbolTable.of_words(["<eps>", "a", "b"])
    fst = replace(parse_text("0 1 1 2 0\n1 2\n"), isymbols=symbols, osymbols=symbols, semiring="log")
    result = operation(fst)
    assert (result.isymbols, result.osymbols, result.semiring) == (symbols, symbols, "log")
    for wrong in (0.0, -1.0, float("inf")):
        with pytest.raises(OptionsError, match="delta"):
            operation(fst, delta=wrong)
    twice = replace(parse_text("0 1 1 1 0\n0 1 1 1 0\n1 0\n"), semiring="log")
    with pytest.raises(FormatError, match="determinize the machine first"):
        operation(twice)
    assert operation(replace(twice, semiring="tropical")).arcs == 1


def test_a_cycle_that_gains_cost_has_no_minimum():
    with pytest.raises(FormatError):
        minimize(parse_text("0 1 1 1 -1\n1 0 2 2 0\n1 0\n"))


@some
@given(
    SEMIRINGS.flatmap(lambda semiring: random_fsts(semiring=semiring)),
    st.sampled_from([(True, False), (False, True), (True, True)]),
)
def test_encoding_and_back(fst, what):
    labels, weights = what
    encoded, table = encode(fst, labels, weights)
    encoded.check()
    assert encoded.ilabels.min(initial=1) > 0
    if labels:
        assert np.array_equal(encoded.ilabels, encoded.olabels)
    if weights:
        assert not encoded.weights.any()
        assert set(encoded.final_weights.tolist()) <= {0.0, np.inf}
    decoded = decode(encoded, table)
    if weights:
        assert_same_likely_costs(fst, decoded, 1e-4)
    else:
        assert decoded.to_text() == fst.to_text()


def test_encoded_labels_are_one_for_each_kind_of_arc():
    fst = parse_text("0 1 1 5 2\n0 1 1 6 2\n1 2 1 5 3\n1 2 1 5 2\n2 0\n")
    assert encode(fst)[0].ilabels.tolist() == [1, 2, 1, 1]
    assert len(encode(fst, labels=True, weights=True)[1].entry_ilabels) == 4
    assert len(encode(fst, labels=False, weights=True)[1].entry_ilabels) == 3
    with pytest.raises(OptionsError, match="neither"):
        encode(fst, labels=False)
    with pytest.raises(FormatError, match="outside 1"):
        decode(parse_text("0 1 9 9 0\n1 0\n"), encode(fst)[1])


@pytest.mark.parity
@settings(max_examples=60, deadline=None)
@given(
    random_fsts(max_states=7, max_arcs=16, labels=3, deterministic=True, empty=False)
    | random_fsts(max_states=6, max_arcs=12, labels=3, acceptor=True, empty=False)
    | random_fsts(max_states=6, max_arcs=12, labels=2, empty=False)
)
def test_no_larger_than_openfst(fst):
    pywrapfst = pytest.importorskip("pywrapfst")
    assert pywrapfst
    try:
        fst = determinize(connect(fst), max_states=200)
    except (FormatError, OptionsError):
        return
    result = minimize(fst)
    peer = to_pynini(fst)
    peer.minimize(delta=DELTA, allow_nondet=True)
    assert result.states <= peer.num_states()
    assert_same_likely_costs(result, from_pynini(peer))


@pytest.mark.parity
@settings(max_examples=60, deadline=None)
@given(random_fsts(max_states=6, max_arcs=14, labels=3, deterministic=True, empty=False))
def test_encoded_as_large_as_kaldi(tmp_path_factory, fst):
    kaldifst = pytest.importorskip("kaldifst")
    from harken.decoder.fst.openfst import write_fst

    path = tmp_path_factory.getbasetemp() / "encoded.fst"
    write_fst(fst, path)
    peer = kaldifst.StdVectorFst.read(str(path))
    kaldifst.minimize_encoded(peer)
    result = minimize_encoded(fst)
    assert (result.states, result.arcs) == (peer.num_states, sum(map(peer.num_arcs, range(peer.num_states))))


def test_strings_of_labels_are_read_off():
    from harken.decoder.fst.push_labels import prefixes_pushed

    machine = prefixes_pushed(parse_text("0 1 1 5 0\n1 2 1 6 0\n2 0\n"))
    assert labels_of(machine.strings, machine.start_string) == [5, 6]
