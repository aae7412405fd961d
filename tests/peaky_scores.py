"""Scores such as a CTC network gives, for a graph without a network: a random walk's labels among noise."""

from typing import Any

import numpy as np
from harken.decoder.graph.search_graph import Graph


def peaky_scores(graph: Graph, rows: int, seed: int, height: float = 6.0, noise: float = 2.0) -> Any:
    """Return float32 (rows, columns): the labels of a walk along likely arcs stand ``height`` above normal noise."""
    random = np.random.default_rng(seed)
    fst, state = graph.fst, graph.fst.start
    labels: list[int] = []
    while len(labels) < rows:
        arcs = np.arange(fst.arc_begin[state], fst.arc_begin[state + 1])
        if len(arcs) == 0:
            state = fst.start
            continue
        chances = np.exp(-(fst.weights[arcs] - fst.weights[arcs].min()).astype(np.float64))
        arc = int(random.choice(arcs, p=chances / chances.sum()))
        if fst.ilabels[arc]:
            labels.append(int(fst.ilabels[arc]))
        state = int(fst.nextstates[arc])
    scores = random.normal(0.0, noise, (rows, graph.columns))
    scores[np.arange(rows), graph.score_column[labels]] += height
    scores[:, 0] += 1.0
    scores -= scores.max(axis=1, keepdims=True)
    return (scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))).astype(np.float32)
