"""The store of nodes and spans: ways through it, and clearing it of what is dead."""

import numpy as np
from numpy.typing import NDArray

from ...jit import kernel
from .prefix_arrays import (
    ENTRIES,
    GROUPS,
    NODE,
    NODES,
    SIDE,
    SPAN,
    SPANS,
    Beam,
    Store,
)


@kernel
def trace(
    nodes: NDArray[np.int64], parents: NDArray[np.int32], begin: NDArray[np.int64], out: NDArray[np.int32]
) -> int:
    """Write the ways from the root to each of ``nodes``, at ``out[begin[i]:begin[i + 1]]``; return their whole length.

    Where ``out`` is empty only ``begin`` is written.
    """
    begin[0] = 0
    for i in range(len(nodes)):
        length, node = np.int64(0), nodes[i]
        while node >= 0:
            length += 1
            node = np.int64(parents[node])
        begin[i + 1] = begin[i] + length
    if len(out):
        for i in range(len(nodes)):
            place, node = begin[i + 1], nodes[i]
            while node >= 0:
                place -= 1
                out[place] = node
                node = np.int64(parents[node])
    return int(begin[len(nodes)])


@kernel
def compact(beam: Beam, store: Store) -> None:
    """Forget the nodes and spans that nothing alive goes back to, and close the gaps."""
    side = beam.position[SIDE]
    for parents, count, rows, column in (
        (store.parents, NODES, beam.group_numbers[side], NODE),
        (store.earlier, SPANS, beam.entry_numbers[side], SPAN),
    ):
        alive = beam.position[GROUPS] if count == NODES else beam.position[ENTRIES]
        moved = np.full(beam.position[count], -1, np.int64)
        for row in range(alive):
            here = rows[row, column]
            while here >= 0 and moved[here] < 0:
                moved[here] = 0
                here = np.int64(parents[here])
        left = np.int64(0)
        for old in range(beam.position[count]):
            if moved[old] < 0:
                continue
            moved[old] = left
            parent = np.int64(parents[old])
            parents[left] = moved[parent] if parent >= 0 else -1
            if count == NODES:
                store.symbols[left] = store.symbols[old]
            else:
                store.starts[left], store.ends[left] = store.starts[old], store.ends[old]
            left += 1
        beam.position[count] = left
        for row in range(alive):
            if rows[row, column] >= 0:
                rows[row, column] = moved[rows[row, column]]
