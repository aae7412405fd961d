"""Slow twins of the beam search: every path of a small graph, in plain loops over dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from harken.decoder.fst.transducer import Fst
from harken.decoder.graph.search_graph import Graph


@dataclass(frozen=True)
class Path:
    """The best alignment of a word sequence: cost, and the input label of each frame."""

    cost: float
    labels: tuple[int, ...]
    graph_cost: float
    acoustic_cost: float


Table = dict[int, dict[tuple[int, ...], Path]]


def _better(table: Table, state: int, words: tuple[int, ...], path: Path) -> bool:
    known = table.setdefault(state, {})
    if words in known and known[words].cost <= path.cost:
        return False
    known[words] = path
    return True


def _close(graph: Graph, table: Table) -> None:
    fst = graph.fst
    changed = True
    while changed:
        changed = False
        for state in list(table):
            for arc in range(fst.epsilon_begin[state], fst.arc_begin[state + 1]):
                weight, olabel = float(fst.weights[arc]), int(fst.olabels[arc])
                for words, path in list(table[state].items()):
                    longer = (*words, olabel) if olabel else words
                    step = Path(path.cost + weight, path.labels, path.graph_cost + weight, path.acoustic_cost)
                    changed |= _better(table, int(fst.nextstates[arc]), longer, step)


def all_sequences(graph: Graph, scores: Any, scale: float) -> tuple[list[tuple[tuple[str, ...], Path]], bool]:
    """Return every word sequence that the graph can read in these scores, best first, and whether it ends finally."""
    fst = graph.fst
    table: Table = {fst.start: {(): Path(0.0, (), 0.0, 0.0)}}
    _close(graph, table)
    for row in np.asarray(scores, np.float32):
        following: Table = {}
        for state, sequences in table.items():
            for arc in range(fst.arc_begin[state], fst.epsilon_begin[state]):
                label, olabel, weight = int(fst.ilabels[arc]), int(fst.olabels[arc]), float(fst.weights[arc])
                acoustic = -float(row[graph.score_column[label]])
                if acoustic == np.inf:
                    continue
                for words, path in sequences.items():
                    longer = (*words, olabel) if olabel else words
                    step = Path(
                        path.cost + weight + scale * acoustic,
                        (*path.labels, label),
                        path.graph_cost + weight,
                        path.acoustic_cost + acoustic,
                    )
                    _better(following, int(fst.nextstates[arc]), longer, step)
        table = following
        _close(graph, table)
    final: dict[tuple[int, ...], Path] = {}
    reached = any(np.isfinite(fst.final_weights[state]) for state, sequences in table.items() if sequences)
    for state, sequences in table.items():
        ending = float(fst.final_weights[state]) if reached else 0.0
        for words, path in sequences.items():
            ended = Path(path.cost + ending, path.labels, path.graph_cost + ending, path.acoustic_cost)
            if ended.cost < np.inf and (words not in final or ended.cost < final[words].cost):
                final[words] = ended
    ranked = sorted(final.items(), key=lambda item: item[1].cost)
    return [(tuple(graph.words[word] for word in words), path) for words, path in ranked], reached


def word_times(graph: Graph, labels: tuple[int, ...], words: int) -> list[tuple[int, int]]:
    """Return first frame and end of each word: from a label that starts a word to its last label that is not blank."""
    times: list[tuple[int, int]] = []
    for frame, label in enumerate(labels):
        if graph.label_starts_word[label]:
            times.append((frame, frame + 1))
        elif times and graph.label_phone[label] != 0:
            times[-1] = (times[-1][0], frame + 1)
    return times[:words]


def random_graph(seed: int, states: int, labels: int, words: int, arcs: int, finals: bool = True) -> Graph:
    """Make a graph with random arcs; epsilon arcs lead to higher states, so that there is no epsilon cycle."""
    random = np.random.default_rng(seed)
    sources = random.integers(0, states, arcs)
    targets = random.integers(0, states, arcs)
    ilabels = random.integers(0, labels, arcs)
    # A ring over all states keeps the search alive.
    sources = np.concatenate([sources, np.arange(states)])
    targets = np.concatenate([targets, (np.arange(states) + 1) % states])
    ilabels = np.concatenate([ilabels, random.integers(1, labels, states)])
    low, high = np.minimum(sources, targets), np.maximum(sources, targets)
    epsilon = (ilabels == 0) & (low < high)
    sources, targets = np.where(epsilon, low, sources), np.where(epsilon, high, targets)
    ilabels = np.where((ilabels == 0) & ~epsilon, 1, ilabels)
    olabels = np.where(random.random(len(sources)) < 0.4, random.integers(1, words, len(sources)), 0)
    final = np.where(random.random(states) < 0.6, random.random(states) * 3, np.inf)
    order = random.permutation(states)
    fst = Fst.from_arcs(
        int(order[0]),
        order[sources],
        ilabels,
        olabels,
        random.normal(1.0, 1.0, len(sources)),
        order[targets],
        final if finals else np.full(states, np.inf),
    ).in_search_order()
    phones = np.arange(labels)
    return Graph(
        fst=fst,
        words=("<eps>", *(f"w{i}" for i in range(1, words))),
        score_column=np.maximum(phones - 1, 0).astype(np.int32),
        label_phone=np.maximum(phones - 1, 0).astype(np.int32),
        label_is_self_loop=np.zeros(labels, np.bool_),
        label_starts_word=(phones % 2 == 0) & (phones > 0),
    )
