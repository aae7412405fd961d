"""The flat arrays of a CTC prefix beam search.

A *group* is one text that is alive: completed words and the beginning of one more. An *entry* is a group and the label
that its alignments end in, -1 where they end in a blank: what pyctcdecode calls a beam. Entries of a group lie
together. A text is known by a 62-bit hash of its characters, which two labellings that spell the same share; a *node*
(parent, symbol) tells how a text was first spelled, a *span* (the one before, start, end) the frames of a word.

``mass`` is the probability of an entry's alignments times exp(bonus of its text), relative to the best entry of the
frame; the bonus of a text is what the language model and the hot words add to its log-probability, and ``offset`` is
the log of that best entry's. So ranking by mass is ranking by the fused score, sums of alignments are plain sums, and
nothing underflows that a beam could hold.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DONE, FULL, ASK = 0, 1, 2
"""What ``advance`` answers: all rows read; the nodes or spans are full; the language model is to be asked."""
PLAIN, BOUNDARY, STARTS = 0, 1, 2
"""Kinds of labels: text; the space between words; text that starts a word."""
BOUNDARY_CODE, CLOSE_CODE = 0, 1
NO_MODEL, WORDS, ASKED_WORDS, ASKED_LABELS = 0, 1, 2, 3
"""Where scores come from: nowhere; an n-gram model in memory; words, or rows of labels, that Python fills in."""
PREFIX_OF_WORD, WHOLE_WORD = 1, 2
"""Flags of a node of a trie of words."""

# Columns of ``group_numbers``: hash of the text and of its unfinished word, node, length of that word, whether it is
# closed, states in the tries, state of the model and the state when the word is complete, first entry; last symbol,
# hash of the text before it, the group with that text (-1: not alive); hash of the last words and the unfinished one;
# then the hashes of the last words, the last one first.
HASH, PART, NODE, LENGTH, CLOSED, TRIE, HOT, STATE, NEXT_STATE, FIRST, LAST, BEFORE, PARENT, HISTORY, RECENT = range(15)
# Columns of ``group_values``: mass of all entries; model's and hot words' share of the bonus so far, that of the
# unfinished word, and what the first two gain when the word is complete (NaN: not known yet).
TOTAL, MODEL, HOT_WORDS, PARTIAL, GAIN = range(5)
VALUES = 5
# Columns of ``entry_numbers``: group, symbol, last span, frames of the unfinished word.
GROUP, SYMBOL, SPAN, START, END = range(5)
ENTRY_NUMBERS = 5
# Columns of a candidate's numbers: hash of the text, group it comes from, symbol, entry whose frames it inherits, way,
# and the way from that entry.
C_HASH, C_GROUP, C_SYMBOL, C_SOURCE, C_WAY, C_STEP = range(6)
CANDIDATE_NUMBERS = 6
STAY, REPEAT, SAME_TEXT, LONGER = 0, 1, 2, 3
"""Ways of a candidate: a blank; the last label again; a space where one is already; a longer text."""
SIDE, GROUPS, ENTRIES, FRAME, ROW, NODES, SPANS, STAMP, ASKED = range(9)
"""What ``position`` holds: half of the arrays in use, counts, frames so far, next row, counts, last stamp, asked."""
POSITIONS = 9


class Labels(NamedTuple):
    """The labels: kind, whether a label closes its word, and its text: ``text[text_begin[s]:text_begin[s + 1]]``.

    ``spelling`` is what tells texts apart: their characters, or, where the model is one of labels, the labels.
    """

    kind: NDArray[np.int8]
    closes: NDArray[np.uint8]
    text_begin: NDArray[np.int32]
    text: NDArray[np.int32]
    spelling_begin: NDArray[np.int32]
    spelling: NDArray[np.int32]


class Trie(NamedTuple):
    """A trie of words: node 0 is the root, the children of a node lie at ``begin[node]:begin[node + 1]``, rising.

    ``code`` is the character that leads to a node. ``value`` of a word's node is its id in the language model
    (-1: none); in the trie of hot words, of every node, the length of the shortest word below it.
    """

    begin: NDArray[np.int32]
    code: NDArray[np.int32]
    value: NDArray[np.int32]
    flags: NDArray[np.uint8]


class Rows(NamedTuple):
    """Scores of all labels after a state of a model of labels; ``row`` of a state is -1 where Python was not asked."""

    row: NDArray[np.int32]
    gain: NDArray[np.float64]
    following: NDArray[np.int32]


class Weights(NamedTuple):
    """Scalars of the fused score and of the beam; ``scale`` turns log10 into weighted natural logarithms.

    A ``strict`` search counts entries, not texts, as pyctcdecode does, and takes the frames of words, as it does, from
    the least likely of the alignments that it joins; another takes them from the likeliest.
    """

    source: int
    scale: float
    beta: float
    unknown: float
    hot: float
    has_hot: int
    recent: int
    width: int
    prune: float
    prune_history: int
    spelled_once: int
    strict: int


class Frames(NamedTuple):
    """The labels to follow at each row: ``symbol`` and ``prob`` at ``begin[row]:begin[row + 1]``, and the blank's."""

    begin: NDArray[np.int64]
    symbol: NDArray[np.int32]
    prob: NDArray[np.float64]
    blank: NDArray[np.float64]


class Beam(NamedTuple):
    """What is alive; the first axis of all but the last two is which half is in use."""

    group_numbers: NDArray[np.int64]
    group_values: NDArray[np.float64]
    entry_numbers: NDArray[np.int64]
    mass: NDArray[np.float64]
    position: NDArray[np.int64]
    offset: NDArray[np.float64]


class Store(NamedTuple):
    """The nodes (``symbols``: symbol * 2 + whether a word starts here) and the spans of words."""

    parents: NDArray[np.int32]
    symbols: NDArray[np.int32]
    earlier: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


class Work(NamedTuple):
    """Room for one frame.

    Candidates; the mass of all that have a candidate's text, and the first of those; the probability of every symbol
    and its place among the labels of the row; by group and label of the row, how the label changes the bonus, what the
    unfinished word then adds to it, that word's nodes in the two tries, and under which stamp the two have been dealt
    with; the hash table; an order; the candidates kept; by group, what is asked for or grown by.
    """

    mass: NDArray[np.float64]
    numbers: NDArray[np.int64]
    text_mass: NDArray[np.float64]
    text_of: NDArray[np.int64]
    prob_of: NDArray[np.float64]
    token_of: NDArray[np.int64]
    change: NDArray[np.float64]
    partial: NDArray[np.float64]
    nodes: NDArray[np.int32]
    hot_nodes: NDArray[np.int32]
    joined: NDArray[np.int64]
    table: NDArray[np.int64]
    order: NDArray[np.float64]
    kept: NDArray[np.int64]
    asked: NDArray[np.int64]
