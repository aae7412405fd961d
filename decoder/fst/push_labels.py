"""Pushing output labels: what every path writes is written as early, or as late, as it is certain."""

import numpy as np
from numpy.typing import NDArray

from .string_fst import StringFst
from .string_table import Strings, labels_of, more_strings, new_strings
from .transducer import NO_STATE, Fst, read_only


def prefixes_pushed(fst: Fst, remove_common: bool = False) -> StringFst:
    """Return ``fst`` with each state's longest common prefix of outputs written before the state.

    What all paths begin with is the string of the start, or with ``remove_common`` dropped.
    """
    from .push_kernels import UNKNOWN, common_prefixes, pushed_strings
    from .topsort_kernels import incoming

    arrays = fst.arrays
    begin, sources, _, numbers = incoming(arrays.arc_begin, arrays.nextstates, arrays.weights)
    labels = read_only(arrays.olabels[numbers])
    links = (read_only(begin), read_only(sources), labels)
    del numbers
    strings = new_strings(fst.states + 1024)
    arc_strings = np.empty(fst.arcs, dtype=np.int32)
    while True:
        prefixes = np.where(np.isfinite(arrays.final_weights), 0, UNKNOWN).astype(np.int32)
        if not common_prefixes(*links, strings, prefixes) and not pushed_strings(
            arrays, strings, prefixes, False, arc_strings
        ):
            break
        strings = more_strings(strings)
    start = 0 if remove_common or fst.start == NO_STATE else max(int(prefixes[fst.start]), 0)
    return StringFst(fst, strings, start, arc_strings, np.zeros(fst.states, dtype=np.int32))


def suffixes_pushed(fst: Fst, remove_common: bool = False) -> StringFst:
    """Return ``fst`` with the longest common suffix of what is written on the way to a state written after it.

    What remains stands at the final states; ``remove_common`` drops what all of them end with.
    """
    from .push_kernels import UNKNOWN, common_prefixes, pushed_strings, turned_strings

    arrays = fst.arrays
    strings = new_strings(fst.states + 1024)
    arc_strings = np.empty(fst.arcs, dtype=np.int32)
    final_strings = np.empty(fst.states, dtype=np.int32)
    while True:
        suffixes = np.full(fst.states, UNKNOWN, dtype=np.int32)
        if fst.start != NO_STATE:
            suffixes[fst.start] = 0
        full = common_prefixes(arrays.arc_begin, arrays.nextstates, arrays.olabels, strings, suffixes)
        full = full or pushed_strings(arrays, strings, suffixes, True, arc_strings)
        if not full:
            at_end = np.where(np.isfinite(arrays.final_weights), suffixes, UNKNOWN).astype(np.int32)
            if remove_common:
                strings, at_end = _without_common(strings, at_end)
            full = turned_strings(strings, at_end, final_strings)
        if not full:
            return StringFst(fst, strings, 0, arc_strings, final_strings)
        strings = more_strings(strings)


def _without_common(strings: Strings, at_end: NDArray[np.int32]) -> tuple[Strings, NDArray[np.int32]]:
    """Return the strings ``at_end`` of those that are known, without the longest prefix common to all."""
    known = np.unique(at_end[at_end >= 0])
    spelled = [labels_of(strings, int(node)) for node in known]
    common = 0
    while spelled and all(len(labels) > common and labels[common] == spelled[0][common] for labels in spelled):
        common += 1
    shorter = at_end.copy()
    for _ in range(common):
        shorter[at_end >= 0] = strings.tails[shorter[at_end >= 0]]
    return strings, shorter
