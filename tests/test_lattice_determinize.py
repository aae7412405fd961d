import logging
from dataclasses import replace

import numpy as np
import pytest
from harken.decoder.lattice.assemble import empty_lattice
from harken.decoder.lattice.determinize import DeterminizeOptions, determinize
from harken.decoder.lattice.prune import prune
from harken.errors import OptionsError
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, best_by_words, random_lattice


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    arcs=st.integers(5, 30),
    beam=st.sampled_from([0.3, 2.0, 1e3]),
    twice=st.booleans(),
    words=st.integers(1, 3),
)
def test_each_word_sequence_keeps_its_best_path(seed, arcs, beam, twice, words):
    lattice = random_lattice(seed, arcs=arcs, words=words)
    expected = best_by_words(lattice)
    best = min(path.total for path in expected.values())
    made = determinize(lattice, DeterminizeOptions(beam=beam))
    made = determinize(made) if twice else made
    made.check()
    found = all_paths(made)
    assert len({path.words for path in found}) == len(found)
    assert {words for words, path in expected.items() if path.total <= best + beam} <= {path.words for path in found}
    everything = all_paths(lattice)
    for path in found:
        least = expected[path.words].total
        assert path.total >= least - 1e-9
        if path.total > best + beam:
            assert least > best + beam - 1e-9
            continue  # what is outside the beam may be there, but not on its best path
        assert path.total == pytest.approx(least, abs=1e-9)
        # Other alignments may cost the same: then which one is kept is open.
        same = [item for item in everything if item.words == path.words and item.total < least + 1e-9]
        assert any(path.labels == item.labels and np.allclose(path.costs, item.costs, atol=1e-9) for item in same)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_two_arcs_of_a_state_have_the_same_word(seed):
    made = determinize(random_lattice(seed, arcs=25))
    for state in range(made.states):
        words = made.words[made.arc_begin[state] : made.arc_begin[state + 1]].tolist()
        assert len(set(words)) == len(words)
    # Arcs without a word are but ways out: to one state, which leads nowhere.
    (end,) = set(made.nextstates[made.words == 0].tolist()) or {made.states - 1}
    assert made.arc_begin[end] == made.arc_begin[end + 1]
    lengths = np.diff(made.label_begin)
    assert np.array_equal(made.frames[made.sources()] + lengths, made.frames[made.nextstates])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), most=st.integers(1, 12), of_arcs=st.booleans())
def test_a_limit_keeps_the_best_sequences_and_says_how_far(seed, most, of_arcs):
    lattice = random_lattice(seed, arcs=25)
    expected = best_by_words(lattice)
    best = min(path.total for path in expected.values())
    options = DeterminizeOptions(beam=1e3, **{"max_arcs" if of_arcs else "max_states": most})
    with Quiet():
        made = determinize(lattice, options)
    made.check()
    assert (made.arcs if of_arcs else made.states) <= most + (made.states if of_arcs else 1)
    found = {path.words: path.total for path in all_paths(made)}
    for words, path in expected.items():
        if path.total < best + made.beam - 1e-9:
            assert found[words] == pytest.approx(path.total, abs=1e-9)
    assert all(total >= expected[words].total - 1e-9 for words, total in found.items())


class Quiet:
    def __enter__(self):
        logging.getLogger("harken.decoder.lattice.determinize").setLevel(logging.ERROR)

    def __exit__(self, *problem):
        logging.getLogger("harken.decoder.lattice.determinize").setLevel(logging.NOTSET)


def test_a_limit_that_is_reached_is_told(caplog):
    made = determinize(random_lattice(7, arcs=40), DeterminizeOptions(beam=1e3, max_arcs=4))
    assert "stopped" in caplog.text
    assert made.beam < 1e3


def test_room_that_is_short_is_made(monkeypatch):
    lattice = random_lattice(12, frames=8, width=5, arcs=120)
    plenty = determinize(lattice)
    from harken.decoder.lattice import determinize as module

    monkeypatch.setattr(module, "_ROOMS", dict.fromkeys(module._ROOMS, 0.0))
    monkeypatch.setattr(module, "LEAST_ROOM", 4)
    scant = determinize(lattice)
    assert np.array_equal(scant.totals, plenty.totals)
    assert np.array_equal(scant.labels, plenty.labels)


def test_labels_that_are_missing_are_no_obstacle():
    lattice = random_lattice(3)
    bare = replace(lattice, labels=lattice.labels[:0], label_begin=np.zeros(lattice.arcs + 1, np.int64))
    made = determinize(bare)
    made.check()
    assert [path.words for path in all_paths(made)] == list(best_by_words(lattice))


def test_equal_input_gives_equal_bytes():
    lattice = random_lattice(5, arcs=40)
    first, second = determinize(lattice), determinize(lattice)
    assert first.costs.tobytes() == second.costs.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()


def test_nothing_determinizes_to_nothing():
    assert determinize(empty_lattice(1.0, ("<eps>",))).states == 0


@pytest.mark.parametrize("options", [{"beam": -1.0}, {"max_states": 0}, {"max_arcs": 0}, {"delta": 2.0}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(OptionsError, match="determinize"):
        DeterminizeOptions(**options)


@pytest.mark.parametrize("beam", [None, 3.0])
def test_states_that_lead_to_no_end_are_no_obstacle(beam):
    lattice = random_lattice(3)
    finals = np.full(lattice.states, np.inf)
    options = DeterminizeOptions(beam=beam)
    assert determinize(replace(lattice, final_graph_costs=finals), options).states == 0
    finals[-1] = 0.5
    half = replace(lattice, final_graph_costs=finals)
    found = {path.words: path.total for path in all_paths(determinize(half, options))}
    for words, path in best_by_words(half).items():
        if beam is None or path.total <= all_paths(half)[0].total + beam:
            assert found[words] == pytest.approx(path.total)


def test_a_path_without_an_arc_stays_one():
    lattice = random_lattice(3)
    alone = prune(replace(lattice, final_graph_costs=np.append(-50.0, lattice.final_graph_costs[1:])), 1.0)
    assert (alone.states, alone.arcs) == (1, 0)
    made = determinize(alone)
    assert all_paths(made) == all_paths(alone)
    assert len(all_paths(made)) == 1
