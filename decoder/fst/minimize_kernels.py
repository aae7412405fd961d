"""Compiled kernels of minimization: partition refinement, in O(arcs log arcs) on deterministic machines.

The algorithm is that of Valmari, "Fast brief practical DFA minimization" (2012): states fall into blocks, arcs into
cords (one label, one block that they lead to), and whatever splits one of them splits the other in turn, the smaller
part each time. On other machines both parts are looked at, which finds the coarsest bisimulation.

Digests of what states do within a few arcs, which differ only where the states do, make most blocks beforehand.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, inner_kernel, kernel
from .string_table import Strings
from .strings_kernels import mixed, paired


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


@inlined_kernel
def mark(partition: Partition, element: int) -> None:
    """Mark an element that is not marked yet, or do nothing."""
    number = partition.set_of[element]
    at = partition.place[element]
    marked = partition.marked[number]
    to = partition.first[number] + marked
    if at < to:
        return
    other = partition.elements[to]
    partition.elements[at] = other
    partition.place[other] = at
    partition.elements[to] = element
    partition.place[element] = to
    partition.marked[number] = marked + 1
    if marked == 0:
        touched = partition.numbers[1]
        partition.touched[touched] = number
        partition.numbers[1] = touched + 1


@inlined_kernel
def split(partition: Partition, queued: NDArray[np.bool_], again: NDArray[np.int32], waiting: int) -> int:
    """Split each set with marks in two and take the marks off; the smaller part becomes a new set.

    Where ``queued`` has entries, the sets that keep their numbers join the ``waiting`` ones in ``again``; return how
    many wait then.
    """
    left = partition.numbers[1]
    partition.numbers[1] = 0
    while left > 0:
        left -= 1
        number = partition.touched[left]
        first, past, marked = partition.first[number], partition.past[number], partition.marked[number]
        partition.marked[number] = 0
        middle = first + marked
        if middle == past:
            continue
        fresh = partition.numbers[0]
        partition.numbers[0] = fresh + 1
        if marked <= past - middle:
            partition.first[number] = middle
            past = middle
        else:
            partition.past[number] = middle
            first = middle
        partition.first[fresh] = first
        partition.past[fresh] = past
        for at in range(first, past):
            element = partition.elements[at]
            partition.set_of[element] = fresh
        if len(queued) == 0:
            continue
        if not queued[number]:
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


@inner_kernel
def numbered(digests: NDArray[np.int64], slots: NDArray[np.int32], blocks: NDArray[np.int32]) -> int:
    """Number the pairs of digest and block, from 0 on in the order of their first places; return how many there are.

    The numbers take the places of the ``blocks``: those that differ stay apart even if their digests are equal.
    """
    before = blocks.copy()
    firsts = np.empty(len(digests), dtype=np.int32)
    mask = len(slots) - 1
    slots[:] = -1
    count = 0
    for state in range(len(digests)):
        digest = digests[state]
        slot = digest & mask
        while slots[slot] >= 0:
            first = firsts[slots[slot]]
            if digests[first] == digest and before[first] == before[state]:
                break
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = count
            firsts[count] = state
            count += 1
        blocks[state] = slots[slot]
    return count


@kernel
def digest_blocks(
    begin: NDArray[np.int64],
    nextstates: NDArray[np.int32],
    classes: NDArray[np.int32],
    blocks: NDArray[np.int32],
    count: int,
    rounds: int,
) -> tuple[int, bool]:
    """Refine ``blocks``, ``count`` of them, in place, by an arc of foresight a round, on a deterministic machine.

    Return how many there are then, and whether a round more would change nothing, but for digests that are equal by
    chance.
    """
    states = len(blocks)
    digests = np.empty(states, dtype=np.int64)
    size = 2
    while size < 2 * states:
        size *= 2
    slots = np.empty(size, dtype=np.int32)
    for _ in range(rounds):
        for state in range(states):
            high, low = 0, 0
            for arc in range(begin[state], begin[state + 1]):
                label, target = classes[arc], blocks[nextstates[arc]]
                high += mixed(mixed(0x1B873593, label), target)
                low += mixed(mixed(0x2545F491, target), label)
            high = mixed(high & 0x7FFFFFFF, blocks[state])
            low = mixed(low & 0x7FFFFFFF, blocks[state])
            digests[state] = (np.int64(high) << 31) | low
        found = numbered(digests, slots, blocks)
        if found == count:
            return count, True
        count = found
    return count, False


@kernel
def is_stable(
    begin: NDArray[np.int64],
    nextstates: NDArray[np.int32],
    classes: NDArray[np.int32],
    count: int,
    blocks: NDArray[np.int32],
    number: int,
) -> bool:
    """Return whether the states of each of ``number`` blocks have arcs of the same classes, of ``count``, to the same.

    The machine is deterministic. One state a block speaks for it, and the states of a block are compared with that.
    """
    speaker = np.full(number, -1, dtype=np.int32)
    leads_to = np.empty(count, dtype=np.int32)
    marked_by = np.full(count, -1, dtype=np.int32)
    order = new_partition(blocks, number).elements
    for at in range(len(order)):
        state = order[at]
        block = blocks[state]
        first = speaker[block]
        if first < 0:
            speaker[block] = state
            for arc in range(begin[state], begin[state + 1]):
                label = classes[arc]
                marked_by[label] = block
                leads_to[label] = blocks[nextstates[arc]]
            continue
        if begin[first + 1] - begin[first] != begin[state + 1] - begin[state]:
            return False
        for arc in range(begin[state], begin[state + 1]):
            label = classes[arc]
            if marked_by[label] != block:
                return False
            if leads_to[label] != blocks[nextstates[arc]]:
                return False
    return True


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
    while True:
        cords = cord.numbers[0]
        if done_cords == cords and waiting == 0:
            break
        if done_cords < cords:
            number = done_cords
            done_cords += 1
        else:
            waiting -= 1
            number = again[waiting]
            queued[number] = False
        for at in range(cord.first[number], cord.past[number]):
            arc = cord.elements[at]
            mark(block, sources[arc])
        split(block, queued[:0], again, 0)
        while done_blocks < block.numbers[0]:
            for at in range(block.first[done_blocks], block.past[done_blocks]):
                state = block.elements[at]
                for at_arc in range(begin[state], begin[state + 1]):
                    mark(cord, incoming[at_arc])
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
