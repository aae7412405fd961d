"""What the kernels of determinization work on: rules, the subsets made so far, the result, working space."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

COMPLETE = 0
NO_ROOM = 1
NOT_FUNCTIONAL = 2
ENDLESS = 3
TOO_MANY = 4
TOO_LONG = 5
"""How it went, or what went wrong."""


class Rules(NamedTuple):
    """What kind of determinization: follow epsilons or not, pay whole prefixes or a label at a time, and so on.

    ``most_states`` and ``most_labels`` limit the subsets and the labels that all their elements owe.
    """

    use_log: bool
    follow_epsilons: bool
    whole_prefix: bool
    delta: float
    most_states: int
    most_labels: int


class Subsets(NamedTuple):
    """The states made so far: the elements of subset ``n`` are ``begin[n]:begin[n + 1]`` of the three arrays.

    ``slots`` (-1 where free) finds a subset by its digest; ``alone`` (a place an input state) names the subset that is
    that state alone, owing nothing. ``stack`` lists those to be worked off; ``rank`` tells when each was.
    """

    begin: NDArray[np.int64]
    digests: NDArray[np.int32]
    slots: NDArray[np.int32]
    alone: NDArray[np.int32]
    stack: NDArray[np.int32]
    rank: NDArray[np.int32]
    states: NDArray[np.int32]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]


class Made(NamedTuple):
    """The result: the arcs of its state ``n`` are ``begin[n]:begin[n + 1]``, to subsets; outputs are strings.

    A subset's state is its rank, since the last subset made is worked off first: then what is near in the result is
    near in memory.
    """

    begin: NDArray[np.int64]
    ilabels: NDArray[np.int32]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
    final_weights: NDArray[np.float32]
    final_strings: NDArray[np.int32]


class Closure(NamedTuple):
    """Room for the subset at hand and what its epsilon arcs reach; ``place`` (a place an input state) finds members.

    ``weights`` is the cost that was sent on along the arcs, ``waiting`` what came in since.
    """

    place: NDArray[np.int32]
    states: NDArray[np.int32]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]
    waiting: NDArray[np.float32]
    visits: NDArray[np.int32]
    ring: NDArray[np.int32]
    queued: NDArray[np.bool_]


class Reached(NamedTuple):
    """Room for the arcs that leave the subset at hand: label << 32 | state, what is owed, and their order in runs."""

    keys: NDArray[np.int64]
    strings: NDArray[np.int32]
    weights: NDArray[np.float32]
    order: NDArray[np.int32]
    spare: NDArray[np.int32]
    runs: NDArray[np.int32]


class Counts(NamedTuple):
    """Numbers that survive a stop for more room: of subsets, elements, arcs, subsets worked off, labels
    owed and subsets waiting.

    ``wanted`` holds the arcs that leave the subset at hand, the runs that they come in, and the members that need
    room; ``trouble`` what stopped the kernels, the input state and the two strings at fault.
    """

    subsets: NDArray[np.int64]
    elements: NDArray[np.int64]
    arcs: NDArray[np.int64]
    done: NDArray[np.int64]
    owed: NDArray[np.int64]
    waiting: NDArray[np.int64]
    wanted: NDArray[np.int64]
    trouble: NDArray[np.int64]
