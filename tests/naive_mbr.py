"""Slow twins of minimum Bayes risk decoding: the expected edit distance over all paths, and the paper's recursion."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np
from harken.decoder.lattice.arc_times import arc_times
from harken.decoder.lattice.lattice import Lattice

from .naive_lattice import all_paths

DELTA, TIE = 1e-5, 1e-9


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        previous, row = row, [i]
        for j, other in enumerate(b, 1):
            row.append(min(previous[j - 1] + (word != other), previous[j] + 1, row[j - 1] + 1))
    return row[-1]


def expected_errors(lattice: Lattice, words: Sequence[str]) -> float:
    """Return the mean edit distance between ``words`` and the paths, weighted by their probabilities."""
    paths = all_paths(lattice)
    weights = [math.exp(paths[0].total - path.total) for path in paths]
    errors = [edit_distance([lattice.words_table[word] for word in path.words], words) for path in paths]
    return float(np.dot(weights, errors) / sum(weights))


Stats = dict[str, tuple[float, float, float]]


def naive_sausage(lattice: Lattice, words: Sequence[str]) -> tuple[float, list[Stats]]:
    """Return the bound on the expected errors and a bin each: posterior, and that times begin and end, by word."""
    end = lattice.states
    coming: dict[int, list[tuple[int, str, float, float, float]]] = defaultdict(list)
    times = arc_times(lattice)
    for arc, (source, target) in enumerate(zip(lattice.sources(), lattice.nextstates, strict=True)):
        word = lattice.words_table[lattice.words[arc]] if lattice.words[arc] else ""
        coming[target].append(
            (int(source), word, float(lattice.totals[arc]), float(times[arc, 0]), float(times[arc, 1]))
        )
    for state in np.flatnonzero(np.isfinite(lattice.final_graph_costs)).tolist():
        here = float(lattice.frames[state])
        coming[end].append((state, "", float(lattice.final_totals[state]), here, here))
    reference = [""] * (2 * len(words) + 1)
    reference[1::2] = words

    @cache
    def inside(state: int) -> float:
        if state == 0:
            return 1.0
        return sum(inside(source) * math.exp(-cost) for source, _, cost, _, _ in coming[state])

    def step(source: int, word: str, q: int) -> tuple[float, int]:
        """Return the distance of an arc's end to the first q words, and by what: 1 match, 2 delete, 3 insert."""
        lost = 1 + DELTA if word else 0.0
        if q == 0:
            return distance(source, 0) + lost, 2
        options = (
            distance(source, q - 1) + (word != reference[q - 1]),
            distance(source, q) + lost,
            step(source, word, q - 1)[0] + (reference[q - 1] != ""),
        )
        if options[0] <= options[1] + TIE:
            return (options[0], 1) if options[0] <= options[2] + TIE else (options[2], 3)
        return (options[1], 2) if options[1] <= options[2] + TIE else (options[2], 3)

    @cache
    def distance(state: int, q: int) -> float:
        if state == 0:
            return float(sum(word != "" for word in reference[:q]))
        return sum(
            inside(source) * math.exp(-cost) / inside(state) * step(source, word, q)[0]
            for source, word, cost, _, _ in coming[state]
        )

    bins: list[dict[str, list[float]]] = [defaultdict(lambda: [0.0, 0.0, 0.0]) for _ in reference]

    def note(q: int, word: str, share: float, begin: float, finish: float) -> None:
        for place, value in enumerate((share, share * begin, share * finish)):
            bins[q - 1][word][place] += value

    def spread(state: int, q: int, share: float) -> None:
        """Follow the alignment of the first q words with all paths to a state back to the start."""
        if share == 0.0:
            return
        if state == 0:
            for place in range(q, 0, -1):
                note(place, "", share, float(lattice.frames[0]), float(lattice.frames[0]))
            return
        for source, word, cost, begin, finish in coming[state]:
            left, at = share * inside(source) * math.exp(-cost) / inside(state), q
            while step(source, word, at)[1] == 3:
                note(at, "", left, finish, finish)
                at -= 1
            if step(source, word, at)[1] == 1:
                note(at, word, left, begin, finish)
                at -= 1
            spread(source, at, left)

    spread(end, len(reference), 1.0)
    return distance(end, len(reference)), [{word: (a, b, c) for word, (a, b, c) in made.items()} for made in bins]
