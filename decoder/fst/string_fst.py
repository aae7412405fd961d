"""A transducer whose arcs write strings: what determinizing and pushing make, and how it becomes a plain one."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from .string_table import Strings, more_strings, new_strings, string_lengths
from .transducer import NO_STATE, Fst, read_only

if TYPE_CHECKING:
    from .string_fst_kernels import Spelled


@dataclass(frozen=True, slots=True)
class StringFst:
    """A transducer like ``fst``, whose output labels don't count, but with a string on each arc and final state.

    ``arc_strings`` (arcs,) and ``final_strings`` (states,), int32, are numbers of ``strings``; ``start_string`` is
    written first of all.
    """

    fst: Fst
    strings: Strings
    start_string: int
    arc_strings: NDArray[np.int32]
    final_strings: NDArray[np.int32]

    def has_long_strings(self) -> bool:
        """Whether some arc writes more than one label, or a final state any."""
        return bool(self.strings.tails[self.arc_strings].any() or self.final_strings.any())


def spell_delayed(machine: StringFst, max_states: int | None = None) -> Fst:
    """Return the plain transducer whose arcs write one label each and keep the rest for the arcs that follow.

    A state is a state of ``machine`` with the string that is still owed there; what is owed at the end goes to epsilon
    arcs, which all final states share. OpenFst factors strings in this way. Raises OptionsError above ``max_states``.
    """
    from .string_fst_kernels import spell_along

    fst, strings = machine.fst, machine.strings
    if fst.start == NO_STATE or not (machine.start_string or machine.has_long_strings()):
        return replace(fst, olabels=strings.heads[machine.arc_strings])
    states, arcs = fst.states + 64, fst.arcs + 64
    while True:
        made = _room(states, arcs)
        owed = new_strings(states + 1)
        used = spell_along(
            fst.arrays,
            read_only(machine.arc_strings),
            read_only(machine.final_strings),
            (fst.start, machine.start_string),
            strings,
            owed,
            made,
        )
        if max_states is not None and owed.used[0] - 1 > max_states:
            raise OptionsError(f"transducer: its output strings need more than max_states = {max_states}; raise it.")
        if used >= 0:
            return _spelled(fst, 0, made, used)
        strings = more_strings(strings)
        states, arcs = 2 * states, 2 * arcs


def spell_whole(machine: StringFst) -> Fst:
    """Return the plain transducer that spells each string over states of its own, the input label and cost first.

    Kaldi's determinization makes its result plain in this way.
    """
    from .string_fst_kernels import spell_at_once

    fst, strings = machine.fst, machine.strings
    if fst.start == NO_STATE or not machine.has_long_strings():
        return replace(fst, olabels=strings.heads[machine.arc_strings])
    lengths = string_lengths(strings)
    finals = lengths[machine.final_strings]
    fresh = int(np.maximum(lengths[machine.arc_strings] - 1, 0).sum() + finals.sum())
    made = _room(fst.states + fresh, fst.arcs + fresh)
    arrays = fst.arrays
    spell_at_once(arrays, read_only(machine.arc_strings), read_only(machine.final_strings), strings, made)
    return _spelled(fst, fst.start, made, fst.states + fresh)


def _room(states: int, arcs: int) -> "Spelled":
    from .string_fst_kernels import Spelled

    ilabels, olabels, nextstates = (np.empty(arcs, dtype=np.int32) for _ in range(3))
    begin, weights = np.zeros(states + 1, dtype=np.int64), np.empty(arcs, dtype=np.float32)
    return Spelled(begin, ilabels, olabels, weights, nextstates, np.empty(states, dtype=np.float32))


def _spelled(fst: Fst, start: int, made: "Spelled", states: int) -> Fst:
    """Return the part of ``made`` that is used, with the symbols of ``fst``."""
    arcs = int(made.begin[states])
    return replace(
        fst,
        start=start,
        arc_begin=trimmed(made.begin, states + 1),
        ilabels=trimmed(made.ilabels, arcs),
        olabels=trimmed(made.olabels, arcs),
        weights=trimmed(made.weights, arcs),
        nextstates=trimmed(made.nextstates, arcs),
        final_weights=trimmed(made.final_weights, states),
    )


def trimmed(array: NDArray[Any], length: int) -> NDArray[Any]:
    """Return the first ``length`` entries, copied where a good part of the room would stay unused."""
    return array[:length] if 8 * length >= 7 * len(array) else array[:length].copy()
