"""A lattice expanded on the states of a language model, so that every path can have that model's costs exactly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .expand_models import LatticeModel
from .expand_pairs import Expanded, remembered
from .lattice import KINDS, Lattice

QUANTUM = 2.0**-24
"""What ``split_lm`` rounds language model costs to, in nats: sums and differences of such numbers are exact."""


def expand_on_lm(lattice: Lattice, model: LatticeModel) -> Lattice:
    """Return the lattice whose states are told apart by the model's states too, its costs in ``lm_costs``.

    What ``lm_costs`` held before is replaced; all other costs, words and labels of every path stay as they are. The
    result has as many paths as ``lattice``, but more states: exact for any order of the model. Raises ModelError where
    the model gives a word no finite cost.
    """
    if lattice.states == 0:
        return lattice
    made = expand(lattice, model)
    return lattice_of(lattice, made, {"lm": made.costs[:, 0]}, {"lm": made.end_costs[:, 0]})


def split_lm(lattice: Lattice, model: LatticeModel) -> Lattice:
    """Return the lattice with the first-pass model's costs moved out of ``graph_costs`` into ``lm_costs``.

    Along every path, graph and lm cost together are what the graph cost was, exactly: the model's costs are rounded to
    ``QUANTUM`` and subtracted where they are added. What is left in ``graph_costs`` are pronunciations, transitions,
    word penalties, and what sets the graph apart from the model: it rounds its costs, it may have spread them over
    earlier arcs (so that single arcs can be left with negative costs), and it keeps back-off open beside a listed
    n-gram where that is cheaper, while ``lm_costs`` hold the model's own probability.

    Raises OptionsError where there are costs in ``lm_costs`` already.
    """
    if lattice.lm_costs.any() or lattice.final_lm_costs.any():
        raise OptionsError("split_lm: the lattice has language model costs already; they need no splitting.")
    if lattice.states == 0:
        return lattice
    made = expand(lattice, model)
    costs, ends = (np.rint(column[:, 0] / QUANTUM) * QUANTUM for column in (made.costs, made.end_costs))
    return lattice_of(
        lattice,
        made,
        {"lm": costs, "graph": lattice.graph_costs[made.arcs] - costs},
        {"lm": ends, "graph": lattice.final_graph_costs[made.states] - ends},
    )


def expand(lattice: Lattice, *models: LatticeModel) -> Expanded:
    """Return the lattice's shape expanded on one model after the other; there has to be a state."""
    made = Expanded.of(lattice)
    for model in models:
        more = remembered(model, lattice.words_table).expand(lattice, made)
        assert more is not None  # any number of states is allowed
        made = more
    return made


def lattice_of(
    lattice: Lattice,
    made: Expanded,
    costs: dict[str, NDArray[Any]],
    final_costs: dict[str, NDArray[Any]],
    acoustic_scale: float | None = None,
) -> Lattice:
    """Return the lattice of an expanded shape: costs as they were but for the kinds that are given here.

    ``costs`` has an entry for each of ``made``'s arcs, ``final_costs`` one for each of its states.
    """
    lengths = np.diff(lattice.label_begin)[made.arcs]
    label_begin = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=label_begin[1:])
    places = np.repeat(lattice.label_begin[made.arcs] - label_begin[:-1], lengths) + np.arange(label_begin[-1])
    columns: dict[str, Any] = {}
    for kind in KINDS:
        columns[f"{kind}_costs"] = costs[kind] if kind in costs else getattr(lattice, f"{kind}_costs")[made.arcs]
        name = f"final_{kind}_costs"
        columns[name] = final_costs[kind] if kind in final_costs else getattr(lattice, name)[made.states]
    return Lattice(
        arc_begin=made.arc_begin,
        nextstates=made.nextstates,
        words=lattice.words[made.arcs],
        label_begin=label_begin,
        labels=lattice.labels[places],
        frames=lattice.frames[made.states],
        acoustic_scale=lattice.acoustic_scale if acoustic_scale is None else acoustic_scale,
        words_table=lattice.words_table,
        label_table=lattice.label_table,
        beam=lattice.beam,
        **columns,
    )
