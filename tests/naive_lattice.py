"""Slow twins of the lattice operations: every path of a small lattice, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from harken.decoder.lattice.assemble import Pieces, assemble
from harken.decoder.lattice.lattice import LabelTable, Lattice


@dataclass(frozen=True)
class Path:
    """One path: the arcs, their words and labels, the costs of the four kinds, and the total."""

    arcs: tuple[int, ...]
    words: tuple[int, ...]
    labels: tuple[int, ...]
    costs: tuple[float, ...]
    total: float


def all_paths(lattice: Lattice) -> list[Path]:
    """Return every path from the start to an end, best first."""
    found: list[Path] = []
    if lattice.states == 0:
        return found
    costs, finals = lattice.costs, lattice.final_costs

    def walk(state: int, arcs: tuple[int, ...]) -> None:
        if np.isfinite(finals[state, 0]):
            found.append(_path(lattice, arcs, finals[state]))
        for arc in range(lattice.arc_begin[state], lattice.arc_begin[state + 1]):
            walk(int(lattice.nextstates[arc]), (*arcs, arc))

    def _path(lattice: Lattice, arcs: tuple[int, ...], ending: Any) -> Path:
        words = tuple(int(lattice.words[arc]) for arc in arcs if lattice.words[arc])
        labels: list[int] = []
        total = np.array(ending, np.float64)
        for arc in arcs:
            labels += lattice.labels[lattice.label_begin[arc] : lattice.label_begin[arc + 1]].tolist()
            total = total + costs[arc]
        whole = float(total[0] + total[2] + total[3] + lattice.acoustic_scale * total[1])
        return Path(arcs, words, tuple(labels), tuple(total.tolist()), whole)

    walk(0, ())
    return sorted(found, key=lambda path: path.total)


def best_by_words(lattice: Lattice) -> dict[tuple[int, ...], Path]:
    """Return the best path of every word sequence, best first."""
    best: dict[tuple[int, ...], Path] = {}
    for path in all_paths(lattice):
        best.setdefault(path.words, path)
    return best


def random_lattice(
    seed: int, frames: int = 4, width: int = 3, words: int = 3, arcs: int = 14, scale: float = 0.7
) -> Lattice:
    """Make a raw lattice: ``width`` states a frame, arcs that read a label to the next frame, or none within one.

    Costs are multiples of a hundredth, so that equal costs along different ways are not rare.
    """
    random = np.random.default_rng(seed)
    states = frames * width + 1
    frame = np.minimum(np.arange(states) // width, frames)
    sources = random.integers(0, states, 6 * arcs)
    targets = random.integers(0, states, 6 * arcs)
    step = frame[np.minimum(targets, states - 1)] - frame[sources]
    good = (sources < targets) & (step <= 1)
    sources, targets, step = sources[good][:arcs], targets[good][:arcs], step[good][:arcs]
    # One way leads through all frames.
    spine = np.minimum(np.arange(frames + 1) * width, states - 1)
    sources, targets = np.concatenate([sources, spine[:-1]]), np.concatenate([targets, spine[1:]])
    step = np.concatenate([step, np.ones(frames, np.int64)])
    count = len(sources)
    costs = np.round(random.normal(1.0, 1.0, (count, 4)), 2) * [1.0, 1.0, 0.3, 0.3]
    costs[step == 0, 1] = 0.0
    final_costs = np.zeros((states, 4))
    final_costs[:, 0] = np.where((frame == frames) & (random.random(states) < 0.7), random.random(states), np.inf)
    final_costs[-1, :] = [0.5, 0.0, 0.25, 0.0]
    pieces = Pieces(
        sources=sources,
        nextstates=targets,
        words=np.where(random.random(count) < 0.5, random.integers(1, words + 1, count), 0),
        label_begin=np.concatenate([[0], np.cumsum(step)]),
        labels=random.integers(1, 5, int(step.sum())),
        costs=costs,
        final_costs=final_costs,
        frames=frame + 7,
    )
    lattice = assemble(pieces, 0, scale, ("<eps>", *(f"w{i}" for i in range(1, words + 1))), labels_of(5))
    lattice.check()
    return lattice


def labels_of(labels: int) -> LabelTable:
    """Return a table where label 1 is the blank, even labels begin a word, and odd ones repeat a phone."""
    number = np.arange(labels)
    return LabelTable(
        score_column=np.maximum(number - 1, 0).astype(np.int32),
        label_phone=(number // 2).astype(np.int32),
        label_is_self_loop=(number % 2 == 1) & (number > 1),
        label_starts_word=(number % 2 == 0) & (number > 0),
    )


def prefix_tree(lattice: Lattice) -> Lattice:
    """Return the determinized twin of ``lattice`` as a tree: a state for every prefix of a word sequence, no labels."""
    number: dict[tuple[int, ...], int] = {(): 0}
    arcs: list[tuple[int, int, int]] = []
    finals = {}
    for words, path in best_by_words(lattice).items():
        for length in range(1, len(words) + 1):
            if words[:length] not in number:
                number[words[:length]] = len(number)
                arcs.append((number[words[: length - 1]], number[words[:length]], words[length - 1]))
        finals[number[words]] = path.total
    final_costs = np.zeros((len(number), 4))
    final_costs[:, 0] = [finals.get(state, np.inf) for state in range(len(number))]
    rows = np.array(arcs, np.int64).reshape(-1, 3)
    pieces = Pieces(
        sources=rows[:, 0],
        nextstates=rows[:, 1],
        words=rows[:, 2],
        label_begin=np.zeros(len(rows) + 1, np.int64),
        labels=np.zeros(0, np.int32),
        costs=np.zeros((len(rows), 4)),
        final_costs=final_costs,
    )
    return assemble(pieces, 0, 1.0, lattice.words_table)
