"""The flat arrays of a beam search.

A *token* is a graph state, with a history where the search has one, that is alive at a frame; the tokens of a frame lie
together. A *link* is an arc that led from one token to another; the links into a frame's tokens lie together, those of
emitting arcs first, then those of epsilon arcs in topological order of the states they leave. So reading all links
backwards, and only once, is a backward pass. Frame 0 holds the tokens before the first row of scores.

``table`` finds the token of a state in the frame in hand, by open addressing; a place that names a token of an earlier
frame is free, so nothing is cleared between frames. Costs are float64 and run from the start of the recording.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .options import SearchOptions

DONE, FULL, CROWDED, DEAD, COMMIT = 0, 1, 2, 3, 4
"""What a kernel answers."""
FRAME, ABSOLUTE, PRUNED, ROW, ARCS, POSITION_SIZE = 0, 1, 2, 3, 4, 5
"""What ``position`` holds: last kept frame, all frames so far, last pruned frame, next row, emitting arcs looked at."""
BEAM, MAX_ACTIVE, MIN_ACTIVE = 0, 1, 2
"""Which limit bound a frame."""
NO_LINK = -1
LABEL_SHIFT, MOVES, HAS_WORD, LOOKS_AHEAD, LEVEL_MASK = 11, 1024, 512, 256, 255
"""How the third word of a packed arc is cut: input label above three flags above the next state's level."""
WIDE, LISTS, LIST_ROOM, UNMADE = 24, 256, 128, -1
"""How many arcs make a state wide, how many lists there are, how long they may be, and the length of one not made."""


class GraphArrays(NamedTuple):
    """The graph as the search reads it: packed, so that a state or an arc is one piece of memory.

    ``states`` (2 * states + 1,): first arc and first epsilon arc of each state in turn, then the number of arcs.
    ``arcs`` (3 * arcs,): next state, cost (float32, as its bits; ``costs`` is the same memory read as float32), and the
    input label shifted left by ``LABEL_SHIFT`` with three flags and the next state's level below: ``HAS_WORD`` where
    the arc has an output label, ``MOVES`` where that label changes history 0 or costs something there, ``LOOKS_AHEAD``
    where the two states' look-ahead costs may differ. ``level`` of a state is the length of the longest epsilon path
    that leaves it. ``olabels`` (arcs,) are read only where there is a history.
    """

    states: NDArray[np.int32]
    arcs: NDArray[np.int32]
    costs: NDArray[np.float32]
    level: NDArray[np.uint8]
    olabels: NDArray[np.int32]
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

    @classmethod
    def of(cls, options: SearchOptions) -> "Widths":
        """Take them from the options."""
        return cls(
            beam=float(options.beam),
            max_active=int(options.max_active),
            min_active=int(options.min_active),
            beam_delta=float(options.beam_delta),
            lattice_beam=float(options.lattice_beam),
            acoustic_scale=float(options.acoustic_scale),
            prune_interval=int(options.prune_interval),
            keep_frames=int(options.keep_frames or 0),
        )


class Tokens(NamedTuple):
    """One entry a token: state, cost, the link of its best path, and how much worse than the best path through it.

    ``history`` is empty where the search has none, ``ahead``, the look-ahead cost that ``cost`` includes, where it does
    not look ahead.
    """

    state: NDArray[np.int32]
    cost: NDArray[np.float64]
    back: NDArray[np.int32]
    extra: NDArray[np.float64]
    moved: NDArray[np.int32]
    history: NDArray[np.int64]
    ahead: NDArray[np.float64]


class Links(NamedTuple):
    """One entry a link: its two tokens, its arc, what it costs beside the scores, and the unscaled acoustic cost.

    ``added`` is the arc's weight, ``lm``, ``phrase`` and the difference in what is looked ahead to. ``lm`` and
    ``phrase``, the costs of a history's step, are empty where the search composes no language model.
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    arc: NDArray[np.int32]
    added: NDArray[np.float32]
    acoustic: NDArray[np.float32]
    moved: NDArray[np.int32]
    lm: NDArray[np.float32]
    phrase: NDArray[np.float32]


class Frames(NamedTuple):
    """Where the tokens and the links of each kept frame begin."""

    token_begin: NDArray[np.int64]
    link_begin: NDArray[np.int64]


class Trace(NamedTuple):
    """One entry a row of scores, none where nothing is traced: how the tokens were that the row was read with.

    ``tokens`` there were, ``followed`` of them: those whose cost was at most ``cutoff``. ``best`` is the least cost;
    ``bound`` says which limit set the cutoff: BEAM, MAX_ACTIVE or MIN_ACTIVE. Costs run from the start of the
    recording, as all costs of tokens do, what they look ahead to included.
    """

    tokens: NDArray[np.int32]
    followed: NDArray[np.int32]
    best: NDArray[np.float64]
    cutoff: NDArray[np.float64]
    bound: NDArray[np.uint8]


class Lists(NamedTuple):
    """A frame's short lists of arcs of wide states, none where tokens have no histories (see short_list_kernels.py).

    ``state`` (lists,): whose list it is, -1 where it is nobody's; ``least``: a token's least cost there; ``length``:
    the list's length, UNMADE until it is made; the list itself begins at ``place * LIST_ROOM`` in ``arcs``, and in
    ``steps`` what the arcs cost, scores included. ``picked`` is what one token takes from a list.
    """

    state: NDArray[np.int32]
    least: NDArray[np.float64]
    length: NDArray[np.int32]
    arcs: NDArray[np.int32]
    steps: NDArray[np.float64]
    picked: NDArray[np.int32]


class Work(NamedTuple):
    """Scratch space: the tokens of states, costs by input label, and tokens that wait for their epsilon arcs."""

    table: NDArray[np.int32]
    scaled: NDArray[np.float64]
    acoustic: NDArray[np.float32]
    level_head: NDArray[np.int32]
    order: NDArray[np.float64]
    trace: Trace
    lists: Lists


class Step(NamedTuple):
    """An arc taken by a token: where it leads, at what cost in all, and what the link and the new token are to hold."""

    source: int
    arc: int
    target: int
    cost: float
    added: np.float32
    acoustic: np.float32
    history: int
    ahead: float
    lm: np.float32
    phrase: np.float32


class Progress(NamedTuple):
    """How far a frame has come: DONE or FULL, the highest cost to keep, where its tokens and links end so far.

    ``first_token`` is where its tokens begin, ``token_room`` where they must end at the latest.
    """

    status: int
    cutoff: float
    token_end: int
    link_end: int
    first_token: int
    token_room: int
