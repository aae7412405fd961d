"""Long texts of transducers, read and printed by compiled kernels, beside what reads and prints line by line."""

from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst import text as fst_text
from harken.decoder.fst.symbols import SymbolTable
from harken.decoder.fst.text import parse_text, to_text
from harken.decoder.fst.transducer import ARRAY_NAMES, Fst
from harken.errors import FormatError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import random_fsts
from .naive_fst_text import naive_text

few = settings(max_examples=60, deadline=None)  # the first example waits for the compiler
LETTERS = SymbolTable({0: "<eps>", 1: "a", 2: "bä", 3: "3", 4: "long" * 20, 10**6: "far"})
STATES = SymbolTable({state: f"s{state}" for state in range(50)})
FLOATS = st.one_of(
    st.floats(width=32, allow_nan=False).filter(lambda cost: cost > -np.inf),
    st.floats(2.0**-17, 2.0**33, width=32),
    st.integers(0, 10**10).map(float),
)


def outcome(text, *options, short):
    """Return the machine's arrays, or what was said, with texts longer than ``short`` read by the kernels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fst_text, "_SHORT", short)
        try:
            fst = parse_text(text, *options)
        except FormatError as error:
            return str(error)
    return (fst.start, fst.isymbols, fst.osymbols, *(getattr(fst, name).tolist() for name in ARRAY_NAMES))


def assert_read_alike(text, *options):
    assert outcome(text, *options, short=-1) == outcome(text, *options, short=1 << 40)


@few
@given(
    random_fsts(),
    st.sampled_from([None, LETTERS]),
    st.sampled_from([None, LETTERS]),
    st.sampled_from([None, STATES]),
    st.booleans(),
    st.booleans(),
)
def test_machines_survive_both_ways(fst, isymbols, osymbols, ssymbols, acceptor, always):
    if acceptor:
        fst = replace(fst, olabels=fst.ilabels)
    text = to_text(fst, isymbols, osymbols, ssymbols, acceptor, always)
    assert text == naive_text(fst, isymbols, osymbols, ssymbols, acceptor, always)
    for keep in (False, True):
        assert_read_alike(text, isymbols, osymbols, ssymbols, acceptor, keep)


@few
@given(st.lists(FLOATS, min_size=1, max_size=30))
def test_costs_are_printed_and_read_as_c_does(costs):
    costs = np.array(costs).astype(np.float32)
    zeros = np.zeros(len(costs))
    fst = Fst.from_arcs(0, zeros, np.arange(len(costs)), zeros, costs, zeros, [0.0])
    text = to_text(fst, show_weight_one=True)
    assert text == naive_text(fst, always=True)
    assert text.split("\n")[0].split("\t")[4] == ("Infinity" if costs[0] == np.inf else f"{costs[0]:.9g}")
    assert_read_alike(text)
    assert np.array_equal(parse_text(text).weights, costs)


@pytest.mark.parametrize("power", range(-6, 12))
def test_costs_around_powers_of_ten(power):
    """Where a rounded cost has a digit more, and where %.9g goes over to exponents."""
    middle = np.float32(10.0**power)
    steps = middle.view(np.int32) + np.arange(-20, 21, dtype=np.int32)
    costs = np.concatenate([steps.view(np.float32), np.float32(np.arange(1, 20) * 10.0**power)])
    fst = Fst.from_arcs(0, costs * 0, costs * 0, costs * 0, costs, costs * 0, [np.inf])
    assert to_text(fst) == naive_text(fst)


DECIMALS = st.from_regex(r"-?[0-9]{0,25}(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,4})?", fullmatch=True)
HALF_WAY = st.floats(2.0**-20, 2.0**20, width=32).map(
    lambda cost: f"{(float(cost) + float(np.nextafter(np.float32(cost), np.float32(np.inf)))) / 2:.60f}"
)
WORDS = st.sampled_from(
    ["Infinity", "-Infinity", "inf", "nan", "1_0", "+1", "0x1", "-", ".", "1e", "1e+", "", "٣", "1\r"]
)


@few
@given(st.lists(DECIMALS | HALF_WAY | WORDS | FLOATS.map(repr), min_size=1, max_size=4))
def test_decimals_are_rounded_once(fields):
    assert_read_alike("".join(f"0 1 2 3 {field}\n" for field in fields))


FIELDS = st.sampled_from(
    ["0", "1", "7", "07", "a", "bä", "3", "s1", "far", "2147483647", "2147483648", "-1", "\r", "x" * 9, "2.5"]
)
LINES = st.tuples(st.lists(FIELDS, max_size=6), st.sampled_from([" ", "\t", "  ", " \t"])).map(
    lambda x: x[1].join(x[0])
)


@few
@given(
    st.lists(LINES, max_size=6),
    st.sampled_from(["\n", "\r\n", "\n\n", " \n"]),
    st.sampled_from([None, LETTERS]),
    st.sampled_from([None, LETTERS]),
    st.sampled_from([None, STATES]),
    st.booleans(),
    st.booleans(),
)
def test_any_lines_are_read_alike(lines, end, isymbols, osymbols, ssymbols, acceptor, keep):
    assert_read_alike(end.join(lines), isymbols, osymbols, ssymbols, acceptor, keep)


def test_long_texts_name_the_line_that_is_wrong():
    lines = ["0 1 1 1 .5"] * 20_000
    lines[12_345] = "0 1 one 1"
    with pytest.raises(FormatError, match=r"^g\.txt: line 12346 has the input label 'one', not a number"):
        parse_text("\n".join(lines), name="g.txt")
    lines[12_345] = "0 1 2147483000 1"
    assert parse_text("\n".join(lines)).ilabels.max() == 2147483000


def test_names_that_share_their_bytes():
    """A name of Latin-1 bytes and the same bytes as UTF-8 are two names; a text means the latter."""
    table = SymbolTable({0: "<eps>", 1: b"\xc3\xa4".decode("ascii", "surrogateescape"), 2: "ä"})
    assert_read_alike("0 1 ä ä\n1\n", table, table)
    assert parse_text("0 1 ä ä\n1\n", table, table).ilabels.tolist() == [2]
    assert_read_alike("0 1 caf\udce9 0\n1\n", SymbolTable({0: "0", 5: "caf\udce9"}))
    assert_read_alike("0 1 b 0\n1\n", SymbolTable({0: "0", 5: "a\nb", 6: "b"}))


def test_states_of_great_numbers():
    text = "".join(f"{2_000_000_000 - 3 * n} {n} 1 1\n" for n in range(2000))
    assert_read_alike(text)
    fst = parse_text(text)
    assert fst.states == 4000
    assert_read_alike(text, None, None, None, False, True)
