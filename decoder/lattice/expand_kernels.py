"""Walks a lattice and a language model side by side: which states of the two meet, and the arcs between such pairs.

Pairs of states, and pairs of a model's state and a word, are numbered by a table of pairs (``fst.strings_kernels``).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel, lean_kernel
from ..fst.string_table import FULL, Strings
from ..fst.strings_kernels import paired


class Shape(NamedTuple):
    """The arcs and words of a lattice, and whether a path may end in each state."""

    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    words: NDArray[np.int32]
    is_final: NDArray[np.bool_]


class Walk(NamedTuple):
    """``order`` has the lattice's states by the most words on a way to each (``level_begin``: where each number of
    words begins), then by number. ``last`` is the latest pair of each lattice state, ``before`` the pair of the same
    lattice state before each; 0 is no pair.
    """

    order: NDArray[np.int64]
    level_begin: NDArray[np.int64]
    last: NDArray[np.int32]
    before: NDArray[np.int32]


class Answers(NamedTuple):
    """What a word costs in a state of the model, and the state that follows, by the number of the two."""

    costs: NDArray[np.float64]
    following: NDArray[np.int32]


class Product(NamedTuple):
    """The pairs, sorted by the lattice's states, and the arcs between them.

    An entry a pair: ``states``, the lattice's, and ``model_states``; its arcs are ``arc_begin[p]:arc_begin[p + 1]``.
    An entry an arc: ``nextstates``, the pair it leads to, ``arcs``, the lattice's arc, and ``costs``, the model's.
    """

    states: NDArray[np.int64]
    model_states: NDArray[np.int64]
    arc_begin: NDArray[np.int64]
    nextstates: NDArray[np.int32]
    arcs: NDArray[np.int64]
    costs: NDArray[np.float64]


class Rows(NamedTuple):
    """The pairs of each lattice state in a row, ``first`` to ``last``; by pair the one ``following`` (0: none), and its
    ``number`` in the product. All are zero before.
    """

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    following: NDArray[np.int32]
    number: NDArray[np.int32]


@kernel
def words_before(shape: Shape) -> NDArray[np.int64]:
    """Return how many words the way with the most of them into each state has."""
    most = np.zeros(len(shape.is_final), np.int64)
    for state in range(len(most)):
        for arc in range(shape.arc_begin[state], shape.arc_begin[state + 1]):
            words = most[state] + (1 if shape.words[arc] != 0 else 0)
            target = shape.nextstates[arc]
            most[target] = max(most[target], words)
    return most


@inlined_kernel
def meet(walk: Walk, pairs: Strings, state: int, model_state: int) -> bool:
    """Let the two states meet; False where there is no room for another pair."""
    known = np.int64(pairs.used[0])
    pair = paired(pairs, state, model_state)
    if pair == known:
        walk.before[pair] = walk.last[state]
        walk.last[state] = pair
    return pair != FULL


@lean_kernel
def walk_on(
    shape: Shape, walk: Walk, pairs: Strings, asked: Strings, answers: Answers, answered: int, level: int, start: int
) -> int:
    """Go on from ``level`` while the model's answers are known; return the level at which one is not, or no room is.

    Level 0 begins with the lattice's state 0 and the model's ``start``. The pairs of a level are complete before it is
    gone through, so that going through it again changes nothing. What is not known yet stands behind the ``answered``
    first of ``asked``.
    """
    if level == 0:
        meet(walk, pairs, np.int64(0), start)
    while level < len(walk.level_begin) - 1:
        for place in range(walk.level_begin[level], walk.level_begin[level + 1]):
            state = np.int64(walk.order[place])
            pair = np.int64(walk.last[state])
            while pair != 0:
                model_state = np.int64(pairs.tails[pair])
                for arc in range(shape.arc_begin[state], shape.arc_begin[state + 1]):
                    word, following = np.int64(shape.words[arc]), model_state
                    if word != 0:
                        question = np.int64(paired(asked, model_state, word))
                        if question == FULL:
                            return level
                        if question >= answered:
                            continue
                        following = np.int64(answers.following[question])
                    if not meet(walk, pairs, np.int64(shape.nextstates[arc]), following):
                        return level
                pair = np.int64(walk.before[pair])
        if asked.used[0] > answered:
            return level
        level += 1
    return level


@lean_kernel
def product_of(
    shape: Shape, pairs: Strings, asked: Strings, answers: Answers, start: int, rows: Rows, made: Product
) -> None:
    """Fill ``made`` once every pair and every answer is known.

    Pairs of the same lattice state are numbered in the order in which arcs, taken in order, lead to them: in which
    order they met makes no difference.
    """
    known, at = 0, 0
    rows.first[0] = rows.last[0] = paired(pairs, np.int64(0), np.int64(start))
    for state in range(len(shape.is_final)):
        pair = np.int64(rows.first[state])
        while pair != 0:
            model_state = np.int64(pairs.tails[pair])
            rows.number[pair] = known
            made.states[known], made.model_states[known] = state, model_state
            for arc in range(shape.arc_begin[state], shape.arc_begin[state + 1]):
                word, following, target = np.int64(shape.words[arc]), model_state, np.int64(shape.nextstates[arc])
                made.costs[at] = 0.0
                if word != 0:
                    question = np.int64(paired(asked, model_state, word))
                    made.costs[at], following = answers.costs[question], np.int64(answers.following[question])
                reached, last = np.int64(paired(pairs, target, following)), np.int64(rows.last[target])
                if last == 0:
                    rows.first[target] = rows.last[target] = reached
                elif rows.following[reached] == 0 and last != reached:
                    rows.following[last] = rows.last[target] = reached
                made.nextstates[at], made.arcs[at] = reached, arc
                at += 1
            known += 1
            made.arc_begin[known] = at
            pair = np.int64(rows.following[pair])
    for place in range(at):
        made.nextstates[place] = rows.number[made.nextstates[place]]
