"""The flat arrays of a beam search.

A *token* is a graph state that is alive at a frame; the tokens of a frame lie together. A *link* is an arc that led
from one token to another; the links into a frame's tokens lie together, those of emitting arcs first, then those of
epsilon arcs in topological order of the states they leave. So reading all links backwards, and only once, is a
backward pass. Frame 0 holds the tokens before the first row of scores.

``slot[state]`` names the token of a state, and is right only if that token belongs to the frame in hand and to that
state (a sparse set): it is never cleared. Costs are float64 and run from the start of the recording.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DONE, FULL, DEAD, COMMIT = 0, 1, 2, 3
"""What a kernel answers."""
FRAME, ABSOLUTE, PRUNED, ROW = 0, 1, 2, 3
"""What ``position`` holds: the last kept frame, all frames so far, the last pruned frame, the next row of scores."""
NO_LINK = -1


class GraphArrays(NamedTuple):
    """The graph as the search reads it; ``level`` is the length of the longest epsilon path that leaves a state."""

    arc_begin: NDArray[np.int32]
    epsilon_begin: NDArray[np.int32]
    ilabels: NDArray[np.int32]
    weights: NDArray[np.float32]
    nextstates: NDArray[np.int32]
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
    """Scratch space: the token of a state, costs by input label, and tokens that wait for their epsilon arcs."""

    slot: NDArray[np.int32]
    scaled: NDArray[np.float64]
    acoustic: NDArray[np.float32]
    level_head: NDArray[np.int32]
    order: NDArray[np.float64]
