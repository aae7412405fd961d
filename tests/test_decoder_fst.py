import numpy as np
import pytest
from harken.decoder.fst.connect import has_epsilon_cycle, reachable_part
from harken.decoder.fst.transducer import ARRAY_NAMES, Fst, narrow
from harken.errors import FormatError
from hypothesis import given, settings
from hypothesis import strategies as st

INF = float("inf")


def small():
    return Fst.from_arcs(
        start=1,
        sources=[1, 0, 1, 1],
        ilabels=[0, 2, 5, 3],
        olabels=[0, 7, 300, 0],
        weights=[0.5, 1.0, 2.0, -1.0],
        nextstates=[0, 0, 1, 2],
        final_weights=[0.25, INF, 0.0],
    ).in_search_order()


@st.composite
def transducers(draw):
    states = draw(st.integers(1, 8))
    state = st.integers(0, states - 1)
    arcs = draw(st.lists(st.tuples(state, st.integers(0, 3), st.integers(0, 3), st.integers(0, 9), state), max_size=20))
    columns = zip(*arcs, strict=True) if arcs else [[]] * 5
    finals = draw(st.lists(st.sampled_from([0.0, 1.5, INF]), min_size=states, max_size=states))
    return arcs, Fst.from_arcs(draw(state), *columns, finals)


def test_arcs_are_grouped_with_epsilons_last():
    fst = small()
    assert fst.is_in_search_order()
    assert (fst.states, fst.arcs, fst.start) == (3, 4, 1)
    assert fst.arc_begin.tolist() == [0, 1, 4, 4]
    assert fst.epsilon_begin.tolist() == [1, 3, 4]
    assert fst.ilabels.tolist() == [2, 3, 5, 0]
    assert fst.olabels.tolist() == [7, 0, 300, 0]
    assert fst.sources().tolist() == [0, 1, 1, 1]
    assert {name: getattr(fst, name).dtype for name in ARRAY_NAMES} == ARRAY_NAMES
    assert fst.nbytes == 4 * (4 + 4 + 4 + 4) + 4 * 8 + 3 * 4


def test_text():
    assert small().to_text().splitlines() == [
        "# start 1",
        "0\t0\t2\t7\t1",
        "1\t2\t3\t0\t-1",
        "1\t1\t5\t300\t2",
        "1\t0\t0\t0\t0.5",
        "0\t0.25",
        "2\t0",
    ]
    assert "1\t1\tE\t300\t2" in small().to_text(ilabel_name="_ABCDE".__getitem__)


@settings(deadline=None)
@given(transducers())
def test_from_arcs_keeps_every_arc(drawn):
    arcs, fst = drawn
    rows = zip(fst.sources(), fst.ilabels, fst.olabels, fst.weights, fst.nextstates, strict=True)
    assert sorted(tuple(int(value) for value in row) for row in rows) == sorted(arcs)
    fst = fst.in_search_order()
    assert fst.is_in_search_order()
    for state in range(fst.states):
        labels = fst.ilabels[fst.arc_begin[state] : fst.arc_begin[state + 1]]
        emitting = int(fst.epsilon_begin[state] - fst.arc_begin[state])
        assert np.all(labels[:emitting] != 0)
        assert np.all(labels[emitting:] == 0)


@settings(deadline=None)
@given(transducers())
def test_reachable_part_matches_a_plain_walk(drawn):
    arcs, fst = drawn
    seen, todo = {fst.start}, [fst.start]
    while todo:
        here = todo.pop()
        for source, *_, target in arcs:
            if source == here and target not in seen:
                seen.add(target)
                todo.append(target)
    number = {state: index for index, state in enumerate(sorted(seen))}
    part = reachable_part(fst)
    part.check()
    assert (part.states, part.start) == (len(seen), number[fst.start])
    assert part.final_weights.tolist() == [float(fst.final_weights[state]) for state in sorted(seen)]
    rows = zip(part.sources(), part.ilabels, part.olabels, part.weights, part.nextstates, strict=True)
    kept = [(number[arc[0]], *arc[1:4], number[arc[4]]) for arc in arcs if arc[0] in seen]
    assert sorted(tuple(int(value) for value in row) for row in rows) == sorted(kept)


@settings(deadline=None)
@given(transducers())
def test_epsilon_cycles_match_a_plain_walk(drawn):
    arcs, fst = drawn
    links = {(source, target) for source, ilabel, _, _, target in arcs if ilabel == 0}
    for _ in range(fst.states):
        links |= {(first, last) for first, middle in links for other, last in links if middle == other}
    assert has_epsilon_cycle(fst) == any(source == target for source, target in links)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("start", 3, "start is 3"),
        ("start", -2, "start is -2"),
        ("semiring", "real", "semiring is 'real'"),
        ("arc_begin", np.array([0, 3, 2, 4]), "arc_begin does not rise"),
        ("arc_begin", np.array([0, 1, 4, 5]), "arc_begin does not rise"),
        ("arc_begin", np.array([0, 4]), "arc_begin has 2 entries instead of 4"),
        ("ilabels", np.array([2, -1, 5, 0], dtype=np.int32), "ilabels holds a negative"),
        ("olabels", np.array([2, 0, -5, 0], dtype=np.int32), "olabels holds a negative"),
        ("olabels", np.array([[2, 0, 5, 0]], dtype=np.int32), "olabels has 2 dimensions"),
        ("olabels", np.array([2.0, 0.0, 5.0, 0.0]), "olabels has 1 dimensions of type float64"),
        ("weights", np.array([2, np.nan, 5, 3], dtype=np.float32), "weights holds NaN"),
        ("weights", np.array([2, -INF, 5, 3], dtype=np.float32), "weights holds NaN or minus"),
        ("weights", np.array([2, 1, 5], dtype=np.float32), "weights has 3 entries"),
        ("nextstates", np.array([0, 1, 3, 0], dtype=np.int32), "nextstates points to a state outside 0..2"),
        ("nextstates", np.array([0, -1, 1, 0], dtype=np.int32), "nextstates points"),
        ("final_weights", np.array([0, np.nan, 1], dtype=np.float32), "final_weights holds NaN"),
        ("final_weights", np.array([0, -INF, 1], dtype=np.float32), "final_weights holds NaN or minus"),
    ],
)
def test_check_names_the_field(field, value, message):
    fields = {name: getattr(small(), name) for name in ("start", *ARRAY_NAMES)}
    with pytest.raises(FormatError, match=f"^here: {message}"):
        Fst(**(fields | {field: value})).check("here")


def test_from_arcs_refuses_what_does_not_fit():
    with pytest.raises(FormatError, match="outside 0"):
        Fst.from_arcs(0, [1], [1], [1], [0.0], [0], [0.0])
    with pytest.raises(FormatError, match="ilabels has 2 entries for 1"):
        Fst.from_arcs(0, [0], [1, 1], [1], [0.0], [0], [0.0])
    with pytest.raises(FormatError, match="olabels holds -1"):
        Fst.from_arcs(0, [0], [1], [-1], [0.0], [0], [0.0])
    with pytest.raises(FormatError, match="nextstates points"):
        Fst.from_arcs(0, [0], [1], [1], [0.0], [2**32], [0.0])


def test_narrow():
    assert [narrow(np.array(values)).dtype for values in ([], [255], [256], [65536])] == [
        np.uint8, np.uint8, np.uint16, np.int32,
    ]  # fmt: skip
    with pytest.raises(FormatError, match="outside 0"):
        narrow(np.array([2**31]))
