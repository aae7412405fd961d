"""Compiled kernel of the context expansion: states become pairs of a state and the latest phones."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from ..fst.transducer import FstArrays

FULL = -1


class Window(NamedTuple):
    """How labels are seen: ``plain`` maps a label to that of the phone without its mark (0: no phone).

    Phones in a row are one number, in base ``base``, the latest last; ``width`` of them make a window around the one at
    ``central``, of which ``history`` = base ** (width - 1) leaves the oldest away and ``pending`` = base ** (width - 1
    - central) what is not behind the centre.
    """

    plain: NDArray[np.int32]
    base: int
    width: int
    central: int
    history: int
    pending: int


class Pairs(NamedTuple):
    """The states that come out: a state of the machine (its number of states: the end) and the phones before.

    ``table`` (a power of two) finds them by hash, -1 where free; ``arc_begin`` and ``final_weights`` are as in Fst.
    """

    state: NDArray[np.int32]
    phones: NDArray[np.int64]
    table: NDArray[np.int32]
    arc_begin: NDArray[np.int64]
    final_weights: NDArray[np.float32]


class Arcs(NamedTuple):
    """The arcs that come out; ``windows``: the window read, 0 for epsilon, -label for a disambiguation symbol."""

    windows: NDArray[np.int64]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]


@inner_kernel
def find(pairs: Pairs, count: int, state: int, phones: int) -> int:
    """Return the number of a pair, ``count`` where it is new (and then enter it)."""
    mask = len(pairs.table) - 1
    slot = ((int(state) * 0x9E3779B97F4A7C1 + int(phones) * 0x2545F4914F6CDD1D) >> 20) & mask
    while pairs.table[slot] >= 0:
        known = pairs.table[slot]
        if pairs.state[known] == state and pairs.phones[known] == phones:
            return int(known)
        slot = (slot + 1) & mask
    pairs.table[slot] = count
    pairs.state[count] = state
    pairs.phones[count] = phones
    return count


@inner_kernel
def shift(window: Window, phones: int, label: int) -> tuple[int, int]:
    """Return the window that ends with ``label`` (0: no phone) and the phones after it.

    Where no phone stands in the centre, the window is ``-len(window.plain)``. Marks are kept in the centre and right of
    it, where they will still be read.
    """
    value = int(phones) * window.base + int(label)
    seen, kept = 0, 0
    blank = False
    scale = window.history
    for position in range(window.width):
        digit = (value // scale) % window.base
        plain = int(window.plain[digit])
        if position == window.central:
            blank = digit == 0
            seen = seen * window.base + digit
        else:
            seen = seen * window.base + plain
        if position > 0:
            kept = kept * window.base + (plain if position - 1 < window.central else digit)
        scale //= window.base
    return (-len(window.plain) if blank else seen), kept


@kernel
def expand_contexts(fst: FstArrays, start: int, window: Window, pairs: Pairs, arcs: Arcs) -> int:
    """Fill ``pairs`` and ``arcs``; return the number of pairs, FULL where there is no room (begin anew with more).

    After a final state the phones still pending are read off on the way to the end, its weight on the first arc.
    """
    ended = len(fst.final_weights)
    count, at = 1, 0
    find(pairs, 0, start, 0)
    done = 0
    while done < count:
        state, phones = pairs.state[done], pairs.phones[done]
        pending = phones % window.pending != 0
        final = np.float32(0.0) if state == ended else fst.final_weights[state]
        first, last = (0, 0) if state == ended else (fst.arc_begin[state], fst.arc_begin[state + 1])
        room = last - first + 1
        if at + room > len(arcs.windows) or count + room > len(pairs.state):
            return FULL
        for arc in range(first, last):
            label = fst.ilabels[arc]
            kept = phones
            read = -int(label)
            if window.plain[label] > 0:
                read, kept = shift(window, phones, label)
            target = find(pairs, count, fst.nextstates[arc], kept)
            count = max(count, target + 1)
            arcs.windows[at] = read
            arcs.olabels[at] = fst.olabels[arc]
            arcs.weights[at] = fst.weights[arc]
            arcs.nextstates[at] = target
            at += 1
        if pending and final < np.inf:
            read, kept = shift(window, phones, 0)
            target = find(pairs, count, ended, kept)
            count = max(count, target + 1)
            arcs.windows[at] = read
            arcs.olabels[at] = 0
            arcs.weights[at] = final
            arcs.nextstates[at] = target
            at += 1
        pairs.final_weights[done] = np.float32(np.inf) if pending else final
        done += 1
        pairs.arc_begin[done] = at
    return count
