"""C and H: windows of phones, tables of pdfs, HMMs and self-loops, against plain lists and kaldifst."""

import math

import numpy as np
import pytest
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.context_fst import compose_context
from harken.decoder.graph.phone_labels import PhoneLabels
from harken.errors import OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_fst import every_path, random_fsts
from .naive_graph_building import windows

LABELS = PhoneLabels.of_phones(("A", "B"), 2)  # 1 2, word-initial 3 4, symbols 5 6
PLAIN = {1: 1, 2: 2, 3: 1, 4: 2}
CONTEXTS = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 1), (5, 2)]


def told(context, label):
    """Return an input label of the expansion as the slow twin tells it."""
    if label <= len(context.windows):
        row = context.windows[label - 1].tolist()
        central = told.central
        row[central] += 2 * bool(context.starts_word[label - 1])
        return tuple(row)
    symbol = label - len(context.windows) - 1
    return (0,) if symbol == LABELS.disambiguation_symbols else (-(LABELS.first_disambiguation + symbol),)


@settings(max_examples=60, deadline=None)
@given(random_fsts(labels=6, cyclic=False, max_states=6, max_arcs=12), st.sampled_from(CONTEXTS))
def test_every_path_in_context(fst, shape):
    """The paths are those of the machine, each label told as the window around it, at the same cost."""
    if fst.start < 0:
        return
    told.central = shape[1]
    context = compose_context(fst, LABELS, *shape)
    context.fst.check()
    assert context.windows.shape[1] == shape[0]
    expected, found = [], []
    for path, cost in every_path(fst, 6):
        read = windows([arc[0] for arc in path if arc[0]], PLAIN, *shape)
        expected.append((read, [arc[1] for arc in path if arc[1]], round(cost, 3)))
    for path, cost in every_path(context.fst, 20):
        read = [told(context, arc[0]) for arc in path if arc[0]]
        found.append((read, [arc[1] for arc in path if arc[1]], round(cost, 3)))
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("shape", CONTEXTS)
def test_loops_have_no_end(shape):
    """A loop over all labels gives a state for every string of phones that a window leaves behind."""
    labels = [1, 2, 3, 4, 5]
    fst = Fst.from_arcs(0, [0] * 5, labels, labels, [0.0] * 5, [0] * 5, [0.5])
    context = compose_context(fst, LABELS, *shape)
    width, central = shape
    histories = 1
    for position in range(width - 1):
        histories = 1 + histories * (2 if position < central else 4)  # marks are kept until the phone is said
    inner = [state for state in range(context.fst.states) if np.diff(context.fst.arc_begin)[state] >= 5]
    assert len(inner) == histories
    reached = {tuple(row) for row in context.windows.tolist()}
    assert all(0 not in row[central : central + 1] for row in reached)
    assert (1,) * width in reached


def test_shapes_that_make_no_window_are_refused():
    fst = Fst.from_arcs(0, [0], [1], [1], [0.0], [0], [0.0])
    for width, central in ((0, 0), (2, 2), (2, -1), (17, 0)):
        with pytest.raises(OptionsError, match="window"):
            compose_context(fst, LABELS, width, central)
    with pytest.raises(OptionsError, match="too many"):
        compose_context(fst, PhoneLabels.of_phones(tuple(f"P{n}" for n in range(200))), 8, 4)
    with pytest.raises(OptionsError, match="none of the phones"):
        compose_context(Fst.from_arcs(0, [0], [9], [1], [0.0], [0], [0.0]), LABELS)


@pytest.mark.parity
@settings(max_examples=40, deadline=None)
@given(random_fsts(labels=6, cyclic=False, max_states=6, max_arcs=12), st.sampled_from(CONTEXTS))
def test_the_same_paths_as_kaldifst(fst, shape):
    """Kaldi's expansion of the same machine has the same paths, windows and costs (it knows no marks)."""
    kaldifst = pytest.importorskip("kaldifst")
    labels = PhoneLabels.of_phones(("A", "B", "C", "D"), 2, marks_starts=False)
    width, central = shape
    if fst.start < 0:
        return
    theirs = kaldifst.StdVectorFst()
    for _ in range(fst.states):
        theirs.add_state()
    theirs.start = fst.start
    for source, target, ilabel, olabel, weight in zip(
        fst.sources(), fst.nextstates, fst.ilabels, fst.olabels, fst.weights, strict=True
    ):
        theirs.add_arc(int(source), kaldifst.StdArc(int(ilabel), int(olabel), float(weight), int(target)))
    for state, weight in enumerate(fst.final_weights):
        if math.isfinite(weight):
            theirs.set_final(state, float(weight))
    expanded, meanings = kaldifst.compose_context([5, 6], width, central, theirs)
    ours = compose_context(fst, labels, *shape)

    def our_label(label):
        if label <= len(ours.windows):
            return tuple(ours.windows[label - 1].tolist())
        symbol = label - len(ours.windows) - 1
        return (0,) if symbol == 2 else (-(5 + symbol),)

    def their_paths():
        waiting = [(expanded.start, (), (), 0.0)] if expanded.start >= 0 else []
        while waiting:
            state, read, written, cost = waiting.pop()
            final = expanded.final(state).value
            if math.isfinite(final):
                yield read, written, round(cost + final, 3)
            for arc in kaldifst.ArcIterator(expanded, state):
                meaning = tuple(meanings[arc.ilabel])
                more = (*written, arc.olabel) if arc.olabel else written
                waiting.append((arc.nextstate, (*read, meaning) if meaning else read, more, cost + arc.weight.value))

    found = [
        (
            tuple(our_label(arc[0]) for arc in path if arc[0]),
            tuple(arc[1] for arc in path if arc[1]),
            round(cost, 3),
        )
        for path, cost in every_path(ours.fst, 20)
    ]
    # Where no phone is said at all, theirs read what a first phone would.
    known = [
        (read if any(max(name) > 0 for name in read) else tuple(name for name in read if name != (0,)), written, cost)
        for read, written, cost in their_paths()
    ]
    assert sorted(found) == sorted(known)
