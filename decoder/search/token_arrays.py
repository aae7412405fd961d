"""The flat arrays of a beam search.

A *token* is a graph state that is alive at a frame; the tokens of a frame lie together. A *link* is an arc that led
from one token to another; the links into a frame's tokens lie together, those of emitting arcs first, then those of
epsilon arcs in topological order of the states they leave. So reading all links backwards, and only once, is a
backward pass. Frame 0 holds the tokens before the first row of scores.

``table`` finds the token of a state in the frame in hand, by open addressing, -1 where it is empty. Costs are float64
and run from the start of the recording.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DONE, FULL, DEAD, COMMIT = 0, 1, 2, 3
"""What a kernel answers."""
FRAME, ABSOLUTE, PRUNED, ROW, ARCS, POSITION_SIZE = 0, 1, 2, 3, 4, 5
"""What ``position`` holds: last kept frame, all frames so far, last pruned frame, next row, emitting arcs looked at."""
NO_LINK = -1


class GraphArrays(NamedTuple):
    """The graph as the search reads it: packed, so that a state or an arc is one piece of memory.

    ``states`` (2 * states + 1,): first arc and first epsilon arc of each state in turn, then the number of arcs.
    ``arcs`` (3 * arcs,): next state, cost (float32, as its bits; ``costs`` is the same memory read as float32), and the
    input label shifted left by 8 with the next state's level below. ``level`` of a state is the length of the longest
    epsilon path that leaves it.
    """

    states: NDArray[np.int32]
    arcs: NDArray[np.int32]
    costs: NDArray[np.float32]
    level: NDArray[np.uint8]
    score_column: NDArray[np.int32]


class Widths(NamedTuple):
    """The options; ``keep_frames`` is 0 where nothing is to be committed."""

    beam: float
    max_active: int
    min_active: int
    beam_delta: float
    lattice_beam: float
    acoustic_scale: float
    prune_interval: int
    keep_frames: int


class Tokens(NamedTuple):
    """One entry a token: state, cost, the link of its best path, and how much worse than the best path through it."""

    state: NDArray[np.int32]
    cost: NDArray[np.float64]
    back: NDArray[np.int32]
    extra: NDArray[np.float64]
    moved: NDArray[np.int32]


class Links(NamedTuple):
    """One entry a link: its two tokens, its arc, graph cost and unscaled acoustic cost."""

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    arc: NDArray[np.int32]
    graph: NDArray[np.float32]
    acoustic: NDArray[np.float32]
    moved: NDArray[np.int32]


class Frames(NamedTuple):
    """Where the tokens and the links of each kept frame begin."""

    token_begin: NDArray[np.int64]
    link_begin: NDArray[np.int64]


class Work(NamedTuple):
    """Scratch space: the tokens of states, costs by input label, and tokens that wait for their epsilon arcs."""

    table: NDArray[np.int32]
    scaled: NDArray[np.float64]
    acoustic: NDArray[np.float32]
    level_head: NDArray[np.int32]
    order: NDArray[np.float64]
