"""Compiled kernels of the CTC expansion: first the plan, what every state becomes, then the arcs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, lean_kernel

MERGED, DIRECT, SPLIT = 0, 1, 2
MASK_BITS = 32


class Phones(NamedTuple):
    """The transducer to expand; ``phone_of`` maps an input label to its phone (0: epsilon)."""

    arc_begin: NDArray[np.int64]
    epsilon_begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    phone_of: NDArray[np.int32]


class Plan(NamedTuple):
    """What the states become, and by which phones they can be entered.

    State ``t`` becomes the states ``base[t]:base[t + 1]``: the one that holds arcs alone (kind SPLIT only), the one
    after a blank, then one for each phone that can have led to ``t``, rising: the bits that are set in ``entered[t]``,
    MASK_BITS phones a word.
    """

    kind: NDArray[np.int8]
    base: NDArray[np.int64]
    entered: NDArray[np.int64]


class Frames(NamedTuple):
    """The transducer that comes out; ``arc_begin[0]`` is 0, all other entries are written."""

    arc_begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    olabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]


@inner_kernel
def enters(plan: Plan, state: int, phone: int) -> bool:
    """Return whether ``phone`` can have led to ``state``."""
    return bool((plan.entered[state, phone // MASK_BITS] >> (phone % MASK_BITS)) & 1)


@lean_kernel
def make_plan(phones: Phones, plan: Plan) -> int:
    """Fill ``plan`` (zeros before); return the number of arcs of the expansion."""
    states, words = plan.entered.shape
    for arc in range(len(phones.ilabels)):
        phone = phones.phone_of[phones.ilabels[arc]]
        if phone > 0:
            plan.entered[phones.nextstates[arc], phone // MASK_BITS] |= np.int64(1) << np.int64(phone % MASK_BITS)
    changed = True
    while changed:  # a phone leads on through epsilon arcs; one pass is enough where they go to lower states
        changed = False
        for state in range(states - 1, -1, -1):
            for arc in range(phones.epsilon_begin[state], phones.arc_begin[state + 1]):
                target = phones.nextstates[arc]
                for word in range(words):
                    union = plan.entered[target, word] | plan.entered[state, word]
                    if union != plan.entered[target, word]:
                        plan.entered[target, word] = union
                        changed = True
    total = 0
    for state in range(states):
        contexts, clashes = 0, 0
        for word in range(words):
            bits = plan.entered[state, word]
            while bits != 0:
                bits &= bits - 1
                contexts += 1
        for arc in range(phones.arc_begin[state], phones.epsilon_begin[state]):
            if enters(plan, state, np.int64(phones.phone_of[phones.ilabels[arc]])):
                clashes += 1
        emitting = phones.epsilon_begin[state] - phones.arc_begin[state]
        epsilons = phones.arc_begin[state + 1] - phones.epsilon_begin[state]
        direct = 1 + emitting + epsilons + contexts * (2 + emitting + epsilons) - clashes
        split = 2 + emitting + epsilons - clashes + contexts * (3 + clashes + epsilons)
        if epsilons == 0 and clashes == 0:
            kind, arcs = MERGED, 1 + emitting + 2 * contexts
        elif split + 1 < direct:  # a state takes about as much room as an arc
            kind, arcs = SPLIT, split
        else:
            kind, arcs = DIRECT, direct
        plan.kind[state] = kind
        plan.base[state + 1] = plan.base[state] + 1 + contexts + (1 if kind == SPLIT else 0)
        total += arcs
    return total


@inner_kernel
def after_phone(plan: Plan, state: int, phone: int) -> int:
    """Return the expanded state of ``state`` after ``phone``, or after a blank where ``phone`` is 0."""
    place = plan.base[state] + (1 if plan.kind[state] == SPLIT else 0)
    if phone == 0:
        return int(place)
    for word in range(phone // MASK_BITS + 1):
        bits = plan.entered[state, word]
        if word == phone // MASK_BITS:
            bits &= (np.int64(1) << np.int64(phone % MASK_BITS)) - 1
        while bits != 0:
            bits &= bits - 1
            place += 1
    return int(place + 1)


@inner_kernel
def put(frames: Frames, at: int, ilabel: int, olabel: int, weight: float, nextstate: int) -> int:
    """Write one arc at ``at``; return the place of the next."""
    frames.ilabels[at] = ilabel
    frames.olabels[at] = olabel
    frames.weights[at] = weight
    frames.nextstates[at] = nextstate
    return at + 1


@lean_kernel
def expand(phones: Phones, plan: Plan, repeated: NDArray[np.int32], frames: Frames) -> int:
    """Write all arcs of the expansion to ``frames``; return their number.

    ``repeated`` holds the label of one more frame of each phone, its entry 0 that of the blank.
    """
    at, nothing, free = 0, np.int32(0), np.float32(0.0)
    for state in range(len(plan.kind)):
        first, epsilon, last = phones.arc_begin[state], phones.epsilon_begin[state], phones.arc_begin[state + 1]
        kind, place = plan.kind[state], plan.base[state]
        blank_state = place + (1 if kind == SPLIT else 0)
        for context in range(-1 if kind == SPLIT else 0, len(repeated)):
            # context -1: the state that holds arcs alone; 0: after a blank; from 1 on: after that phone
            if context > 0:
                if not enters(plan, state, context):
                    continue
                at = put(frames, at, repeated[context], nothing, free, place)
            if context == 0 or (context > 0 and kind != MERGED):
                at = put(frames, at, repeated[0], nothing, free, blank_state)
            if context <= 0 or kind != MERGED:
                for arc in range(first, epsilon):
                    phone = np.int64(phones.phone_of[phones.ilabels[arc]])
                    if phone == context or (kind == SPLIT and enters(plan, state, phone) == (context < 0)):
                        continue
                    target = after_phone(plan, np.int64(phones.nextstates[arc]), phone)
                    at = put(frames, at, phones.ilabels[arc], phones.olabels[arc], phones.weights[arc], target)
            if context >= 0 and kind == SPLIT:
                at = put(frames, at, nothing, nothing, free, blank_state - 1)
            if context > 0 and kind == MERGED:
                at = put(frames, at, nothing, nothing, free, blank_state)
            elif context >= 0:
                for arc in range(epsilon, last):
                    target = after_phone(plan, np.int64(phones.nextstates[arc]), context)
                    at = put(frames, at, nothing, phones.olabels[arc], phones.weights[arc], target)
            place += 1
            frames.arc_begin[place] = at
    return at
