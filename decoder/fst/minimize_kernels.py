"""Compiled kernels of minimization: partition refinement, in O(arcs log arcs) on deterministic machines.

The algorithm is that of Valmari, "Fast brief practical DFA minimization" (2012): states fall into blocks, arcs into
cords (one label, one block that they lead to), and whatever splits one of them splits the other in turn, the smaller
part each time. On other machines both parts are looked at, which finds the coarsest bisimulation.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inner_kernel, kernel
from .strings_kernels import Strings, paired


class Partition(NamedTuple):
    """Sets of elements: those of set ``s`` are ``elements[first[s]:past[s]]``, the ``marked[s]`` first ones marked.

    ``place`` finds an element, ``set_of`` its set; ``touched`` lists the sets with marks. ``numbers`` holds how many
    sets there are, and how many are touched.
    """

    elements: NDArray[np.int32]
    place: NDArray[np.int32]
    set_of: NDArray[np.int32]
    first: NDArray[np.int32]
    past: NDArray[np.int32]
    marked: NDArray[np.int32]
    touched: NDArray[np.int32]
    numbers: NDArray[np.int64]


@inner_kernel
def new_partition(set_of: NDArray[np.int32], sets: int) -> Partition:
    """Return the partition with ``sets`` sets in which ``set_of`` tells each element's; it is kept and changed."""
    count = len(set_of)
    room = max(count, sets)
    first = np.zeros(room + 1, dtype=np.int32)
    past = np.zeros(room + 1, dtype=np.int32)
    elements = np.empty(count, dtype=np.int32)
    place = np.empty(count, dtype=np.int32)
    for element in range(count):
        past[set_of[element]] += 1
    for number in range(sets):
        first[number + 1] = first[number] + past[number]
        past[number] = first[number]
    for element in range(count):
        at = past[set_of[element]]
        past[set_of[element]] += 1
        elements[at] = element
        place[element] = at
    marked = np.zeros(room + 1, dtype=np.int32)
    touched = np.empty(room + 1, dtype=np.int32)
    numbers = np.zeros(2, dtype=np.int64)
    numbers[0] = sets
    return Partition(elements, place, set_of, first, past, marked, touched, numbers)


@inner_kernel
def mark(partition: Partition, element: int) -> None:
    """Mark an element that is not marked yet, or do nothing."""
    number = partition.set_of[element]
    at = partition.place[element]
    to = partition.first[number] + partition.marked[number]
    if at < to:
        return
    other = partition.elements[to]
    partition.elements[at] = other
    partition.place[other] = at
    partition.elements[to] = element
    partition.place[element] = to
    if partition.marked[number] == 0:
        partition.touched[partition.numbers[1]] = number
        partition.numbers[1] += 1
    partition.marked[number] += 1


@inner_kernel
def split(partition: Partition, queued: NDArray[np.bool_], again: NDArray[np.int32], waiting: int) -> int:
    """Split each set with marks in two and take the marks off; the smaller part becomes a new set.

    Where ``queued`` has entries, the sets that keep their numbers join the ``waiting`` ones in ``again``; return how
    many wait then.
    """
    while partition.numbers[1] > 0:
        partition.numbers[1] -= 1
        number = partition.touched[partition.numbers[1]]
        middle = partition.first[number] + partition.marked[number]
        fresh = int(partition.numbers[0])
        smaller_first = partition.marked[number] <= partition.past[number] - middle
        partition.marked[number] = 0
        if middle == partition.past[number]:
            continue
        if smaller_first:
            partition.first[fresh] = partition.first[number]
            partition.past[fresh] = middle
            partition.first[number] = middle
        else:
            partition.first[fresh] = middle
            partition.past[fresh] = partition.past[number]
            partition.past[number] = middle
        for at in range(partition.first[fresh], partition.past[fresh]):
            partition.set_of[partition.elements[at]] = fresh
        partition.marked[fresh] = 0
        partition.numbers[0] += 1
        if len(queued) > 0 and not queued[number]:
            queued[number] = True
            again[waiting] = number
            waiting += 1
    return waiting


@inner_kernel
def arcs_by_target(nextstates: NDArray[np.int32], states: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where each state's incoming arcs begin, and these arcs."""
    begin = np.zeros(states + 1, dtype=np.int64)
    for target in nextstates:
        begin[target + 1] += 1
    for state in range(states):
        begin[state + 1] += begin[state]
    place = begin[:-1].copy()
    arcs = np.empty(len(nextstates), dtype=np.int32)
    for arc in range(len(nextstates)):
        target = nextstates[arc]
        arcs[place[target]] = arc
        place[target] += 1
    return begin, arcs


@kernel
def refine(
    sources: NDArray[np.int32],
    nextstates: NDArray[np.int32],
    arc_classes: NDArray[np.int32],
    classes: int,
    state_classes: NDArray[np.int32],
    blocks: int,
    deterministic: bool,
) -> int:
    """Refine ``state_classes``, ``blocks`` of them, in place until like states have like arcs; return how many.

    Arcs are alike that have the same of ``classes`` classes and lead to like states. ``arc_classes`` is used up.
    """
    states, arcs = len(state_classes), len(sources)
    begin, incoming = arcs_by_target(nextstates, states)
    block = new_partition(state_classes, blocks)
    cord = new_partition(arc_classes, classes)
    queued = np.zeros(0 if deterministic else max(arcs, classes) + 1, dtype=np.bool_)
    again = np.empty(len(queued), dtype=np.int32)
    waiting = 0
    done_blocks, done_cords = 1, 0
    while done_cords < cord.numbers[0] or waiting > 0:
        if done_cords < cord.numbers[0]:
            number = done_cords
            done_cords += 1
        else:
            waiting -= 1
            number = again[waiting]
            queued[number] = False
        for at in range(cord.first[number], cord.past[number]):
            mark(block, sources[cord.elements[at]])
        split(block, queued[:0], again, 0)
        while done_blocks < block.numbers[0]:
            for at in range(block.first[done_blocks], block.past[done_blocks]):
                state = block.elements[at]
                for position in range(begin[state], begin[state + 1]):
                    mark(cord, incoming[position])
            waiting = split(cord, queued, again, waiting)
            done_blocks += 1
    return int(block.numbers[0])


@kernel
def arc_classes(
    ilabels: NDArray[np.int32], outputs: NDArray[np.int32], weights: NDArray[np.int32], pairs: Strings, triples: Strings
) -> NDArray[np.int32]:
    """Return the class of each arc, from 0 on: one for each triple of input label, output and rounded weight.

    ``triples.used[0] - 1`` is the number of classes; both tables have room for one entry an arc.
    """
    classes = np.empty(len(ilabels), dtype=np.int32)
    for arc in range(len(ilabels)):
        pair = paired(pairs, ilabels[arc], outputs[arc])
        classes[arc] = paired(triples, pair, weights[arc]) - 1
    return classes


@kernel
def is_deterministic(begin: NDArray[np.int64], classes: NDArray[np.int32], count: int) -> bool:
    """Return whether no state has two arcs of one of ``count`` classes."""
    last = np.full(count, -1, dtype=np.int32)
    for state in range(len(begin) - 1):
        for arc in range(begin[state], begin[state + 1]):
            if last[classes[arc]] == state:
                return False
            last[classes[arc]] = state
    return True
