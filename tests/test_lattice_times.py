import numpy as np
from harken.decoder.lattice.arc_times import arc_times
from harken.decoder.lattice.determinize import determinize
from harken.decoder.lattice.nbest import best_path, nbest
from harken.decoder.lattice.times import phone_times, word_times
from hypothesis import given, settings
from hypothesis import strategies as st

from .naive_lattice import all_paths, labels_of, random_lattice

TABLE = labels_of(6)  # 1 is the blank; 2 and 4 begin words of one phone each, 3 and 5 repeat that phone
NO_STARTS = TABLE._replace(label_starts_word=np.zeros(6, np.bool_))


def naive_word_times(labels, count, first=0):
    """Give each label that starts a word a place; its last label that is not blank ends it."""
    times = []
    for frame, label in enumerate(labels, first):
        if TABLE.label_starts_word[label]:
            times.append([frame, frame + 1])
        elif times and TABLE.label_phone[label]:
            times[-1][1] = frame + 1
    times = times[:count]
    return times + [[times[-1][1] if times else first] * 2] * (count - len(times))


@settings(max_examples=200, deadline=None)
@given(labels=st.lists(st.integers(1, 5), max_size=12), count=st.integers(0, 6), first=st.integers(0, 9))
def test_words_are_timed_by_the_labels_that_begin_them(labels, count, first):
    found = word_times(np.array(labels, np.int32), count, TABLE, first)
    assert found.tolist() == naive_word_times(labels, count, first)


@settings(max_examples=200, deadline=None)
@given(labels=st.lists(st.integers(1, 5), max_size=12))
def test_phones_last_as_long_as_they_repeat(labels):
    expected = []
    for frame, label in enumerate(labels):
        if label in (2, 4):
            expected.append([label // 2, frame + 3, frame + 4])
        elif label in (3, 5) and expected and expected[-1][2] == frame + 3 and labels[frame - 1] != 1:
            expected[-1][2] += 1
    assert phone_times(np.array(labels, np.int32), TABLE, 3).tolist() == expected


def test_a_path_knows_its_words_and_phones():
    labels = np.array([1, 2, 3, 1, 3, 4, 1], np.int32)
    assert word_times(labels, 2, TABLE, 10).tolist() == [[11, 15], [15, 16]]
    assert phone_times(labels, TABLE, 10).tolist() == [[1, 11, 13], [2, 15, 16]]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_an_arc_is_timed_on_the_best_path_through_it(seed, whole):
    lattice = random_lattice(seed, arcs=10)
    lattice = lattice if whole else determinize(lattice)
    times = arc_times(lattice)
    paths = all_paths(lattice)
    for arc in range(lattice.arcs):
        through = [path for path in paths if arc in path.arcs]
        if not through:
            continue
        if lattice.words[arc] == 0:
            ends = (lattice.frames[lattice.sources()[arc]], lattice.frames[lattice.nextstates[arc]])
            assert tuple(times[arc]) == ends
            continue
        candidates = []
        for path in through:
            if path.total > through[0].total + 1e-9:
                break
            place = sum(lattice.words[before] != 0 for before in path.arcs[: path.arcs.index(arc)])
            starts = sum(bool(lattice.label_table.label_starts_word[label]) for label in path.labels)
            if place < starts:
                candidates.append(tuple(naive_word_times(path.labels, place + 1, 7)[place]))
            else:
                source = lattice.sources()[arc]
                candidates.append((lattice.frames[source], lattice.frames[lattice.nextstates[arc]]))
        assert tuple(times[arc]) in candidates


def test_without_labels_that_begin_words_arcs_tell_the_time():
    from dataclasses import replace

    lattice = random_lattice(8)
    for table in (None, lattice.label_table._replace(label_starts_word=np.zeros(5, np.bool_))):
        blind = replace(lattice, label_table=table)
        for path in nbest(blind, 5):
            begins = [lattice.frames[lattice.sources()[arc]] for arc in path.arcs if lattice.words[arc]]
            assert path.word_times[:, 0].tolist() == begins
            assert (np.diff(path.word_times, axis=1) >= 0).all()
        assert len(best_path(replace(lattice, label_table=None)).phone_times) == 0
        assert np.array_equal(arc_times(blind)[:, 0], lattice.frames[lattice.sources()])
