"""Lattices as Kaldi writes them in text: state-level ones, and compact ones with the labels in the weights.

An archive has a line with the key, the arcs and final states of a lattice, a line each, and an empty line, then the
next lattice. Columns are separated by a tab; a weight of nothing is left out.

* state level: ``from to ilabel word graph,acoustic``; ``state graph,acoustic``;
* compact: ``from to word graph,acoustic,1_2_3``; ``state graph,acoustic,1_2_3``, what follows the second comma being
  the input labels.

The first line's first state is the start. Acoustic costs are unscaled. Kaldi has two kinds of cost: phrase and language
model costs go to the graph's when written.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionsError
from ...tensorfile import write_aside
from .lattice import Lattice


def lattice_text(lattice: Lattice, key: str, compact: bool = True, symbols: bool = False, digits: int = 9) -> str:
    """Return ``lattice`` as an entry ``key`` of a text archive, compact or at the level of states.

    With ``symbols`` words are written as such, else as numbers. Kaldi writes 7 digits; 9 keep float32 costs exactly. At
    the level of states, an arc with several labels becomes a chain of arcs. Raises OptionsError where the key is empty
    or has white space.
    """
    if not key or key.split() != [key]:
        raise OptionsError(f"lattice text: the key {key!r} is empty or has white space; give each lattice a name.")
    name: Callable[[int], str] = lattice.words_table.__getitem__ if symbols else str
    rows = _compact_rows(lattice, name, digits) if compact else _state_rows(lattice, name, digits)
    return f"{key} \n" + "".join("\t".join(row) + "\n" for row in rows) + "\n"


def write_kaldi_text(
    path: str | os.PathLike[str],
    lattices: Mapping[str, Lattice],
    compact: bool = True,
    symbols: bool = False,
    digits: int = 9,
) -> None:
    """Write a text archive of ``lattices`` by key; options and errors are those of ``lattice_text``."""
    text = "".join(lattice_text(lattice, key, compact, symbols, digits) for key, lattice in lattices.items())
    write_aside(path, text.encode("utf8"))


def _weight(costs: Sequence[float], digits: int) -> str:
    return ",".join(f"{cost:.{digits}g}" for cost in costs)


def _two_costs(costs: NDArray[Any]) -> tuple[list[float], list[float]]:
    return (costs[:, 0] + costs[:, 2] + costs[:, 3]).tolist(), costs[:, 1].tolist()


def _state_rows(lattice: Lattice, name: Callable[[int], str], digits: int) -> Iterator[list[str]]:
    graph, acoustic = _two_costs(lattice.costs)
    final_graph, final_acoustic = _two_costs(lattice.final_costs)
    extra = lattice.states
    for state in range(lattice.states):
        for arc in range(int(lattice.arc_begin[state]), int(lattice.arc_begin[state + 1])):
            labels = lattice.labels[lattice.label_begin[arc] : lattice.label_begin[arc + 1]].tolist() or [0]
            word, weight = name(int(lattice.words[arc])), (graph[arc], acoustic[arc])
            source, target = state, int(lattice.nextstates[arc])
            for place, label in enumerate(labels):
                is_last = place + 1 == len(labels)
                to = target if is_last else extra
                row = [str(source), str(to), str(label), word if place == 0 else name(0)]
                yield row + ([_weight(weight, digits)] if place == 0 and weight != (0.0, 0.0) else [])
                source, extra = to, extra if is_last else extra + 1
        if math.isfinite(final_graph[state]):
            weight = (final_graph[state], final_acoustic[state])
            yield [str(state)] + ([_weight(weight, digits)] if weight != (0.0, 0.0) else [])


def _compact_rows(lattice: Lattice, name: Callable[[int], str], digits: int) -> Iterator[list[str]]:
    graph, acoustic = _two_costs(lattice.costs)
    final_graph, final_acoustic = _two_costs(lattice.final_costs)
    into_end, end = _final_arcs(lattice)
    for state in range(lattice.states):
        final: tuple[tuple[float, float], str] | None = None
        if math.isfinite(final_graph[state]):
            final = (final_graph[state], final_acoustic[state]), ""
        for arc in range(int(lattice.arc_begin[state]), int(lattice.arc_begin[state + 1])):
            labels = "_".join(
                map(str, lattice.labels[lattice.label_begin[arc] : lattice.label_begin[arc + 1]].tolist())
            )
            weight = (graph[arc], acoustic[arc])
            if arc in into_end:
                final = weight, labels
                continue
            row = [str(state), str(lattice.nextstates[arc]), name(int(lattice.words[arc]))]
            yield row + ([f"{_weight(weight, digits)},{labels}"] if weight != (0.0, 0.0) or labels else [])
        if final is not None and state != end:
            weight, labels = final
            yield [str(state)] + ([f"{_weight(weight, digits)},{labels}"] if weight != (0.0, 0.0) or labels else [])


def _final_arcs(lattice: Lattice) -> tuple[frozenset[int], int]:
    """Return the arcs that are but the labels of an ending, and the state they lead to, -1 where there are none.

    They have no word and lead to an end that costs nothing and goes on nowhere, from states that are not final, one
    from each.
    """
    ends = (np.diff(lattice.arc_begin) == 0) & (lattice.final_costs == 0).all(axis=1)
    for end in np.flatnonzero(ends)[::-1].tolist():
        arcs = np.flatnonzero(lattice.nextstates == end)
        sources = lattice.sources()[arcs]
        simple = len(arcs) > 0 and not lattice.words[arcs].any() and len(np.unique(sources)) == len(sources)
        if simple and not np.isfinite(lattice.final_graph_costs[sources]).any():
            return frozenset(arcs.tolist()), end
    return frozenset(), -1
