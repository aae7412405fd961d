"""Expected edit distance between a lattice and a word sequence, and which words stand against each of its words.

After Xu, Povey, Mangu and Zhu, "Minimum Bayes risk decoding and system combination based on a recursion for edit
distance" (2011), with the correction of its appendix C that Kaldi's lat/sausages.cc makes: what is inserted by the word
sequence stands at the end of the arc, not at its begin.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel

PENALTY = 1e-5
"""A word of the lattice that the sequence lacks costs a little more than the other errors, so that ties are settled."""
TIE = 1e-9
"""Distances that differ by less are equal, so that rounding settles nothing."""
MATCH, DELETE, INSERT = 1, 2, 3


class Arcs(NamedTuple):
    """Arcs sorted by the state that they lead to: ``begin`` (states + 1,); the last state is the only end.

    ``word`` numbers the lattice's words from 0, none; ``share`` is the arc's share of the probability of its target.
    """

    begin: NDArray[np.int64]
    source: NDArray[np.int32]
    word: NDArray[np.int32]
    share: NDArray[np.float64]
    start_time: NDArray[np.float64]
    end_time: NDArray[np.float64]


@inlined_kernel
def align_arc(
    before: NDArray[np.float64],
    word: int,
    sequence: NDArray[np.int32],
    distance: NDArray[np.float64],
    choice: NDArray[np.int8],
) -> None:
    """Extend the distances to all prefixes of ``sequence`` by an arc with ``word``; ``choice`` says by which error."""
    deletion = 1.0 + PENALTY if word != 0 else 0.0
    distance[0] = before[0] + deletion
    for q in range(1, len(distance)):
        against = sequence[q - 1]
        match = before[q - 1] + (1.0 if word != against else 0.0)
        delete = before[q] + deletion
        insert = distance[q - 1] + (1.0 if against != 0 else 0.0)
        if match <= delete + TIE and match <= insert + TIE:
            distance[q], choice[q] = match, MATCH
        elif delete <= insert + TIE and delete + TIE < match:
            distance[q], choice[q] = delete, DELETE
        else:
            distance[q], choice[q] = insert, INSERT


@inlined_kernel
def put_down(
    bins: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    q: int,
    word: int,
    weight: float,
    start: float,
    end: float,
) -> None:
    """Count ``word`` with ``weight`` against the q-th word of the sequence."""
    posterior, begins, ends = bins
    posterior[q - 1, word] += weight
    begins[q - 1, word] += weight * start
    ends[q - 1, word] += weight * end


@kernel
def expected_errors(
    arcs: Arcs, sequence: NDArray[np.int32], words: int, first_time: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the expected number of errors of ``sequence``, and (len(sequence), words) each: posteriors, times.

    Row q says which words of the lattice stand against the q-th word of the sequence, how likely, and (times the
    posterior) from when to when. ``words`` is the number of different words, none included.
    """
    states, length = len(arcs.begin) - 1, len(sequence)
    distance = np.zeros((states, length + 1))
    arc_distance, choice = np.empty(length + 1), np.zeros(length + 1, np.int8)
    for q in range(1, length + 1):
        distance[0, q] = distance[0, q - 1] + (1.0 if sequence[q - 1] != 0 else 0.0)
    for state in range(1, states):
        for arc in range(arcs.begin[state], arcs.begin[state + 1]):
            align_arc(distance[arcs.source[arc]], np.int64(arcs.word[arc]), sequence, arc_distance, choice)
            for q in range(length + 1):
                distance[state, q] += arcs.share[arc] * arc_distance[q]
    bins = (np.zeros((length, words)), np.zeros((length, words)), np.zeros((length, words)))
    weight = np.zeros((states, length + 1))
    weight[states - 1, length] = 1.0
    passing = np.zeros(length + 1)
    for state in range(states - 1, 0, -1):
        for arc in range(arcs.begin[state], arcs.begin[state + 1]):
            source, word = np.int64(arcs.source[arc]), np.int64(arcs.word[arc])
            start, end = arcs.start_time[arc], arcs.end_time[arc]
            align_arc(distance[source], word, sequence, arc_distance, choice)
            for q in range(length + 1):
                passing[q] = arcs.share[arc] * weight[state, q]
            for q in range(length, 0, -1):
                if choice[q] == MATCH:
                    weight[source, q - 1] += passing[q]
                    put_down(bins, q, word, passing[q], start, end)
                elif choice[q] == DELETE:
                    weight[source, q] += passing[q]
                else:
                    passing[q - 1] += passing[q]
                    put_down(bins, q, 0, passing[q], end, end)
            weight[source, 0] += passing[0]
    for q in range(length, 0, -1):
        weight[0, q - 1] += weight[0, q]
        put_down(bins, q, 0, weight[0, q], first_time, first_time)
    return distance[states - 1, length], bins[0], bins[1], bins[2]
