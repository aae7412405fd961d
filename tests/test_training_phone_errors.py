from itertools import product

import numpy as np
import pytest
from harken.engine.training.phone_errors import greedy_units, phone_errors
from hypothesis import given, settings
from hypothesis import strategies as st


def naive_distance(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        before, row = row, [i]
        for j, b in enumerate(second, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


phones = st.lists(st.integers(1, 4), max_size=5)


@settings(deadline=None)
@given(
    phones, st.lists(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=3), max_size=3)
)
def test_the_best_fitting_way_of_every_word_counts(found, words):
    spelled = [[phone for way in ways for phone in way] for ways in product(*words)]
    assert phone_errors(found, words) == min(naive_distance(found, one) for one in spelled)


def test_greedy_units_joins_repeats_and_drops_blanks():
    assert greedy_units(np.array([0, 3, 3, 0, 3, 1, 1, 0])) == [3, 3, 1]
    assert greedy_units(np.array([0, 0])) == []


@pytest.mark.parametrize(("found", "wanted"), [([], 2), ([1], 1), ([1, 2, 3], 1)])
def test_one_word(found, wanted):
    assert phone_errors(found, [[[1, 2]]]) == wanted
