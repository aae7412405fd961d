"""Topologies and tables of pdfs: what they hold, their text form, and what they refuse."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.context_fst import ContextFst
from harken.decoder.graph.context_tables import left_biphone_table, monophone_table
from harken.decoder.graph.hmm_fst import HmmLabels, compile_hmms
from harken.decoder.graph.pdf_table import HEADER, PdfTable
from harken.decoder.graph.self_loops import add_self_loops
from harken.decoder.graph.topology import HmmState, Topology, chain_topology, left_to_right_topology
from harken.errors import FormatError, OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import arcs_of, assert_same_costs, every_path, language, random_fsts

PHONES = ("SIL", "A", "B")


def rows_of(table):
    return {
        (*window, int(state)): (int(forward), int(loop))
        for window, state, forward, loop in zip(
            map(tuple, table.windows.tolist()), table.hmm_states, table.forward_pdfs, table.self_loop_pdfs, strict=True
        )
    }


def test_monophones():
    assert rows_of(monophone_table(PHONES, chain_topology())) == {(1, 0): (0, 1), (2, 0): (2, 3), (3, 0): (4, 5)}
    table = monophone_table(("A", "B"), left_to_right_topology(3))
    assert rows_of(table) == {(1 + n // 3, n % 3): (n, n) for n in range(6)}
    assert (table.context_width, table.central_position, table.pdfs) == (1, 0, 6)


def test_left_biphones():
    table = left_biphone_table(PHONES, chain_topology(), ["SIL"])
    rows = rows_of(table)
    assert table.pdfs == 2 * (1 + 4 + 4)
    assert all(rows[left, 1, 0] == (0, 1) for left in range(4))
    assert [rows[left, 2, 0] for left in range(4)] == [(2, 3), (4, 5), (6, 7), (8, 9)]
    with pytest.raises(OptionsError, match="'X' is none of the phones"):
        left_biphone_table(PHONES, chain_topology(), ["X"])


def test_phones_of_different_lengths():
    topology = Topology(left_to_right_topology(2).usual, {"SIL": left_to_right_topology(3).usual})
    assert rows_of(monophone_table(PHONES, topology)) == {
        (1, 0): (0, 0), (1, 1): (1, 1), (1, 2): (2, 2), (2, 0): (3, 3), (2, 1): (4, 4), (3, 0): (5, 5), (3, 1): (6, 6),
    }  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.data())
def test_tables_survive_their_text_form(tmp_path_factory, width, data):
    central = data.draw(st.integers(0, width - 1))
    keys = st.tuples(*[st.integers(int(place == central), 3) for place in range(width)], st.integers(0, 2))
    chosen = data.draw(st.lists(keys, min_size=1, max_size=12, unique=True))
    pdfs = [data.draw(st.tuples(st.integers(0, 99), st.integers(0, 99))) for _ in chosen]
    table = PdfTable.from_rows(
        PHONES, central, [key[:-1] for key in chosen], [(key[-1], *pdf) for key, pdf in zip(chosen, pdfs, strict=True)]
    )
    path = tmp_path_factory.mktemp("tables") / "table.txt"
    table.save(path)
    again = PdfTable.load(path)
    assert (again.phones, again.central_position) == (PHONES, central)
    assert rows_of(again) == rows_of(table) == dict(zip(chosen, pdfs, strict=True))
    windows = np.array([key[:-1] for key in chosen], dtype=np.int32)
    states = np.array([key[-1] for key in chosen], dtype=np.int32)
    assert list(map(tuple, again.look_up(windows, states).tolist())) == pdfs


def test_any_phone(tmp_path):
    """``*`` is any phone or none, in the centre any phone; comments are left out."""
    path = tmp_path / "table.txt"
    path.write_text(
        f"# made by hand\n{HEADER}\nphones A B\ncontext-width 2\n\ncentral-position 1\n* A 0 0 1\n<eps> * 1 2 3\n"
    )
    rows = rows_of(PdfTable.load(path))
    assert rows == {(0, 1, 0): (0, 1), (1, 1, 0): (0, 1), (2, 1, 0): (0, 1), (0, 1, 1): (2, 3), (0, 2, 1): (2, 3)}


GOOD = [HEADER, "phones A B", "context-width 2", "central-position 1", "<eps> A 0 0 1", "A B 0 2 3"]
DAMAGE = [
    (0, "harken-pdf-table 2", "line 1: this version is unknown"),
    (0, "something else", "line 1: 'harken-pdf-table' should stand here"),
    (1, "phones", "line 2: name one phone"),
    (1, "phones A A", "line 2: name one phone"),
    (1, "phones A #1", "line 2: name one phone"),
    (2, "context-width two", "line 3: context-width must be a whole number from 1 to 16"),
    (3, "central-position 2", "line 4: central-position must be a whole number from 0 to 1"),
    (4, "<eps> A 0 0", "line 5: a row has 2 phones"),
    (4, "<eps> A 0 0 -1", "line 5: a row has 2 phones"),
    (4, "<eps> A 0 0 99999999999", "line 5: a row has 2 phones"),
    (4, "<eps> C 0 0 1", "line 5: the phone 'C' is not listed"),
    (4, "A <eps> 0 0 1", "line 5: <eps> stands in the centre"),
    (5, "<eps> A 0 2 3", "line 6: line 5 has the same window"),
    (5, "* A 0 2 3", "line 6: line 5 has the same window"),
]


@pytest.mark.parametrize(("line", "text", "message"), DAMAGE)
def test_malformed_tables_are_refused_with_their_line(tmp_path, line, text, message):
    path = tmp_path / "table.txt"
    path.write_text("\n".join([*GOOD[:line], text, *GOOD[line + 1 :]]))
    with pytest.raises(FormatError) as caught:
        PdfTable.load(path)
    assert str(caught.value).startswith(f"{path}, {message}")


def test_tables_that_end_early_are_refused(tmp_path):
    path = tmp_path / "table.txt"
    for lines in range(5):
        path.write_text("\n".join(GOOD[:lines]))
        with pytest.raises(FormatError, match=r"should stand here|no rows|must be"):
            PdfTable.load(path)
    with pytest.raises(FormatError, match="cannot be read"):
        PdfTable.load(tmp_path / "none.txt")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError, match="UTF-8"):
        PdfTable.load(path)


def test_wrong_rows_are_refused():
    for windows, columns, central, message in (
        ([], [], 0, "give windows"),
        ([[1]], [[0, 0]], 0, "give windows"),
        ([[1]], [[0, 0, 0]], 1, "central position"),
        ([[4]], [[0, 0, 0]], 0, "none of the 3 phones"),
        ([[0]], [[0, 0, 0]], 0, "centre"),
        ([[1]], [[0, -1, 0]], 0, "negative"),
        ([[1], [1]], [[0, 0, 0], [0, 1, 1]], 0, "window SIL has two rows"),
    ):
        with pytest.raises(OptionsError, match=message):
            PdfTable.from_rows(PHONES, central, windows, columns)
    table = monophone_table(PHONES, chain_topology())
    with pytest.raises(OptionsError, match="window A has no row for HMM state 1"):
        table.look_up(np.array([[2]], np.int32), np.array([1], np.int32))
    with pytest.raises(OptionsError, match="1 phones, not 2"):
        table.look_up(np.array([[2, 1]], np.int32), np.array([1], np.int32))


@pytest.mark.parametrize(
    ("transitions", "message"),
    [
        ([], "has no states"),
        ([[(0, 1.0)]], "never comes to the end"),
        ([[(0, 0.5), (1, 0.4)]], "add up to 0.9"),
        ([[(0, 0.5), (0, 0.5)]], "twice"),
        ([[(2, 1.0)]], "outside 0..1"),
        ([[(1, 1.5), (0, -0.5)]], r"outside \(0, 1\]"),
        ([[(1, 1.0)], [(0, 0.5), (2, 0.5)]], "back to state 0"),
    ],
)
def test_topologies_that_cannot_be_are_refused(transitions, message):
    with pytest.raises(OptionsError, match=message):
        Topology(tuple(HmmState(tuple(row)) for row in transitions))


def context_of(*windows):
    """Return what ``compile_hmms`` needs to know of windows."""
    fst = Fst.from_arcs(0, [0], [1], [0], [0.0], [0], [0.0])
    return ContextFst(fst, np.array(windows, np.int32), np.zeros(len(windows), bool), 1)


def test_windows_that_sound_alike_are_one_hmm():
    table = left_biphone_table(PHONES, chain_topology(), ["SIL"])
    hmms = compile_hmms(context_of((0, 1), (2, 1), (2, 2), (3, 2)), chain_topology(), table)
    assert hmms.hmm_of_window.tolist()[0] == 0
    assert hmms.hmm_of_window[1] == hmms.hmm_of_window[2]
    assert len(set(hmms.hmm_of_window.tolist())) == 4
    assert hmms.labels.score_column[1:].tolist() == [0, 1, 6, 7, 8, 9]
    assert hmms.labels.phone.tolist() == [0, 1, 1, 2, 2, 2, 2]
    assert hmms.fst.states == 1  # one state a phone: all arcs are loops
    with pytest.raises(OptionsError, match="contexts of 1 phones"):
        compile_hmms(context_of((1,)), chain_topology(), table)


def test_a_phones_first_frame_is_that_of_its_first_state():
    topology = left_to_right_topology(2)
    labels = compile_hmms(context_of((1,), (2,)), topology, monophone_table(PHONES, topology)).labels
    assert labels.phone.tolist() == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert labels.is_self_loop.tolist() == [False, *[False, True] * 4]
    assert labels.same_phone.tolist() == [False, *[False, True, True, True] * 2]


def test_the_probability_of_all_paths_through_an_hmm_is_one():
    """Self-loops apart, what leads through the HMMs of a skipping topology adds up to 1."""
    topology = Topology((HmmState(((0, 0.5), (1, 0.3), (2, 0.2))), HmmState(((1, 0.4), (2, 0.6)))))
    hmms = compile_hmms(context_of((1,)), topology, monophone_table(("A",), topology))
    costs = [cost for path, cost in every_path(hmms.fst, 2) if path and path[-1][3] == 0 and path[0][1] == 1]
    once = [cost for path, cost in every_path(hmms.fst, 2) if [arc[1] for arc in path] in ([1], [1, 0])]
    assert len(once) == 2 <= len(costs)
    assert np.exp(-np.array(once)).sum() == pytest.approx(1.0, abs=1e-6)


def test_self_loops_stand_where_their_state_ends():
    """An arc alone into a state: the loop is on the state; two states that meet: each gets one of its own before it."""
    topology = left_to_right_topology(1, 0.75)
    hmms = compile_hmms(context_of((1,), (2,)), topology, monophone_table(PHONES, topology))
    fst = Fst.from_arcs(0, [0, 1, 1], [1, 1, 3], [5, 0, 0], [0.0] * 3, [1, 2, 2], [np.inf, np.inf, 0.0])
    looped = add_self_loops(fst, hmms.labels)
    assert looped.states == 3 + 2
    loops = [(state, arc[0]) for state in range(looped.states) for arc in arcs_of(looped, state) if arc[3] == state]
    assert loops == [(1, 2), (3, 2), (4, 4)]
    costs = {arc[:2]: arc[2] for state in range(looped.states) for arc in arcs_of(looped, state)}
    assert costs[1, 5] == 0
    assert costs[2, 0] == pytest.approx(-np.log(0.75))
    assert costs[0, 0] == costs[3, 0] == pytest.approx(-np.log(0.25))
    assert not looped.in_search_order().final_weights[2]


@settings(max_examples=60, deadline=None)
@given(random_fsts(labels=3, max_states=5, max_arcs=8), st.sampled_from([0.0, 0.5, 1.0]))
def test_self_loops_repeat_their_states_frames(fst, scale):
    """Every string of first frames, each followed by further frames of the same state, at what staying costs."""
    stay = np.array([0.0, 0.75, 0.5, 0.0])  # the third state has no self-loop
    places = np.zeros(7, np.int32)
    labels = HmmLabels(places, places, places > 0, places > 0, places > 0, stay)
    firsts = np.array([0, 1, 3, 5])
    labelled = replace(fst, ilabels=firsts[fst.ilabels].astype(np.int32))
    expected = {}
    for (read, written), cost in language(labelled, 3).items():
        for repeats in itertools.product(range(3), repeat=len(read)):
            total, said = cost, []
            for label, more in zip(read, repeats, strict=True):
                share = stay[(label + 1) // 2]
                if more and not share:
                    break
                said += [label] + [label + 1] * more
                total -= scale * ((more * math.log(share) if share else 0.0) + math.log1p(-share))
            else:
                if len(said) <= 3:
                    expected[tuple(said), written] = min(total, expected.get((tuple(said), written), math.inf))
    assert_same_costs(language(add_self_loops(labelled, labels, scale), 3), expected)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(list("\n #*AB01-9\u00e4"))), max_size=6), st.integers(0, 100)
)
def test_damaged_tables_are_read_or_refused(tmp_path_factory, changes, length):
    """Whatever characters change or are cut off: a table comes out, or one sentence that names the file."""
    text = list("\n".join(GOOD))
    for place, character in changes:
        text[place] = character
    path = tmp_path_factory.mktemp("damaged") / "table.txt"
    path.write_text("".join(text)[:length], encoding="utf8")
    try:
        table = PdfTable.load(path)
    except FormatError as problem:
        assert str(problem).startswith(f"{path}, line ")
    else:
        assert len(table.windows) > 0
