"""Machines that no operation can do anything sensible with: said in a sentence, in finite time and memory."""

import numpy as np
import pytest
from harken.decoder.fst.compose import compose
from harken.decoder.fst.determinize import determinize
from harken.decoder.fst.determinize_star import determinize_star
from harken.decoder.fst.minimize import minimize
from harken.decoder.fst.push import push
from harken.decoder.fst.rmepsilon import rmepsilon
from harken.decoder.fst.shortest_distance import shortest_distance
from harken.decoder.fst.shortest_path import shortest_path
from harken.decoder.fst.transducer import Fst
from harken.errors import FormatError, HarkenError, OptionsError, SearchError

from .fuzz import as_compiled


def machine(arcs, finals, semiring="tropical"):
    """Return a machine of rows (source, input, output, cost, target)."""
    return Fst.from_arcs(0, *zip(*arcs, strict=True), finals, semiring)


def test_a_product_without_end_is_refused():
    states = 3000
    random = np.random.default_rng(0)
    label = np.ones(2 * states)
    one, other = (
        Fst.from_arcs(
            0, np.repeat(np.arange(states), 2), label, label, 0 * label, random.integers(0, states, 2 * states),
            np.zeros(states),
        )
        for _ in range(2)
    )  # fmt: skip
    with pytest.raises(SearchError, match="over 2000 states"):
        compose(one, other, max_states=2000)


@pytest.mark.parametrize("operation", [determinize, determinize_star])
def test_a_machine_without_deterministic_equivalent_is_refused(operation):
    twins = machine([(0, 1, 1, 0.0, 1), (0, 1, 1, 0.0, 2), (1, 1, 1, 1.0, 1), (2, 1, 1, 2.0, 2)], [np.inf, 0.0, 0.0])
    with pytest.raises(OptionsError, match="max_states = 300"):
        operation(twins, max_states=300)


def test_exponential_determinization_is_refused():
    """Strings of 1 and 2 whose thirtieth letter from the end is a 1."""
    arcs = [(0, 1, 1, 0.0, 0), (0, 2, 2, 0.0, 0), (0, 1, 1, 0.0, 1)]
    arcs += [(state, label, label, 0.0, state + 1) for state in range(1, 30) for label in (1, 2)]
    exponential = machine(arcs, [np.inf] * 30 + [0.0])
    with pytest.raises(OptionsError, match="max_states = 500"):
        determinize(exponential, max_states=500)


@pytest.mark.parametrize("semiring", ["tropical", "log"])
@pytest.mark.parametrize("operation", [shortest_distance, rmepsilon, push, minimize])
def test_cycles_that_gain_are_refused(operation, semiring):
    gains = machine([(0, 1, 1, 1.0, 1), (0, 0, 0, -1.0, 1), (1, 0, 0, -1.0, 0)], [np.inf, 0.0], semiring)
    with pytest.raises(FormatError, match="cycle"):
        operation(gains)


@pytest.mark.parametrize("cost", [0.0, 1e-40, 1e-20])
@pytest.mark.parametrize("reverse", [False, True])
def test_sums_without_bound_are_refused(cost, reverse):
    with as_compiled(), pytest.raises(FormatError, match="loses no or hardly any probability"):
        shortest_distance(machine([(0, 1, 1, cost, 0)], [0.0], "log"), reverse=reverse)


def test_cycles_that_gain_beside_costs_that_drown_it_are_refused():
    drowned = machine([(0, 0, 1, -1.0, 0), (0, 1, 1, 0.0, 1)], [np.inf, -3e38])
    with pytest.raises(FormatError, match=r"beside a cost of 3e\+38 negative costs don't count"):
        shortest_path(drowned, 4, unique=True)


@pytest.mark.parametrize("operation", [push, minimize])
def test_costs_that_cannot_be_pushed_are_refused(operation):
    great = machine([(0, 1, 1, 3e38, 1), (1, 1, 1, 3e38, 2)], [np.inf, np.inf, 3e38])
    with pytest.raises(FormatError, match="cannot be pushed in float32"):
        operation(great)


def test_great_costs_and_labels_survive_the_rest():
    great = machine([(0, 2**31 - 1, 2**31 - 1, 3e38, 1), (1, 0, 2**31 - 1, np.inf, 1)], [np.inf, 0.0])
    for operation in (determinize, determinize_star, rmepsilon, shortest_path, lambda fst: compose(fst, fst)):
        with as_compiled():
            try:
                operation(great).check()
            except HarkenError as error:
                assert str(error).endswith(".")


@pytest.mark.parametrize("start", [0.5, None, "0"])
def test_a_start_that_is_no_number_is_refused(start):
    sound = machine([(0, 1, 1, 0.0, 0)], [0.0])
    with pytest.raises(FormatError, match="start is"):
        Fst(start, *sound.arrays).check()
