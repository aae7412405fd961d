"""Determinization: the equivalent machine whose states have one arc an input label at most."""

from dataclasses import replace

import numpy as np

from .determinize_subsets import DELTA, Construction, construct
from .string_fst import spell_delayed
from .transducer import Fst

MAX_BYTES = 8 << 30


def determinize(fst: Fst, delta: float = DELTA, max_states: int | None = None, max_bytes: int = MAX_BYTES) -> Fst:
    """Return a machine equivalent to ``fst`` in which no two arcs of a state have the same input label.

    Epsilon counts as a label like any other (``rmepsilon`` first to be rid of it); disambiguation symbols are labels
    too. A transducer must be functional, one output for an input: each arc writes a label of what is certain by then,
    and what is still owed at the end goes on arcs that read epsilon. Owed costs within ``delta`` count as equal.
    The result is sorted by input label; costs, symbols and semiring are those of ``fst``. Algorithm: Mohri (1997).

    A machine without the twins property has no finite equivalent, so that the construction goes on until
    ``max_states`` or ``max_bytes`` stops it: OptionsError. FormatError where the input is not functional.
    """
    way = Construction("determinize", fst.semiring == "log", False, False, delta, max_states, max_bytes)
    if not np.array_equal(fst.ilabels, fst.olabels):
        return spell_delayed(construct(fst, way), max_states)
    silent = replace(fst, olabels=np.zeros(fst.arcs, dtype=np.int32))
    return construct(silent, way).fst
