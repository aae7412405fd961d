"""Compiled kernel of the CTC expansion: writes the arcs whose number and place are known already."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel

MERGED, DIRECT, SPLIT = 0, 1, 2


class Words(NamedTuple):
    """The transducer to expand, and what each of its states becomes.

    State ``t`` becomes the states from ``base[t]`` on: the one that holds the arcs alone (kind SPLIT only), the one
    after a blank, then one for each phone that can have led to ``t``: ``phones[begin[t]:begin[t + 1]]``, rising.
    """

    arc_begin: NDArray[np.int32]
    epsilon_begin: NDArray[np.int32]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    arc_phones: NDArray[np.int32]
    kind: NDArray[np.int8]
    base: NDArray[np.int64]
    begin: NDArray[np.int64]
    phones: NDArray[np.int32]
    self_loops: NDArray[np.int32]


class Frames(NamedTuple):
    """The transducer that comes out; ``arc_begin[0]`` is 0, the other rows are written."""

    arc_begin: NDArray[np.int64]
    epsilon_begin: NDArray[np.int64]
    ilabels: NDArray[np.uint8]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]


@kernel
def put(frames: Frames, at: int, ilabel: int, olabel: int, weight: float, nextstate: int) -> int:
    """Write one arc at ``at``; return the place of the next."""
    frames.ilabels[at] = ilabel
    frames.olabels[at] = olabel
    frames.weights[at] = weight
    frames.nextstates[at] = nextstate
    return at + 1


@kernel
def after_phone(words: Words, state: int, phone: int) -> int:
    """Return the expanded state of ``state`` after ``phone``, or after a blank where ``phone`` is 0."""
    place = words.base[state] + (1 if words.kind[state] == SPLIT else 0)
    if phone == 0:
        return int(place)
    at = words.begin[state]
    while words.phones[at] != phone:
        at += 1
    return int(place + 1 + at - words.begin[state])


@kernel
def contains(words: Words, state: int, phone: int) -> bool:
    """Return whether ``phone`` can have led to ``state``."""
    for at in range(words.begin[state], words.begin[state + 1]):  # noqa: SIM110 (compiled; any() is not)
        if words.phones[at] == phone:
            return True
    return False


@kernel
def expand(words: Words, blank: int, frames: Frames) -> int:
    """Write all arcs of the expansion to ``frames``; return their number."""
    at = 0
    for state in range(len(words.kind)):
        first, epsilon, last = words.arc_begin[state], words.epsilon_begin[state], words.arc_begin[state + 1]
        kind = words.kind[state]
        place = words.base[state]
        if kind == SPLIT:
            for arc in range(first, epsilon):
                if not contains(words, state, words.arc_phones[arc]):
                    target = after_phone(words, words.nextstates[arc], words.arc_phones[arc])
                    at = put(frames, at, words.ilabels[arc], words.olabels[arc], words.weights[arc], target)
            frames.epsilon_begin[place] = at
            place += 1
            frames.arc_begin[place] = at
        blank_state = place
        for context in range(words.begin[state] - 1, words.begin[state + 1]):
            after_blank = context < words.begin[state]
            phone = 0 if after_blank else words.phones[context]
            if after_blank:
                at = put(frames, at, blank, 0, 0.0, blank_state)
            else:
                at = put(frames, at, words.self_loops[phone], 0, 0.0, place)
                if kind != MERGED:
                    at = put(frames, at, blank, 0, 0.0, blank_state)
            if after_blank or kind != MERGED:
                for arc in range(first, epsilon):
                    heard = words.arc_phones[arc]
                    if heard != phone and (kind != SPLIT or contains(words, state, heard)):
                        target = after_phone(words, words.nextstates[arc], heard)
                        at = put(frames, at, words.ilabels[arc], words.olabels[arc], words.weights[arc], target)
            frames.epsilon_begin[place] = at
            if kind == MERGED and not after_blank:
                at = put(frames, at, 0, 0, 0.0, blank_state)
            if kind == SPLIT:
                at = put(frames, at, 0, 0, 0.0, blank_state - 1)
            for arc in range(epsilon, last):
                target = after_phone(words, words.nextstates[arc], phone)
                at = put(frames, at, 0, words.olabels[arc], words.weights[arc], target)
            place += 1
            frames.arc_begin[place] = at
    return at
